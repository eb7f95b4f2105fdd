"""The columns of a stored event: the few that people search by, and both forms as JSON text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from yunshao.adapters.stores.ledger import class_uid
from yunshao.adapters.stores.plain import clean, dumps
from yunshao.model.event import Event, Ocsf

MAX_RESOURCES = 20
_TEXT = (
    *("operation", "service", "actor", "actor_uid", "src_ip", "account", "provider", "region"),
    *("unit", "system", "cloud", "resources", "message", "ocsf", "native"),
)
_NUMBERS = ("class_uid", "activity_id", "severity_id", "status_id")
SCHEMA = pa.schema(
    [("source", pa.string()), ("uid", pa.string()), ("time", pa.int64())]
    + [(name, pa.int32()) for name in _NUMBERS]
    + [(name, pa.string()) for name in _TEXT]
)
COLUMNS: tuple[str, ...] = tuple(SCHEMA.names)


def columns_of(events: Sequence[Event]) -> dict[str, list[Any]]:
    """The columns of these events, in their order."""
    rows = [row_of(event) for event in events]
    return {name: list(values) for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)}


def row_of(event: Event) -> tuple[Any, ...]:
    """One event's values in the order of `COLUMNS`."""
    ocsf = event.ocsf
    api, user, cloud = _part(ocsf, "api"), _user(ocsf), _part(ocsf, "cloud")
    source, owner = _part(ocsf, "src_endpoint"), event.owner
    return (
        event.source,
        clean(event.uid),
        event.time,
        class_uid(event),
        *(_number(ocsf, name) for name in _NUMBERS[1:]),
        _text(api.get("operation") or ocsf.get("type_name")),
        _text(_part(api, "service").get("name") or _part(ocsf, "service").get("name")),
        _text(user.get("name") or user.get("email_addr") or user.get("uid")),
        _text(user.get("uid")),
        _text(source.get("ip") or source.get("svc_name")),
        _text(_part(cloud, "account").get("uid") or cloud.get("project_uid")),
        _text(cloud.get("provider")),
        _text(cloud.get("region")),
        *map(clean, (owner.unit, owner.system, owner.cloud)),
        _resources(ocsf),
        _text(ocsf.get("message")),
        dumps(ocsf),
        dumps(event.native),
    )


def _part(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _user(ocsf: Ocsf) -> Mapping[str, Any]:
    return _part(_part(ocsf, "actor"), "user") or _part(ocsf, "user")


def _text(value: object) -> str:
    if isinstance(value, str):
        return clean(value)
    return "" if value is None else clean(str(value))


def _number(ocsf: Ocsf, name: str) -> int:
    value = ocsf.get(name)
    return value if type(value) is int and 0 <= value < 1 << 31 else 0


def _resources(ocsf: Ocsf) -> str:
    found = ocsf.get("resources")
    named = [
        _text(resource.get("uid") or resource.get("name"))
        for resource in (found[:MAX_RESOURCES] if isinstance(found, list) else ())
        if isinstance(resource, dict)
    ]
    return " ".join(name for name in named if name)
