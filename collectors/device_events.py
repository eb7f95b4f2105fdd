"""What security devices write in CEF and LEEF: the line in front, moments, and their OCSF form. Names are given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from collectors.events import (
    CRITICAL,
    FAILURE,
    HIGH,
    INFORMATIONAL,
    LOW,
    MEDIUM,
    OTHER,
    STATUS,
    SUCCESS,
    event,
    leftovers,
    metadata,
)
from collectors.json_record import digest
from collectors.secrets import without_secrets
from collectors.spec import moment_of
from collectors.syslog.message import read_message
from collectors.times import millis
from collectors.values import address, count, first_text, full, integer, port, some, text
from yunshao.model.event import Identity, Native, Ocsf

BASE, FINDING, NETWORK = 0, 2004, 4001
MAX_BYTES = 64 << 10
RECEIVED = "syslogTime"
RECEPTION = "receptionTime"
HOST = "syslogHost"
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_WRITTEN = re.compile(
    r"(?:(?P<month>[A-Za-z]{3})[ -]+(?P<day>\d{1,2})|(?P<first>\d{1,2})[ -](?P<named>[A-Za-z]{3}))"
    r"(?:,?[ -](?P<year>\d{4}))?[ -](?P<time>\d{2}:\d{2}:\d{2})(?:\.(?P<part>\d{1,9}))?"
    r"(?: (?P<zone>[A-Z]{3,4}|[+-]\d{4}))?\Z"
)
_WORDS = {
    "unknown": INFORMATIONAL,
    "info": INFORMATIONAL,
    "informational": INFORMATIONAL,
    "low": LOW,
    "medium": MEDIUM,
    "high": HIGH,
    "very-high": CRITICAL,
    "veryhigh": CRITICAL,
    "critical": CRITICAL,
}
_NUMBER = re.compile(r"\s*(\d{1,3})(?:\D|\Z)")
_DENIED = ("den", "block", "drop", "reject", "reset", "prevent", "quarantin", "terminat", "refus")
_ALLOWED = ("allow", "accept", "permit", "pass", "forward", "detect")
_PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
_TCP_UDP = {6: "tcp", 17: "udp", 1: "icmp"}


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names a format writes what every device tells; the first that is there counts."""

    vendor: str
    product: str
    version: str
    code: str
    title: tuple[str, ...]
    severity: tuple[str, ...]
    source: tuple[str, ...] = ("src", "sourceAddress")
    source_port: tuple[str, ...] = ("spt", "srcPort", "sourcePort")
    source_host: tuple[str, ...] = ("shost", "srcHostName", "sourceHostName", "identHostName")
    target: tuple[str, ...] = ("dst", "destinationAddress")
    target_port: tuple[str, ...] = ("dpt", "dstPort", "destinationPort")
    target_host: tuple[str, ...] = ("dhost", "dstHostName", "destinationHostName")
    protocol: tuple[str, ...] = ("proto", "transportProtocol")
    user: tuple[str, ...] = ("suser", "usrName", "duser", "sourceUserName", "destinationUserName")
    action: tuple[str, ...] = ("act", "deviceAction", "action")
    device: tuple[str, ...] = ("dvchost", "deviceHostName", "devname", HOST)
    device_address: tuple[str, ...] = ("dvc", "deviceAddress")
    message: tuple[str, ...] = ("msg", "message", "desc")
    request: tuple[str, ...] = ("request", "requestUrl", "url")
    sent: tuple[str, ...] = ("out", "srcBytes", "bytesOut")
    received: tuple[str, ...] = ("in", "dstBytes", "bytesIn")


def in_front(line: str, at: int, hint: str) -> Native:
    """Time and host of the syslog header before the record; the moment of reception where there is no header."""
    moment = moment_of(hint)
    header = read_message(f"{line[:at].strip()} -: ", moment) if at else None
    if header is None:
        return {RECEPTION: moment.isoformat()} if moment else {}
    return full(((RECEIVED, header.get("timestamp")), (HOST, header.get("hostname"))))


def identity_of(native: Native, times: tuple[str, ...]) -> Identity | None:
    """A hash of all but the moment of reception, and the first of these times that is one."""
    for name in (*times, RECEIVED, RECEPTION):
        written = native.get(name)
        moment = written_millis(written, native.get(RECEIVED) or native.get(RECEPTION)) if written else None
        if moment is not None:
            return Identity(digest({key: value for key, value in native.items() if key != RECEPTION}), moment)
    return None


def written_millis(value: Any, received: Any = None) -> int | None:
    """A moment as devices write it: a count, ISO 8601, or `Jan 02 2026 03:04:05`; the year is that of reception."""
    found = millis(value)
    if found is not None or not isinstance(value, str) or len(value) > 64:
        return found
    told = _WRITTEN.match(value.strip())
    month = _MONTHS.get((told["month"] or told["named"]).lower()) if told else None
    if told is None or month is None:
        return None
    year = told["year"] or (text(received) or "")[:4]
    zone = told["zone"] if told["zone"] and told["zone"][0] in "+-" else "+0000"
    day = int(told["day"] or told["first"])
    return millis(f"{year}-{month:02}-{day:02}T{told['time']}.{(told['part'] or '0')[:6]}{zone}")


