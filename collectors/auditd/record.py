"""One line of the audit log as names and values."""

from __future__ import annotations

import re
from typing import Any

from collectors.auditd.calls import CALLS, TYPES
from yunshao.model.event import Native

MAX_BYTES = 64 << 10
_FRONT = re.compile(
    r"(?:node=(?P<node>\S{1,255}) )?type=(?P<type>[\w\[\]]{1,64}) (?:msg=)?"
    r"audit\((?P<time>[0-9]{1,12}\.[0-9]{1,9}):(?P<serial>[0-9]{1,20})\): ?"
)
_FRONT_WITHIN = 512
_PAIR = re.compile(r"([A-Za-z][\w.\[\]-]{0,63})=(\"[^\"]*\"|'[^']*'|[^\s]*)")
_HEX = re.compile(r"(?:[0-9A-F]{2})+\Z")
_ARGUMENT = re.compile(r"a[0-9]{1,5}(?:\[[0-9]{1,5}\])?\Z")
_PART = re.compile(r"(a[0-9]{1,5})\[[0-9]{1,5}\]\Z")
_ENCODED = frozenset(
    {
        "acct",
        "cmd",
        "comm",
        "cwd",
        "data",
        "dir",
        "exe",
        "file",
        "key",
        "name",
        "path",
        "proctitle",
        "watch",
        "vm",
        "ocomm",
    }
)
_ENRICHED = "\x1d"
_MOST_FIELDS = 4096


def read_record(line: str) -> Native | None:
    """The record, or None when the line is none. Names and values that the kernel wrote in hexadecimal are decoded."""
    front = _FRONT.search(line, 0, _FRONT_WITHIN)
    if front is None:
        return None
    kind = TYPES.get(front["type"], front["type"])
    body, _, enriched = line[front.end() :].partition(_ENRICHED)
    fields: dict[str, Any] = {}
    _take(fields, body, kind)
    _take(fields, enriched, kind)
    _call(fields)
    if front["node"]:
        fields["node"] = front["node"]
    return {**fields, "type": kind, "timestamp": front["time"], "serial": front["serial"]}


def _take(fields: dict[str, Any], text: str, kind: str) -> None:
    """The pairs of a stretch; those inside `msg='…'` stand beside the others."""
    for found in _PAIR.finditer(text):
        name, value = found.groups()
        if len(fields) >= _MOST_FIELDS:
            return
        if value[:1] == "'":
            _take(fields, value[1:-1], kind)
            continue
        part = _PART.match(name) if kind == "EXECVE" else None
        known = _value(name, value, kind)
        if known is None:
            continue
        if part:
            fields[part[1]] = f"{fields.get(part[1], '')}{known}"
        else:
            fields.setdefault(name, known)


def _value(name: str, value: str, kind: str) -> str | None:
    if value[:1] == '"':
        return value[1:-1] if len(value) > 1 else ""
    value = value.lstrip("=")
    if value in ("(null)", "(none)", ""):
        return None
    if (name in _ENCODED or (kind == "EXECVE" and _ARGUMENT.match(name))) and _HEX.match(value):
        decoded = bytes.fromhex(value).decode("utf-8", "replace")
        return decoded.rstrip("\0").replace("\0", " ") if name in ("proctitle", "cmd") else decoded
    return value


def _call(fields: dict[str, Any]) -> None:
    """The system call's name, where the log gives its number only."""
    number = fields.get("syscall", "")
    if "SYSCALL" in fields or not (number.isascii() and number.isdigit() and len(number) < 6):
        return
    named = CALLS.get(fields.get("arch", ""), {}).get(int(number))
    if named:
        fields["SYSCALL"] = named


def arguments(native: Native) -> list[str]:
    """The arguments of an EXECVE record, in order."""
    found = []
    for place in range(_MOST_FIELDS):
        value = native.get(f"a{place}")
        if not isinstance(value, str):
            break
        found.append(value)
    return found
