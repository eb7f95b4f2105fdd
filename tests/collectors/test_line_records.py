"""Lines of the audit log, of flow logs and of devices, part by part."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collectors.auditd.record import read_record
from collectors.catalog import PARSERS
from collectors.device_events import severity_of, written_millis
from collectors.files.reading import Mark, Splitter
from collectors.verbs import CREATE, DELETE, OTHER, READ, UPDATE, deed_of

FRONT = "msg=audit(1767323045.123:7): "
NOON = 1_767_355_200_000
HEADER = b"version srcaddr dstaddr srcport dstport protocol start end action"
ROW = b"5 10.0.0.1 10.0.0.2 1 22 6 1767323000 1767323045 ACCEPT"


def record(line: str) -> dict[str, Any]:
    found = read_record(line)
    assert found is not None
    return {name: value for name, value in found.items() if name not in ("timestamp", "serial")}


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (f'type=EXECVE {FRONT}argc=2 a0="id" a1=2D6E', {"type": "EXECVE", "argc": "2", "a0": "id", "a1": "-n"}),
        (f"type=PROCTITLE {FRONT}proctitle=6C73002D6C", {"type": "PROCTITLE", "proctitle": "ls -l"}),
        (f'node=h type=PATH {FRONT}name="a b" dev=08:01', {"node": "h", "type": "PATH", "name": "a b", "dev": "08:01"}),
        (f"type=PATH {FRONT}name=(null) inode=1", {"type": "PATH", "inode": "1"}),
        (f"type=1327 {FRONT}proctitle=6964", {"type": "PROCTITLE", "proctitle": "id"}),
        (
            f"type=LOGIN {FRONT}pid=1 subj==unconfined res=1",
            {"type": "LOGIN", "pid": "1", "subj": "unconfined", "res": "1"},
        ),
        (f"type=SYSCALL {FRONT}a0=41 a1=42", {"type": "SYSCALL", "a0": "41", "a1": "42"}),
        (f"Jan  2 03:04:05 h audispd: type=CWD {FRONT}cwd=2F74", {"type": "CWD", "cwd": "/t"}),
    ],
)
def test_a_line_of_the_audit_log(line: str, fields: dict[str, str]) -> None:
    assert record(line) == fields


def test_the_name_of_a_system_call_comes_from_the_log_before_the_table() -> None:
    assert record(f"type=SYSCALL {FRONT}arch=c000003e syscall=59")["SYSCALL"] == "execve"
    assert record(f"type=SYSCALL {FRONT}arch=c00000b7 syscall=221\x1dSYSCALL=own")["SYSCALL"] == "own"
    assert "SYSCALL" not in record(f"type=SYSCALL {FRONT}arch=c000003e syscall=99999")


def test_what_a_user_wrote_cannot_change_what_a_record_is() -> None:
    line = f"type=USER_CMD {FRONT}pid=1 msg='cmd={b'x type=ADD_USER serial=9'.hex().upper()} res=success'"
    assert record(line)["type"] == "USER_CMD"
    assert record(line)["cmd"] == "x type=ADD_USER serial=9"


def test_pieces_of_an_argument_are_one() -> None:
    assert record(f'type=EXECVE {FRONT}a0="sh" a1_len=4 a1[0]="ab" a1[1]=6364')["a1"] == "abcd"


@pytest.mark.parametrize("step", [7, 50, 1000])
def test_rows_below_a_header_are_objects(step: int) -> None:
    data = b"\n".join([HEADER, ROW, ROW.replace(b"ACCEPT", b"-"), b"cut off"]) + b"\n"
    splitter = Splitter()
    pieces = [piece for at in range(0, len(data), step) for piece in splitter.feed(data[at : at + step])]
    pieces += splitter.close()
    assert [piece[:1] for piece in pieces] == [b"{", b"{", b"c"]
    assert orjson.loads(pieces[0])["dstport"] == "22"
    assert "action" not in orjson.loads(pieces[1])


def test_reading_goes_on_after_a_header_that_was_read_before() -> None:
    first = Splitter()
    first.feed(HEADER + b"\n" + ROW + b"\n")
    again = Splitter("json", Mark(*first.mark), HEADER + b"\n" + ROW)
    (piece,) = again.feed(ROW + b"\n")
    assert orjson.loads(piece)["srcaddr"] == "10.0.0.1"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Jan 02 2026 12:00:00", NOON),
        ("Jan 2 2026 12:00:00.250", NOON + 250),
        ("02 Jan 2026 20:00:00 +0800", NOON),
        ("Jan 02 12:00:00", NOON),
        ("Jan 02 2026 12:00:00 UTC", NOON),
        (str(NOON), NOON),
        ("Foo 02 2026 12:00:00", None),
        ("Jan 99 2026 12:00:00", None),
        ([], None),
    ],
)
def test_moments_of_devices(written: object, moment: int | None) -> None:
    assert written_millis(written, "2026-06-01T00:00:00") == moment


def test_degrees_of_devices() -> None:
    assert [severity_of(value) for value in ("0", "3", "6", "8", "10", "High", "Very-High", "5 cn1=2", "", None)] == [
        *(1, 2, 3, 4, 5),
        *(4, 5, 3, 1, 1),
    ]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (
            r"CEF:0|a\|b|p|1|7|n\\m|5|msg=x\=y\nz act=a b",
            {"deviceVendor": "a|b", "name": r"n\m", "msg": "x=y\nz", "act": "a b"},
        ),
        (
            "CEF: 0|a|p|1|7|n|5|name=other cs1Label=rule cs1=web",
            {"name": "n", "extension.name": "other", "rule": "web"},
        ),
    ],
)
def test_escapes_and_names_of_cef(line: str, fields: dict[str, str]) -> None:
    native = PARSERS["cef"].decode(line.encode(), "x (2026-01-02T03:04:05Z)")
    assert {name: native.get(name) for name in fields} == fields


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("system.api_token.create", CREATE),
        ("New-InboxRule", CREATE),
        ("FileDownloaded", READ),
        ("policy.rule.update", UPDATE),
        ("Remove member from role.", DELETE),
        ("AlertTriggered", OTHER),
        ("", OTHER),
    ],
)
def test_what_the_name_of_an_operation_tells(operation: str, kind: int) -> None:
    assert deed_of(operation) == kind


def test_a_relay_s_moment_of_reception_changes_no_identity() -> None:
    parser = PARSERS["leef"]
    line = b"LEEF:1.0|a|p|1|7|src=10.0.0.1\tsev=1"
    found = [parser.identify(parser.decode(line, f"x (2026-01-0{day}T03:04:05Z)")) for day in (2, 3)]
    assert found[0].uid == found[1].uid