def severity_of(value: Any) -> int:
    """0 to 10 (or a word) as an OCSF severity."""
    written = (text(value) or "").strip().lower()
    number = _NUMBER.match(written)
    if number is None:
        return _WORDS.get(written, INFORMATIONAL)
    degree = int(number[1])
    return (
        INFORMATIONAL
        if degree == 0
        else LOW
        if degree <= 3
        else MEDIUM
        if degree <= 6
        else (HIGH if degree <= 8 else CRITICAL)
    )


def shaped(native: Native, identity: Identity, names: Names) -> Ocsf:
    """A finding where the device grades it medium or higher, Network Activity where it has ends, else a Base Event."""

    def told(places: tuple[str, ...]) -> str | None:
        return first_text(*(native.get(place) for place in places))

    severity = severity_of(told(names.severity))
    source = _end(told(names.source), told(names.source_host), told(names.source_port))
    target = _end(told(names.target), told(names.target_host), told(names.target_port))
    verdict = _verdict(told(names.action))
    title = told(names.title) or told((names.code,)) or "event"
    about = metadata(
        identity,
        told((names.product,)) or "device",
        told((names.vendor,)) or "unknown",
        log_version=told((names.version,)),
        event_code=told((names.code,)),
        profiles=["host", *(["security_control"] if verdict else [])],
    )
    members: dict[str, Any] = {
        "device": _device(told(names.device), told(names.device_address)),
        "message": told(names.message) or title,
        "action_id": verdict,
        "action": {1: "Allowed", 2: "Denied"}.get(verdict or 0),
        "disposition_id": verdict,
        "disposition": {1: "Allowed", 2: "Blocked"}.get(verdict or 0),
        "unmapped": without_secrets(leftovers(native, frozenset())),
    }
    ends = full(
        (
            ("src_endpoint", source),
            ("dst_endpoint", target),
            ("connection_info", _connection(told(names.protocol)) if source or target else None),
        )
    )
    user = told(names.user)
    actor = {"user": {"name": user}} if user else None
    if severity >= MEDIUM:
        info = _finding(native, identity, names, title)
        evidence = {**ends, **full((("actor", actor), ("url", _url(told(names.request)))))}
        members |= {"finding_info": info, "is_alert": True, "evidences": [evidence] if evidence else None}
        return event(*(FINDING, 1, severity, identity, about), **members)
    members["actor"] = actor
    if not source and not target:
        return event(*(BASE, OTHER, severity, identity, about), activity_name=title, **members)
    traffic = some(bytes_out=count(told(names.sent)), bytes_in=count(told(names.received)))
    status = {1: SUCCESS, 2: FAILURE}.get(verdict or 0)
    members |= {**ends, "traffic": traffic, "status_id": status, "status": STATUS.get(status or 0)}
    return event(*(NETWORK, 5 if verdict == 2 else 6, severity, identity, about), **members)


def _finding(native: Native, identity: Identity, names: Names, title: str) -> dict[str, Any]:
    code = text(native.get(names.code)) or title
    category = first_text(native.get("cat"), native.get("deviceEventCategory"))
    return full(
        {
            "uid": identity.uid,
            "title": title,
            "types": [category] if category else None,
            "created_time": identity.time,
            "analytic": {"uid": code, "name": title, "type_id": 1, "type": "Rule"},
        }.items()
    )


def _end(host: str | None, name: str | None, number: str | None) -> dict[str, Any] | None:
    found = address(host)
    known = some(ip=found, hostname=name or (None if found else host))
    return full({**known, "port": port(number)}.items()) if known else None


def _device(name: str | None, host: str | None) -> dict[str, Any]:
    found = address(host) or address(name)
    return full({"hostname": (None if address(name) else name) or (None if found else "unknown"), "ip": found,
                 "type_id": 0}.items())  # fmt: skip


def _connection(protocol: str | None) -> dict[str, Any]:
    number = integer(protocol)
    number = _PROTOCOLS.get((protocol or "").lower()) if number is None else number
    named = _TCP_UDP.get(number) if number is not None else None
    known = number if number is not None and 0 <= number <= 255 else None
    return full(
        {"direction_id": 0, "protocol_num": known, "protocol_name": named or (protocol or "").lower() or None}.items()
    )


def _url(written: str | None) -> dict[str, Any] | None:
    return {"url_string": written} if written and written.isascii() and " " not in written and ":" in written else None


def _verdict(action: str | None) -> int | None:
    """1 allowed, 2 denied."""
    written = (action or "").lower()
    if any(word in written for word in _DENIED):
        return 2
    return 1 if any(word in written for word in _ALLOWED) else None
