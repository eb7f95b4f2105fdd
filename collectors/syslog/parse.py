"""Syslog: log-ins and account changes where the usual daemons report them, a Base Event for everything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, OTHER, STATUS, SUCCESS, event, metadata
from collectors.json_record import digest
from collectors.spec import moment_of
from collectors.syslog.message import MAX_BYTES, read_message, text_of
from collectors.times import millis
from collectors.values import address, full, integer, port, some, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "syslog"
BASE, ACCOUNT_CHANGE, AUTHENTICATION, GROUP = 0, 3001, 3002, 3006
_SEVERITIES = {0: 6, 1: 5, 2: 5, 3: 4, 4: 3, 5: 2, 6: 1, 7: 1}
_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock", *(f"local{number}" for number in range(8))),
)
_NAME = r"(?P<user>\S{1,256})"
_LOGON = re.compile(
    r"(?P<verdict>Accepted|Failed) (?P<method>[\w/.-]{1,64}) for (?P<unknown>invalid user )?"
    r"(?P<user>.{0,256}?) from (?P<ip>\S{1,64}) port (?P<port>\d{1,5})"
)
_INVALID = re.compile(r"Invalid user (?P<user>.{0,256}?) from (?P<ip>\S{1,64})(?: port (?P<port>\d{1,5}))?\Z")
_CHANGES = (
    (re.compile(r"new user: name=(?P<user>[^,\s]{1,256})"), 1),
    (re.compile(r"delete user '(?P<user>[^']{1,256})'"), 6),
    (re.compile(r"password changed for " + _NAME), 3),
)
_MEMBER = re.compile(r"add '(?P<user>[^']{1,256})' to (?:shadow )?group '(?P<group>[^']{1,256})'")
_MAPPED = frozenset({"timestamp", "hostname", "message"})


class Syslog:
    """Parser of `syslog`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:
        """The message's parts. The hint's moment gives the year that RFC 3164 leaves out. Raises Rejection."""
        if len(raw) > MAX_BYTES:
            raise Rejection("too_large", f"{len(raw)} bytes, at most {MAX_BYTES}")
        written, charset = text_of(raw)
        message = read_message(written, moment_of(hint))
        if message is None:
            raise Rejection("not_this_source", "neither a priority nor a time stamp")
        if charset != "utf-8":
            message["charset"] = charset
        return message

    def identify(self, native: Native) -> Identity:
        """A hash, and the moment written in the message (UTC where it names no zone). Raises Rejection."""
        if "message" not in native:
            raise Rejection("not_this_source", "no message")
        moment = millis(native.get("timestamp"))
        if moment is None:
            written = text(native.get("timestamp")) or "none, and no moment of reception"
            raise Rejection("bad_time", f"timestamp {written[:80]}")
        return Identity(digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form."""
        about = metadata(
            identity,
            text(native.get("appname")) or "syslog",
            "syslog",
            log_name=_facility(native),
            log_provider=text(native.get("appname")),
            event_code=text(native.get("msgid")),
            profiles=["host"],
        )
        message = text(native.get("message")) or ""
        for shape in (_logon, _account_change, _membership):
            shaped = shape(native, message, identity, about)
            if shaped is not None:
                return shaped
        written = integer(native.get("severity"))
        severity = _SEVERITIES.get(written, INFORMATIONAL) if written is not None else INFORMATIONAL
        return event(
            *(BASE, OTHER, severity, identity, about),
            activity_name="Log",
            message=message,
            **_common(native),
        )


def recognises(native: Any, hint: str) -> bool:
    """Whether the text of a line is a syslog message."""
    return isinstance(native, str) and read_message(native[:4096], moment_of(hint)) is not None


Shape = Callable[[Native, str, Identity, dict[str, Any]], Ocsf | None]


def _common(native: Native) -> dict[str, Any]:
    return {"device": _device(native), "unmapped": _rest(native)}


def _device(native: Native) -> dict[str, Any] | None:
    host = text(native.get("hostname"))
    found = address(host)
    return full({"ip": found, "hostname": None if found else host, "type_id": 0}.items()) if host else None


def _rest(native: Native) -> dict[str, Any]:
    return full((name, value) for name, value in native.items() if name not in _MAPPED)


def _facility(native: Native) -> str | None:
    number = integer(native.get("facility"))
    return _FACILITIES[number] if number is not None and 0 <= number < len(_FACILITIES) else None


def _logon(native: Native, message: str, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if native.get("appname") != "sshd" and native.get("appname") != "sshd-session":
        return None
    found = _LOGON.match(message) or _INVALID.match(message)
    if not found:
        return None
    told = found.groupdict()
    status = SUCCESS if told.get("verdict") == "Accepted" else FAILURE
    return event(
        *(AUTHENTICATION, 1, INFORMATIONAL if status == SUCCESS else LOW, identity, about),
        user={"name": told["user"] or "(empty)"},
        service={"name": "sshd"},
        src_endpoint=some(
            ip=address(told["ip"]), hostname=None if address(told["ip"]) else told["ip"], port=port(told["port"])
        ),
        auth_protocol=told.get("method"),
        auth_protocol_id=OTHER if told.get("method") else None,
        is_remote=True,
        status_id=status,
        status=STATUS[status],
        status_detail="no such user" if told.get("unknown") or "verdict" not in told else None,
        message=message,
        **_common(native),
    )


def _account_change(native: Native, message: str, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    for pattern, activity in _CHANGES:
        found = pattern.search(message[:1024])
        if found and native.get("appname") in {"useradd", "userdel", "passwd", "chpasswd", "adduser"}:
            return event(
                *(ACCOUNT_CHANGE, activity, LOW, identity, about),
                user={"name": found["user"]},
                message=message,
                **_common(native),
            )
    return None


def _membership(native: Native, message: str, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    found = _MEMBER.search(message[:1024])
    if not found or native.get("appname") not in {"usermod", "useradd", "gpasswd"}:
        return None
    return event(
        *(GROUP, 3, LOW, identity, about),
        group={"name": found["group"]},
        user={"name": found["user"]},
        message=message,
        **_common(native),
    )
