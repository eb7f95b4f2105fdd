"""The frame of an OCSF event that all sources share: numbers and names of the class, metadata, bounds."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from collectors.json_record import whole
from collectors.values import EMPTY, full
from yunshao.model.event import Identity, Ocsf
from yunshao.ocsf.classes import CLASSES, SEVERITIES, VERSION

INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL, FATAL = range(1, 7)
SUCCESS, FAILURE = 1, 2
STATUS = {SUCCESS: "Success", FAILURE: "Failure"}
OTHER = 99
MAX_TEXT = 64 << 10
_MAX_MEMBERS = 10_000
_INT64 = 1 << 63


def metadata(identity: Identity, product: str, vendor: str, **more: Any) -> dict[str, Any]:
    """Where an event comes from. `more` are further members; those not known are left out."""
    return {
        "version": VERSION,
        "uid": identity.uid,
        "product": {"name": product, "vendor_name": vendor},
        **full(more.items()),
    }


def event(
    class_uid: int, activity_id: int, severity_id: int, identity: Identity, about: dict[str, Any], **members: Any
) -> Ocsf:
    """An event of a class; members that are not known are left out. `activity_name` is needed for activity 99."""
    named = members.pop("activity_name", None)
    return framed(class_uid, activity_id, severity_id, named, identity, about, full(members.items()))


def framed(
    class_uid: int,
    activity_id: int,
    severity_id: int,
    activity_name: str | None,
    identity: Identity,
    about: dict[str, Any],
    members: dict[str, Any],
) -> Ocsf:
    """As `event`, of members that are known, every one."""
    frame = _frame(class_uid, activity_id, severity_id, activity_name)
    return bounded({**frame, "time": identity.time, "metadata": about, **members})


@lru_cache(maxsize=1 << 12)
def _frame(class_uid: int, activity_id: int, severity_id: int, activity_name: str | None) -> Ocsf:
    shape = CLASSES[class_uid]
    return {
        "class_uid": class_uid,
        "class_name": shape.caption,
        "category_uid": shape.category_uid,
        "activity_id": activity_id,
        "activity_name": activity_name or shape.activities[activity_id],
        "type_uid": class_uid * 100 + activity_id,
        "severity_id": severity_id,
        "severity": SEVERITIES[severity_id],
    }


def bounded(shaped: Ocsf) -> Ocsf:
    """The event with over-long texts cut and everything writable as JSON; it says so when something was cut."""
    try:
        size = len(orjson.dumps(shaped))
    except (TypeError, ValueError):
        size = MAX_TEXT + 1
    if size <= MAX_TEXT:
        return shaped
    cut: list[int] = []
    smaller: Ocsf = _cut(shaped, cut)
    if cut:
        smaller["metadata"]["is_truncated"] = True
        smaller["metadata"]["untruncated_size"] = size
    return smaller


def _cut(value: Any, cut: list[int]) -> Any:
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            cut.append(len(value))
            value = value[:MAX_TEXT]
        return whole(value)
    if isinstance(value, dict):
        if len(value) > _MAX_MEMBERS:
            cut.append(len(value))
        return {str(_cut(name, cut)): _cut(item, cut) for name, item in list(value.items())[:_MAX_MEMBERS]}
    if isinstance(value, list | tuple):
        if len(value) > _MAX_MEMBERS:
            cut.append(len(value))
        return [_cut(item, cut) for item in value[:_MAX_MEMBERS]]
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return float(value) if abs(value) < 1 << 1000 else None
    return value


def leftovers(native: dict[str, Any], mapped: frozenset[str]) -> dict[str, Any] | None:
    """The native members that found no place of their own."""
    return {name: value for name, value in native.items() if name not in mapped and value not in (None, "", [], EMPTY)}
