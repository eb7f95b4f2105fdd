"""Windows events: as evtx tools and shippers print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors.events import metadata
from collectors.json_record import digest, identified, native_of, natives_of
from collectors.values import text
from collectors.windows_event.routes import shaped
from collectors.windows_event.shapes import moment, one_shape, plain, told_of
from yunshao.errors import Rejection
from yunshao.model.block import Columns
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "windows.event"
_TELLING = frozenset(
    {"Channel", "Provider_Name", "ProviderName", "ProviderGuid", "SourceName", "EventRecordID", "Provider", "System"}
)
_NUMBERS = (int, str)


class WindowsEvent:
    """Parser of `windows.event`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The event in one of three shapes: `Event`, `winlog` or flat. Raises Rejection."""
        return self._shaped(native_of(raw))

    def read_all(self, raws: Sequence[bytes]) -> Columns | None:
        """What `decode` and `identify` give for each. Raises Rejection where one is none."""
        natives = natives_of(raws)
        return None if natives is None else identified([self._shaped(native) for native in natives], self.identify)

    @staticmethod
    def _shaped(native: Native) -> Native:
        if ("Event" in native and "Event_attributes" not in native) or "EventID" in native or "winlog" in native:
            return native
        return one_shape(native)

    def identify(self, native: Native) -> Identity:
        """Computer, channel, record number and time; a hash where a tool left one out. Raises Rejection."""
        written, when = moment(native)
        code, computer, channel, record = _key(native)
        if code is None:
            raise Rejection("not_this_source", "no EventID")
        if when is None:
            raise Rejection("bad_time", f"TimeCreated {str(written)[:80]!r}")
        if record.__class__ in _NUMBERS and computer.__class__ is str and channel.__class__ is str:
            uid = f"{computer}/{channel}/{record}/{when}"
            if len(uid) < 400 and uid.isascii():
                return Identity(uid, when)
        return Identity(digest(native), when)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of what was done, or a Base Event."""
        told = told_of(native)
        about = metadata(
            identity,
            told.provider or "Windows",
            "Microsoft",
            log_name=told.channel or None,
            log_provider=told.provider or None,
            event_code=told.code or None,
            sequence=_sequence(told.record),
            profiles=["host"],
        )
        return shaped(told, native, identity, about)


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a Windows event."""
    if not isinstance(native, dict):
        return False
    event = native.get("Event")
    if isinstance(event, dict) and isinstance(event.get("System"), dict):
        return True
    if "EventID" in native or "System" in native:
        return not _TELLING.isdisjoint(native)
    if "winlog" in native or "winlog.event_id" in native or ("EventId" in native and "Payload" in native):
        return True
    if "event_id" in native and "log_name" in native:
        return True
    inner = native.get("_source") or native.get("data") or native
    return isinstance(inner, dict) and ("winlog" in inner or isinstance(inner.get("win"), dict))


def _key(native: Native) -> tuple[Any, Any, Any, Any]:
    """Event number, computer, channel and record number, as they were written."""
    event = native.get("Event")
    system = (event if event.__class__ is dict else native).get("System")
    if system.__class__ is dict:
        found = [system.get(name) for name in ("EventID", "Computer", "Channel", "EventRecordID")]
        code, computer, channel, record = (plain(value) if value.__class__ is dict else value for value in found)
        return code, computer, channel, record
    winlog = native.get("winlog")
    if winlog.__class__ is dict:
        names = ("event_id", "computer_name", "channel", "record_id")
        return tuple(winlog.get(name) for name in names)  # type: ignore[return-value]
    record = native.get("EventRecordID")
    return (
        native.get("EventID"),
        native.get("Computer") or native.get("Hostname"),
        native.get("Channel"),
        native.get("RecordNumber") if record is None else record,
    )


def _sequence(record: str | None) -> int | None:
    found = text(record)
    return int(found) if found and len(found) < 10 and found.isascii() and found.isdigit() else None
