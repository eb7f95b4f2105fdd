"""The shapes in which tools print a Windows event, and what each says about the event as a whole."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from collectors.json_record import native_of
from collectors.times import epoch_millis, millis
from collectors.values import EMPTY, first_text, mapping, text
from yunshao.errors import Rejection
from yunshao.model.event import Native

_ATTRIBUTES = "_attributes"
_POWERSHELL_DATE = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/\Z")
_ZONED = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2}| UTC)\Z")
_OLD_BEAT = {
    "event_id": "event_id",
    "log_name": "channel",
    "source_name": "provider_name",
    "computer_name": "computer_name",
    "record_number": "record_id",
    "event_data": "event_data",
    "user_data": "user_data",
    "level": "level",
}
_AGENT_SYSTEM = {
    "channel": "Channel",
    "computer": "Computer",
    "eventID": "EventID",
    "eventRecordID": "EventRecordID",
    "keywords": "Keywords",
    "level": "Level",
    "opcode": "Opcode",
    "systemTime": "TimeCreated",
    "task": "Task",
}


class Told(NamedTuple):
    """What an event says about itself, whichever tool printed it. `data` holds its own fields by name."""

    provider: str
    code: str
    channel: str
    computer: str | None
    record: str | None
    level: str
    sid: str | None
    data: dict[str, Any]


def one_shape(native: Native) -> Native:
    """The record as one of three shapes: `Event`, `winlog` or flat. What it held under other names stays beside it."""
    source = native.get("_source")
    if isinstance(source, dict):
        native = source
    if "Event_attributes" in native:
        return _with_attributes(native)
    if isinstance(native.get("Payload"), str) and "EventId" in native:
        return _of_payload(native)
    if "event_id" in native and "log_name" in native:
        return {**native, "winlog": {new: native[old] for old, new in _OLD_BEAT.items() if old in native}}
    if "winlog.event_id" in native:
        return _undotted(native)
    agent = native.get("win") or mapping(native.get("data")).get("win")
    if isinstance(agent, dict) and isinstance(agent.get("system"), dict):
        return _of_agent(native, agent)
    return native


def _with_attributes(native: Native) -> Native:
    """Attributes printed beside their element (`TimeCreated_attributes`) go where others print them."""
    event = dict(mapping(native.get("Event")))
    system = dict(mapping(event.get("System")))
    for name in [name for name in system if name.endswith(_ATTRIBUTES)]:
        element = name.removesuffix(_ATTRIBUTES)
        if system.get(element) is None:
            system[element] = {"#attributes": system[name]}
    return {**native, "Event": {**event, "System": system}}


def _of_payload(native: Native) -> Native:
    """An event whose data are JSON in a text."""
    try:
        payload = native_of(native["Payload"].encode("utf-8", "replace"))
    except Rejection:
        payload = {}
    named = {"EventID": native.get("EventId"), "EventRecordID": native.get("EventRecordId")}
    return {**native, **named, **{part: payload[part] for part in ("EventData", "UserData") if part in payload}}


def _undotted(native: Native) -> Native:
    winlog: dict[str, Any] = {}
    for name, value in native.items():
        if name.startswith("winlog."):
            part, _, field = name[7:].partition(".")
            if field and part in ("event_data", "user_data"):
                winlog.setdefault(part, {})[field] = value
            elif not field:
                winlog[part] = value
    return {**native, "winlog": winlog}


def _of_agent(native: Native, agent: dict[str, Any]) -> Native:
    """An event whose names an agent wrote in lower camel case."""
    written = agent["system"]
    system: dict[str, Any] = {new: written[old] for old, new in _AGENT_SYSTEM.items() if old in written}
    system["Provider"] = {"#attributes": {"Name": written.get("providerName")}}
    event: dict[str, Any] = {"System": system}
    data = agent.get("eventdata")
    if isinstance(data, dict):
        event["EventData"] = {f"{name[:1].upper()}{name[1:]}": value for name, value in data.items()}
    return {**native, "Event": event}


def moment(native: Native) -> tuple[Any, int | None]:
    """When it was, as written and in milliseconds: the system's own time before that of a shipper."""
    event = native.get("Event")
    system = (event if event.__class__ is dict else native).get("System")
    written = system.get("TimeCreated") if system.__class__ is dict else None
    if written is not None:
        written = attribute(written, "SystemTime") if written.__class__ is dict else written
        return written, _millis(written)
    return _flat_moment(native)


