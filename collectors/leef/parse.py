"""LEEF 1 and 2: one line of a security device, with or without a syslog header in front."""

from __future__ import annotations

import re
from typing import Any

from collectors.device_events import MAX_BYTES, Names, identity_of, in_front, shaped
from collectors.syslog.message import text_of
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "leef"
_START = re.compile(r"LEEF: ?([12](?:\.[0-9])?)\|")
_START_WITHIN = 512
_HEADER = ("deviceVendor", "deviceProduct", "deviceVersion", "eventId")
_DELIMITER = re.compile(r"(?:0?x([0-9A-Fa-f]{2,4})|([^\w\s=]))?\|")
_NAME = re.compile(r"[^\s=]{1,128}\Z")
_NAME_BEHIND_BLANK = re.compile(r"(?:\A|(?<=\s))([A-Za-z_][\w.-]{0,127})=")
_MOST_FIELDS = 1000
_TIMES = ("devTime", "rt", "eventTime", "startTime")
_NAMES = Names(
    "deviceVendor",
    "deviceProduct",
    "deviceVersion",
    "eventId",
    ("name", "eventName", "cat"),
    ("sev", "severity"),
    message=("msg", "desc", "reason"),
    request=("request", "url", "resource"),
)


class LogEventExtendedFormat:
    """Parser of `leef`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:
        """The header's parts and the attributes side by side. Raises Rejection."""
        if len(raw) > MAX_BYTES:
            raise Rejection("too_large", f"{len(raw)} bytes, at most {MAX_BYTES}")
        line = text_of(raw)[0]
        start = _START.search(line, 0, _START_WITHIN)
        parts = line[start.end() :].split("|", len(_HEADER)) if start else []
        if start is None or len(parts) <= len(_HEADER):
            raise Rejection("not_this_source", "no LEEF:1.0|vendor|product|version|id|")
        native = in_front(line, start.start(), hint)
        native["leefVersion"] = start[1]
        native.update(zip(_HEADER, parts, strict=False))
        for name, value in _attributes(parts[-1], start[1][0] == "2"):
            native[f"attribute.{name}" if name in native else name] = value
        return native

    def identify(self, native: Native) -> Identity:
        """A hash; the device's time, else the syslog header's, else when it came in. Raises Rejection."""
        if "eventId" not in native:
            raise Rejection("not_this_source", "no LEEF header")
        found = identity_of(native, _TIMES)
        if found is None:
            raise Rejection("bad_time", f"devTime {str(native.get('devTime'))[:80]!r}, and no moment of reception")
        return found

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form."""
        return shaped(native, identity, _NAMES)


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a line is LEEF."""
    return isinstance(native, str) and _START.search(native, 0, _START_WITHIN) is not None


def _attributes(written: str, second: bool) -> list[tuple[str, str]]:
    """`key=value` pairs between the delimiter that version 2 may name, else tabs."""
    delimiter = "\t"
    named = _DELIMITER.match(written) if second else None
    if named:
        delimiter = chr(int(named[1], 16)) if named[1] else named[2] or "\t"
        written = written[named.end() :]
    if delimiter not in written and len(_NAME_BEHIND_BLANK.findall(written)) > 1:
        return _between_blanks(written)
    found = []
    for part in written.split(delimiter)[:_MOST_FIELDS]:
        name, sign, value = part.partition("=")
        if sign and _NAME.match(name.strip()):
            found.append((name.strip(), value.strip()))
    return found


def _between_blanks(written: str) -> list[tuple[str, str]]:
    """Some relays turn tabs into blanks: a value goes on until the next key."""
    keys = list(_NAME_BEHIND_BLANK.finditer(written))[:_MOST_FIELDS]
    ends = [*(key.start() for key in keys[1:]), len(written)]
    return [(key[1], written[key.end() : end].strip()) for key, end in zip(keys, ends, strict=False)]


LEEF_PARSER = LogEventExtendedFormat()
