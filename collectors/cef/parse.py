"""CEF: one line of a security device, with or without a syslog header in front."""

from __future__ import annotations

import re
from typing import Any

from collectors.device_events import MAX_BYTES, Names, identity_of, in_front, shaped
from collectors.syslog.message import text_of
from collectors.values import text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "cef"
_START = re.compile(r"CEF: ?[0-9]{1,2}(?:\.[0-9])?\|")
_START_WITHIN = 512
_HEADER = ("deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity")
_CUT = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_KEY = re.compile(r"(?:\A|(?<=\s))([\w.\[\]-]{1,128})=")
_ESCAPED = re.compile(r"\\([\\=|nr])")
_TURNED = {"n": "\n", "r": "\r"}
_LABELLED = re.compile(r"(?:cs|cn|cfp|c6a|flexString|flexNumber|flexDate|deviceCustomDate)[0-9]{1,2}\Z")
_MOST_FIELDS = 1000
_TIMES = ("rt", "deviceReceiptTime", "end", "endTime", "start", "startTime")
_NAMES = Names("deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", ("name",), ("severity", "sev"))


class CommonEventFormat:
    """Parser of `cef`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:
        """The header's parts and the extension's fields side by side. Raises Rejection."""
        if len(raw) > MAX_BYTES:
            raise Rejection("too_large", f"{len(raw)} bytes, at most {MAX_BYTES}")
        line = text_of(raw)[0]
        start = _START.search(line, 0, _START_WITHIN)
        parts = _parts(line[start.end() :]) if start else []
        if start is None or len(parts) < len(_HEADER):
            raise Rejection("not_this_source", "no CEF:0|vendor|product|version|id|name|severity|")
        native = in_front(line, start.start(), hint)
        native["cefVersion"] = start.group()[4:-1].strip()
        native.update(zip(_HEADER, map(_plain, parts), strict=False))
        for name, value in _extension(parts[len(_HEADER)] if len(parts) > len(_HEADER) else ""):
            native[f"extension.{name}" if name in native else name] = value
        _name_labelled(native)
        return native

    def identify(self, native: Native) -> Identity:
        """A hash, since ids of devices do not hold beyond them; the device's time, else the syslog header's."""
        if "deviceVendor" not in native:
            raise Rejection("not_this_source", "no CEF header")
        found = identity_of(native, _TIMES)
        if found is None:
            raise Rejection("bad_time", f"rt {str(native.get('rt'))[:80]!r}, and no moment of reception")
        return found

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form."""
        return shaped(native, identity, _NAMES)


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a line is CEF."""
    return isinstance(native, str) and _START.search(native, 0, _START_WITHIN) is not None


def _parts(text_: str) -> list[str]:
    """The header's parts, and the extension as the last one."""
    found: list[str] = []
    at = 0
    for cut in _CUT.finditer(text_):
        if len(found) == len(_HEADER):
            break
        found.append(text_[at : cut.end() - 1])
        at = cut.end()
    return [*found, text_[at:]]


def _extension(written: str) -> list[tuple[str, str]]:
    """`key=value` pairs; a value goes on until the next key, blanks included."""
    keys = list(_KEY.finditer(written))[:_MOST_FIELDS]
    ends = [*(key.start() for key in keys[1:]), len(written)]
    return [(key[1], _plain(written[key.end() : end].strip())) for key, end in zip(keys, ends, strict=False) if key[1]]


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: _TURNED.get(found[1], found[1]), value) if "\\" in value else value


def _name_labelled(native: Native) -> None:
    """A custom field also under the name that its label gives it."""
    for name in [name for name in native if _LABELLED.match(name)]:
        label = text(native.get(f"{name}Label"))
        if label and label not in native:
            native[label] = native[name]


CEF_PARSER = CommonEventFormat()
