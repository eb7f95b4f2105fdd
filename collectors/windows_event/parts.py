"""Processes, users, files and ends of a Windows event as OCSF objects. Names of fields are the event's own."""

from __future__ import annotations

from typing import Any

from collectors.values import address, first_text, full, port, some, text
from collectors.windows_event.shapes import Told

_ALGORITHMS = {"MD5": 1, "SHA1": 2, "SHA256": 3, "IMPHASH": 18}
_ALGORITHM_NAMES = {1: "MD5", 2: "SHA-1", 3: "SHA-256", 18: "Imphash"}
_INTEGRITY = {"untrusted": 1, "low": 2, "medium": 3, "high": 4, "system": 5, "protected": 6}
_LABELS = {"S-1-16-0": 1, "S-1-16-4096": 2, "S-1-16-8192": 3, "S-1-16-8448": 3, "S-1-16-12288": 4, "S-1-16-16384": 5}
_NOBODY = frozenset({"", "-", "S-1-0-0"})
REGULAR_FILE, NAMED_PIPE = 1, 6
_MAX_HASHES = 8


def said(value: Any) -> str | None:
    """Text that says something; Windows writes `-` for nothing."""
    found = text(value)
    return None if found in _NOBODY else found


def number(value: Any) -> int | None:
    """A whole number, also in hexadecimal as Windows writes process ids."""
    found = text(value)
    if not found or len(found) > 18 or not found.isascii():
        return None
    try:
        return int(found, 16 if found[:2].lower() == "0x" else 10)
    except ValueError:
        return None


def process_id(value: Any) -> int | None:
    """A number that can be a process id."""
    found = number(value)
    return found if found is not None and 0 <= found < 1 << 31 else None


def device(told: Told) -> dict[str, Any]:
    """The machine that wrote the event."""
    found = address(told.computer)
    if found:
        return {"ip": found, "type_id": 0}
    return {"hostname": told.computer or "unknown", "type_id": 0}


def file_at(path: Any, type_id: int = REGULAR_FILE, **more: Any) -> dict[str, Any] | None:
    """A file by its path."""
    found = said(path)
    if not found:
        return None
    name = found.replace("\\", "/").rstrip("/").rpartition("/")[2] or found
    return full({"name": name, "path": found, "type_id": type_id, **more}.items())


def hashes(value: Any) -> list[dict[str, Any]]:
    """`MD5=…,SHA256=…` as fingerprints."""
    found = []
    for part in (text(value) or "")[:2048].split(",")[:_MAX_HASHES]:
        name, _, digits = part.strip().partition("=")
        algorithm = _ALGORITHMS.get(name.upper())
        if algorithm and digits.isalnum() and digits.isascii():
            found.append({"algorithm_id": algorithm, "algorithm": _ALGORITHM_NAMES[algorithm], "value": digits})
    return found


def account(written: Any, sid: Any = None, domain: Any = None) -> dict[str, Any] | None:
    """A user from `DOMAIN\\name` or from name and domain."""
    named = said(written)
    if named and "\\" in named:
        front, _, named = named.rpartition("\\")
        domain = front
    known = some(name=named or None, domain=said(domain), uid=said(sid))
    return known if known and ("name" in known or "uid" in known) else None


def subject(data: dict[str, Any], sid: str | None = None) -> dict[str, Any] | None:
    """Who did it: the subject of a security event, the user of a process event, else the account of the writer."""
    return (
        account(data.get("SubjectUserName"), data.get("SubjectUserSid"), data.get("SubjectDomainName"))
        or account(first_text(data.get("User"), data.get("SourceUser")))
        or account(data.get("AccountName"), sid, data.get("Domain"))
        or account(None, sid)
    )


def target(data: dict[str, Any]) -> dict[str, Any] | None:
    """Whom it was done to."""
    return account(
        first_text(data.get("TargetUserName"), data.get("TargetAccount")),
        first_text(data.get("TargetUserSid"), data.get("TargetSid")),
        data.get("TargetDomainName"),
    )


def process(image: Any, pid: Any, guid: Any = None, command: Any = None, **more: Any) -> dict[str, Any] | None:
    """A process; None when it has neither number nor id."""
    file = file_at(image, hashes=more.pop("hashes", None))
    known: dict[str, Any] = full(
        {
            "pid": process_id(pid),
            "uid": said(guid),
            "name": file["name"] if file else None,
            "path": file["path"] if file else None,
            "file": file,
            "cmd_line": said(command),
            **more,
        }.items()
    )
    return known if known.get("pid") or "uid" in known or ("pid" in known and file) else None


def launched(data: dict[str, Any]) -> dict[str, Any] | None:
    """The process of an event that is about one, with its parent. Both the monitor's and the audit's names are read."""
    audited = "NewProcessName" in data or "NewProcessId" in data
    parent = process(
        first_text(data.get("ParentImage"), data.get("ParentProcessName")),
        data.get("ProcessId") if audited else data.get("ParentProcessId"),
        data.get("ParentProcessGuid"),
        data.get("ParentCommandLine"),
    )
    return process(
        first_text(data.get("Image"), data.get("NewProcessName"), data.get("ProcessName")),
        data.get("NewProcessId") if audited else data.get("ProcessId"),
        data.get("ProcessGuid"),
        data.get("CommandLine"),
        hashes=hashes(data.get("Hashes")),
        user=account(data.get("User")),
        working_directory=said(data.get("CurrentDirectory")),
        integrity_id=_integrity(data),
        parent_process=parent,
    )


def acting(data: dict[str, Any], sid: str | None) -> dict[str, Any]:
    """The actor: the process and the user, or the operating system where neither is told."""
    source = process(
        first_text(data.get("SourceImage"), data.get("Image"), data.get("ProcessName")),
        first_text(data.get("SourceProcessId"), data.get("ProcessId")),
        first_text(data.get("SourceProcessGuid"), data.get("SourceProcessGUID"), data.get("ProcessGuid")),
    )
    return some(process=source, user=subject(data, sid)) or {"app_name": "Windows"}


def source_end(data: dict[str, Any]) -> dict[str, Any] | None:
    """Where it came from."""
    host = first_text(data.get("SourceIp"), data.get("IpAddress"), data.get("SourceAddress"), data.get("ClientAddress"))
    name = first_text(data.get("SourceHostname"), data.get("WorkstationName"), data.get("Workstation"))
    return end(host, name, first_text(data.get("SourcePort"), data.get("IpPort"), data.get("ClientPort")))


def destination_end(data: dict[str, Any]) -> dict[str, Any] | None:
    """Where it went."""
    host = first_text(data.get("DestinationIp"), data.get("DestAddress"))
    return end(host, data.get("DestinationHostname"), first_text(data.get("DestinationPort"), data.get("DestPort")))


def end(host: Any, name: Any, number_: Any) -> dict[str, Any] | None:
    """One end by address, name and port; None without address and name."""
    found = some(ip=address(host), hostname=said(name))
    if found and (known := port(number_)):
        found["port"] = known
    return found


def _integrity(data: dict[str, Any]) -> int | None:
    label = text(data.get("MandatoryLabel")) or ""
    written = (text(data.get("IntegrityLevel")) or "").lower()
    return _LABELS.get(label) or _LABELS.get(written.upper()) or _INTEGRITY.get(written)
