"""Windows process events (Sysmon 1, flat as collectors print them) with fresh ids, users, paths and command lines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import orjson

PROGRAMS = (
    ("C:\\Windows\\System32\\svchost.exe", "-k netsvcs -p -s {word}", "C:\\Windows\\System32\\services.exe"),
    ("C:\\Windows\\System32\\conhost.exe", "0xffffffff -ForceV1", "C:\\Windows\\System32\\cmd.exe"),
    ("C:\\Windows\\System32\\cmd.exe", '/d /c "npm run {word} --id={hex}"', "C:\\Program Files\\nodejs\\node.exe"),
    ("C:\\Windows\\System32\\taskhostw.exe", "{word}", "C:\\Windows\\System32\\svchost.exe"),
    ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
     "-File C:\\Scripts\\{word}\\report-{hex}.ps1 -Month {number}", "C:\\Windows\\System32\\svchost.exe"),
    ("C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
     "--type=renderer --lang=zh-CN --device-scale-factor=1 --renderer-client-id={number} --launch-time-ticks={number} "
     "--field-trial-handle={number},i,{number},262144 --variations-seed-version={hex}",
     "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"),
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
     '/n "C:\\Users\\{word}\\Documents\\{word}\\notice-{number}.docx" /o ""', "C:\\Windows\\explorer.exe"),
    ("C:\\Windows\\System32\\backgroundTaskHost.exe", "-ServerName:App.AppX{hex}.mca", "C:\\Windows\\System32\\svchost.exe"),
    ("C:\\Program Files\\Git\\cmd\\git.exe", "fetch origin {word}/{hex} --depth {number}", "C:\\Program Files\\JetBrains\\idea64.exe"),
    ("C:\\Users\\{word}\\AppData\\Local\\Programs\\client\\client.exe", "--session {hex} --port {number}", "C:\\Windows\\explorer.exe"),
    ("C:\\Program Files\\Java\\jdk-21\\bin\\java.exe",
     "-Xmx2g -cp D:\\apps\\{word}\\lib\\* -Dnode={hex} com.example.{word}.Main --batch {number}", "C:\\Windows\\System32\\cmd.exe"),
    ("C:\\Windows\\System32\\rundll32.exe", "C:\\Windows\\System32\\{word}.dll,Start {number}", "C:\\Windows\\explorer.exe"),
)  # fmt: skip
WORDS = ("alder", "birch", "cedar", "elm", "fir", "hazel", "juniper", "larch", "maple", "oak", "pine", "willow", "yew")


def event(chance: random.Random, number: int) -> dict[str, object]:
    """One start of a process."""

    def filled(text: str) -> str:
        word = f"{chance.choice(WORDS)}{chance.randrange(500)}"
        return text.replace("{word}", word).replace("{hex}", f"{chance.getrandbits(48):x}").replace(
            "{number}", str(chance.randrange(10**7))
        )  # fmt: skip

    image, arguments, parent = chance.choice(PROGRAMS)
    image = filled(image)
    return {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "EventRecordID": number,
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": f"ws-{chance.randrange(3000):04}.city.example",
        "UtcTime": f"2026-03-02 01:{number // 60 % 60:02}:{number % 60:02}.{chance.randrange(1000):03}",
        "TimeCreated": f"2026-03-02T01:{number // 60 % 60:02}:{number % 60:02}.{chance.randrange(1000):03}Z",
        "ProcessGuid": f"{{{chance.getrandbits(128):032x}}}",
        "ProcessId": chance.randrange(4, 60_000),
        "Image": image,
        "FileVersion": f"10.0.{chance.randrange(30_000)}.1",
        "Description": "-",
        "Product": "Microsoft Windows Operating System",
        "Company": "Microsoft Corporation",
        "OriginalFileName": image.rsplit("\\", 1)[-1],
        "CommandLine": f'"{image}" {filled(arguments)}',
        "CurrentDirectory": filled("C:\\Users\\{word}\\"),
        "User": filled("CITY\\{word}"),
        "LogonGuid": f"{{{chance.getrandbits(128):032x}}}",
        "LogonId": f"0x{chance.getrandbits(24):x}",
        "TerminalSessionId": 1,
        "IntegrityLevel": chance.choice(("Medium", "System", "High")),
        "Hashes": f"SHA256={chance.getrandbits(256):064X},IMPHASH={chance.getrandbits(128):032X}",
        "ParentProcessGuid": f"{{{chance.getrandbits(128):032x}}}",
        "ParentProcessId": chance.randrange(4, 60_000),
        "ParentImage": parent,
        "ParentCommandLine": f'"{parent}" {filled("--token {hex}")}',
        "ParentUser": "NT AUTHORITY\\SYSTEM",
    }


def lines(count: int, seed: int = 1) -> Iterator[bytes]:
    """So many NDJSON lines."""
    chance = random.Random(seed)
    for number in range(count):
        yield orjson.dumps(event(chance, number), option=orjson.OPT_APPEND_NEWLINE)


def write(path: Path, count: int) -> Path:
    """A file of so many lines."""
    with path.open("wb") as stream:
        stream.writelines(lines(count))
    return path
