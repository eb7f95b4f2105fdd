"""One syslog message as RFC 5424, RFC 3164 and their variants write it, with or without a priority."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_BYTES = 64 << 10
_MAX_PARAMS = 500
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PRIORITY = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,64}) ?")
_RFC3164 = re.compile(
    r"(?:\d{1,12}: )?[*.]?(?P<month>" + "|".join(_MONTHS) + r") {1,2}(?P<day>\d{1,2}) (?:(?P<year>\d{4}) )?"
    r"(?P<time>\d{2}:\d{2}:\d{2})(?:\.\d{1,9}){0,2}(?: (?P<later>\d{4}))?(?: [A-Z]{3,4})?:? "
)
_AHEAD = re.compile(r"(?P<host>[^\s:\[\]<>]{1,255}) (?=\d{1,12}: [*.]?(?:" + "|".join(_MONTHS) + r") )")
_ISO = re.compile(r"(?P<iso>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?) ")
_HOST = re.compile(r"(?P<host>[^\s:\[\]]{1,255}|\[?[0-9a-fA-F:.]{2,45}\]?) ")
_TAG = re.compile(r"(?P<tag>[^\s:\[\]]{1,128})(?:\[(?P<pid>[^\]\s]{1,128})\])?: ?")
_PARAM = re.compile(r' ([^\s="\]]{1,64})="((?:[^"\\\]]|\\.)*+)"')
_ELEMENT = re.compile(r"\[([^\s=\"\]]{1,64})")
_ESCAPED = re.compile(r'\\(["\\\]])')
Message = dict[str, Any]


def text_of(raw: bytes) -> tuple[str, str]:
    """The text and its charset: UTF-8, else GB 18030 where it is valid, else UTF-8 with marks for what is not."""
    try:
        return raw.decode(), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace"), "unknown"


def read_message(text: str, received: datetime | None) -> Message | None:
    """The message's parts; None when the text is no syslog message. `timestamp` is ISO 8601, or as it was written."""
    text = text.strip("\0\r\n ")
    prioritised = _PRIORITY.match(text)
    message: Message = {}
    if prioritised and int(prioritised[1]) <= 191:
        priority = int(prioritised[1])
        message.update(priority=priority, facility=priority >> 3, severity=priority & 7)
        text = text[prioritised.end() :].lstrip()
    modern = _RFC5424.match(text) if message else None
    if modern:
        return _modern(message, modern, text[modern.end() :], received)
    return _traditional(message, text, received)


def _modern(message: Message, found: re.Match[str], rest: str, received: datetime | None) -> Message:
    written, *others = found.groups()
    if written == "-":
        message.update(_when_received(received))
    else:
        message["timestamp"] = written
    for name, value in zip(("hostname", "appname", "procid", "msgid"), others, strict=True):
        if value != "-":
            message[name] = value
    data, rest = _structured(rest)
    if data:
        message["structured_data"] = data
    message["message"] = rest.lstrip(" ").removeprefix("\ufeff")
    return message


def _traditional(message: Message, text: str, received: datetime | None) -> Message | None:
    ahead = _AHEAD.match(text)
    if ahead:
        text = text[ahead.end() :]
    found = _RFC3164.match(text)
    stamped = found or _ISO.match(text)
    if stamped:
        message["timestamp"] = _dated(found, received) if found else stamped["iso"].replace(",", ".")
        text = text[stamped.end() :]
        text = _host(message, f"{ahead['host']} {text}" if ahead else text)
    elif message:
        message.update(_when_received(received))
    else:
        return None
    tag = _TAG.match(text)
    if tag:
        message["appname"] = tag["tag"]
        if tag["pid"]:
            message["procid"] = tag["pid"]
        text = text[tag.end() :]
    message["message"] = text
    return message


def _host(message: Message, text: str) -> str:
    found = _HOST.match(text)
    if not found:
        return text
    message["hostname"] = found["host"]
    return text[found.end() :]


def _dated(found: re.Match[str], received: datetime | None) -> str:
    """ISO 8601; a year that is not written is that of reception, or the one before when that would be tomorrow."""
    month = _MONTHS.index(found["month"]) + 1
    year = found["year"] or found["later"]
    stamp = f"{month:02d}-{int(found['day']):02d}T{found['time']}"
    if year:
        return f"{year}-{stamp}"
    if received is None:
        return f"--{stamp}"
    try:
        moment = datetime.fromisoformat(f"{received.year:04d}-{stamp}").replace(tzinfo=UTC)
    except ValueError:
        return f"{received.year - 1:04d}-{stamp}"
    late = moment > received + timedelta(days=1)
    return f"{received.year - late:04d}-{stamp}"


def _when_received(received: datetime | None) -> Message:
    if received is None:
        return {}
    return {"timestamp": received.strftime("%Y-%m-%dT%H:%M:%SZ"), "timestamp_from": "reception"}


def _structured(text: str) -> tuple[dict[str, dict[str, str]], str]:
    """Structured data and what follows it; what is malformed belongs to the message."""
    if text.startswith("-"):
        return {}, text[1:]
    data: dict[str, dict[str, str]] = {}
    count = 0
    while element := _ELEMENT.match(text):
        at = element.end()
        params: dict[str, str] = {}
        while count < _MAX_PARAMS and (param := _PARAM.match(text, at)):
            params[param[1]] = _ESCAPED.sub(r"\1", param[2])
            at = param.end()
            count += 1
        if not text.startswith("]", at):
            break
        data.setdefault(element[1], {}).update(params)
        text = text[at + 1 :]
    return data, text