def _flat_moment(native: Native) -> tuple[Any, int | None]:
    """A time with a zone goes before one without: some shippers write the host's local time."""
    first = native.get("TimeCreated")
    if first.__class__ is str and first[-1:] == "Z" and (found := millis(first)) is not None:
        return first, found
    own = [native.get(name) for name in ("TimeCreated", "SystemTime", "EventTime")]
    own = [attribute(value, "SystemTime") if isinstance(value, dict) else value for value in own]
    zoned = [value for value in own if not isinstance(value, str) or _ZONED.search(value) or "/Date(" in value]
    shipped = [native.get(name) for name in ("UtcTime", "@timestamp", "TimeGenerated", "timestamp")]
    for written in (*zoned, *shipped, *own):
        found = _millis(written) if written else None
        if found is not None:
            return written, found
    return next((value for value in (*own, *shipped) if value), None), None


def _millis(written: Any) -> int | None:
    found = millis(written)
    if found is None and isinstance(written, str):
        dated = _POWERSHELL_DATE.match(written)
        return epoch_millis(int(dated[1])) if dated else millis(written.removesuffix(" UTC"))
    return found


def attribute(element: dict[str, Any], name: str) -> Any:
    """An attribute of an element, however the tool marks attributes."""
    inner = element.get("#attributes")
    if inner.__class__ is dict and name in inner:
        return inner[name]
    found = element.get(f"@{name}")
    return element.get(name) if found is None else found


def plain(value: Any) -> Any:
    """The text of an element that also has attributes."""
    return value.get("#text", value.get("Value")) if value.__class__ is dict else value


def told_of(native: Native) -> Told:
    """What the record says, from any of the three shapes."""
    winlog = native.get("winlog")
    if isinstance(winlog, dict):
        return _told_by_beat(native, winlog)
    event = native.get("Event")
    event = event if isinstance(event, dict) else native
    system = event.get("System")
    if not isinstance(system, dict):
        return _told_flat(native)
    provider = system.get("Provider")
    return Told(
        first_text(attribute(provider, "Name") if isinstance(provider, dict) else provider) or "",
        first_text(plain(system.get("EventID"))) or "",
        first_text(plain(system.get("Channel"))) or "",
        text(plain(system.get("Computer"))),
        text(plain(system.get("EventRecordID"))),
        first_text(plain(system.get("Level"))) or "",
        text(attribute(mapping(system.get("Security")), "UserID")),
        {**_data(event.get("EventData")), **_data(event.get("UserData"))},
    )


def _told_by_beat(native: Native, winlog: dict[str, Any]) -> Told:
    return Told(
        text(winlog.get("provider_name")) or "",
        text(winlog.get("event_id")) or "",
        text(winlog.get("channel")) or "",
        first_text(winlog.get("computer_name"), mapping(native.get("host")).get("name")),
        text(winlog.get("record_id")),
        first_text(winlog.get("level"), mapping(native.get("log")).get("level")) or "",
        text(mapping(winlog.get("user")).get("identifier")),
        {**_data(winlog.get("event_data")), **_data(winlog.get("user_data"))},
    )


def _told_flat(native: Native) -> Told:
    provider = native.get("Provider_Name") or native.get("ProviderName") or native.get("Provider")
    own = {**native, **_data(native.get("EventData")), **_data(native.get("UserData"))}
    for part in ("EventData", "UserData", "Event"):
        own.pop(part, None)
    return Told(
        first_text(attribute(provider, "Name") if isinstance(provider, dict) else provider, native.get("SourceName"))
        or "",
        first_text(plain(native.get("EventID"))) or "",
        text(native.get("Channel")) or "",
        first_text(native.get("Computer"), native.get("Hostname"), native.get("MachineName")),
        first_text(native.get("EventRecordID"), native.get("RecordNumber"), native.get("RecordId")),
        first_text(native.get("Level"), native.get("Severity")) or "",
        first_text(native.get("UserID"), native.get("SecurityUserID")),
        own,
    )


def _data(written: Any) -> dict[str, Any]:
    """Event data by name: named elements of a list, and what stands one element deeper, are lifted up."""
    if not isinstance(written, dict):
        return EMPTY
    flat: dict[str, Any] = {}
    for name, value in written.items():
        if isinstance(value, dict) and "#text" not in value and not name.startswith("#"):
            flat.update((inner, plain(item)) for inner, item in value.items() if not inner.startswith("#"))
        elif not name.startswith("#"):
            flat[name] = plain(value)
    listed = written.get("Data")
    for element in listed if isinstance(listed, list) else ():
        named = attribute(element, "Name") if isinstance(element, dict) else None
        if isinstance(named, str):
            flat[named] = plain(element)
    return flat
