"""Which class an event belongs to, by its channel and number, and how it is shaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from collectors.events import FAILURE, HIGH, INFORMATIONAL, LOW, MEDIUM, OTHER, STATUS, SUCCESS, event, leftovers
from collectors.values import first_text, text
from collectors.windows_event.accounts import ACCOUNTS
from collectors.windows_event.machine import MACHINE, MONITOR, SCRIPTS, SYSTEM, TASKS, THREATS
from collectors.windows_event.parts import device, number, said
from collectors.windows_event.shapes import Told
from yunshao.model.event import Identity, Native, Ocsf

Shape = Callable[[Told], tuple[int, int, dict[str, Any]] | None]
_LEVELS = {"1": HIGH, "2": MEDIUM, "3": LOW, "critical": HIGH, "error": MEDIUM, "warning": LOW}
_FAILED = 0x0010_0000_0000_0000
_SUCCEEDED = 0x0020_0000_0000_0000
_WHOLE_EVENT = frozenset(
    {
        "@timestamp", "@version", "Channel", "Computer", "EventID", "EventRecordID", "EventTime", "Hostname", "Level",
        "Message", "Provider_Name", "ProviderName", "RecordNumber", "SourceName", "TimeCreated", "UtcTime", "Version",
        "System", "Payload",
    }
)  # fmt: skip
_CHANNELS: Mapping[str, Mapping[str, Shape]] = {
    "microsoft-windows-sysmon/operational": MONITOR,
    "security": {**ACCOUNTS, **MACHINE},
    "system": SYSTEM,
    "microsoft-windows-powershell/operational": SCRIPTS,
    "powershellcore/operational": SCRIPTS,
    "microsoft-windows-taskscheduler/operational": TASKS,
    "microsoft-windows-windows defender/operational": THREATS,
}
_FINDING = 2004


def shaped(told: Told, native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf:
    """The event in the class of what it tells; a Base Event where its number is not known or too little is told."""
    shape = _CHANNELS.get(told.channel.lower(), {}).get(told.code)
    known = shape(told) if shape is not None else None
    failed = _failed(told, native)
    class_uid, activity, members = known or (0, OTHER, {})
    severity = _LEVELS.get(told.level.lower(), LOW if failed else INFORMATIONAL)
    if class_uid == _FINDING:
        members = {**members, "finding_info": {**members["finding_info"], "uid": identity.uid}}
    elif failed is not None and "status_id" not in members:
        status = FAILURE if failed else SUCCESS
        members = {**members, "status_id": status, "status": STATUS[status]}
    members.setdefault("device", device(told))
    members.setdefault("message", _message(native))
    return event(
        *(class_uid, activity, members.pop("severity_id", severity), identity, about),
        activity_name=members.pop("activity_name", None) or (f"Event {told.code}" if activity == OTHER else None),
        unmapped=leftovers(told.data, _WHOLE_EVENT),
        **members,
    )


def _message(native: Native) -> str | None:
    """The first line of the message; what follows repeats the fields."""
    written = said(first_text(native.get("Message"), native.get("message")))
    return written.splitlines()[0] if written and written.strip() else None


def _failed(told: Told, native: Native) -> bool | None:
    """Whether an audit event says that it was refused: by its keywords, or by the shipper's word for them."""
    named = text(native.get("EventType")) or ""
    if named in ("AUDIT_FAILURE", "AUDIT_SUCCESS"):
        return named == "AUDIT_FAILURE"
    keywords = _keywords(native)
    if told.channel.lower() != "security" or keywords is None:
        return None
    return True if keywords & _FAILED else False if keywords & _SUCCEEDED else None


def _keywords(native: Native) -> int | None:
    inner = native.get("Event")
    event_ = inner if isinstance(inner, dict) else native
    system = event_.get("System")
    written = system.get("Keywords") if isinstance(system, dict) else native.get("Keywords")
    if isinstance(written, int) and not isinstance(written, bool):
        return written & ((1 << 64) - 1)
    return number(written)
