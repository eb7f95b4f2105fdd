"""What an actor did in one hour, as figures."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from yunshao.model.event import Ocsf

HOUR_MS = 3_600_000
MAX_DISTINCT = 256
MAX_REFS = 20
MAX_TEXT = 96
FEATURES = (
    "events",
    "operations",
    "services",
    "resources",
    "addresses",
    "regions",
    "error_share",
    "write_share",
    "new_operations",
    "bytes_out",
    "off_hours",
)
SETS = ("operations", "services", "resources", "addresses", "regions")
COUNTS = frozenset({"events", *SETS, "new_operations", "bytes_out"})
_READS = {6003: frozenset({2}), 6005: frozenset({1, 4, 8}), 3002: frozenset({1, 2})}


def summary_of(ocsf: Ocsf) -> dict[str, Any]:
    """What of an event counts for the hour: names, whether it failed, whether it changed something, bytes out."""
    api = _map(ocsf.get("api"))
    cloud = _map(ocsf.get("cloud"))
    resources = ocsf.get("resources")
    names = [_text(_map(each).get("uid") or _map(each).get("name")) for each in resources or ()]
    activity, class_uid = ocsf.get("activity_id"), ocsf.get("class_uid", 0)
    bytes_out = _map(ocsf.get("traffic")).get("bytes_out")
    return {
        "operations": [_text(api.get("operation") or ocsf.get("activity_name"))],
        "services": [_text(_map(api.get("service")).get("name"))],
        "resources": names[:16],
        "addresses": [_text(_map(ocsf.get("src_endpoint")).get("ip"))],
        "regions": [_text(cloud.get("region"))],
        "error": ocsf.get("status_id") == 2,
        "write": activity not in _READS.get(class_uid, frozenset()),
        "bytes": bytes_out if isinstance(bytes_out, int) and bytes_out > 0 else 0,
    }


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return str(value)[:MAX_TEXT] if isinstance(value, (str, int)) else ""


def begun() -> dict[str, Any]:
    """An hour in which nothing happened yet."""
    return {"events": 0, "errors": 0, "writes": 0, "bytes": 0, "refs": [], **{name: [] for name in SETS}}


def added(hour: dict[str, Any], summary: dict[str, Any], ref: list[Any]) -> dict[str, Any]:
    """The hour with one more event. Distinct values are counted up to 256; the first twenty events are kept."""
    grown = {
        "events": hour["events"] + 1,
        "errors": hour["errors"] + bool(summary["error"]),
        "writes": hour["writes"] + bool(summary["write"]),
        "bytes": hour["bytes"] + summary["bytes"],
        "refs": hour["refs"] if len(hour["refs"]) >= MAX_REFS else [*hour["refs"], ref],
    }
    for name in SETS:
        new = [value for value in dict.fromkeys(summary[name]) if value and value not in hour[name]]
        grown[name] = [*hour[name], *new][:MAX_DISTINCT] if new else hour[name]
    return grown


def vector_of(hour: dict[str, Any], number: int, new_operations: int, zone_hours: int) -> list[float]:
    """The features of an hour, in the order of FEATURES; counts as log(1 + n)."""
    events = max(1, hour["events"])
    figures = {
        "events": hour["events"],
        **{name: len(hour[name]) for name in SETS},
        "error_share": hour["errors"] / events,
        "write_share": hour["writes"] / events,
        "new_operations": new_operations,
        "bytes_out": hour["bytes"],
        "off_hours": float(is_off_hours(number, zone_hours)),
    }
    return [round(math.log1p(figures[name]) if name in COUNTS else figures[name], 4) for name in FEATURES]


def is_off_hours(number: int, zone_hours: int) -> bool:
    """Whether the hour (since 1970, UTC) is before seven, after eight in the evening, or at the weekend, local time."""
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=number + zone_hours)
    return local.weekday() >= 5 or not 7 <= local.hour < 20


def as_count(name: str, feature: float) -> float:
    """A feature as people read it: counts as counts, shares as they are."""
    return round(math.expm1(feature)) if name in COUNTS else round(feature, 3)
