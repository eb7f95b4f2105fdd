"""The columns of a stored event: the few that people search by, and both forms as JSON text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from yunshao.adapters.stores.plain import clean, dumps
from yunshao.model.event import Event

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
REPEATED = sorted({*COLUMNS} - {"uid", "time", "actor_uid", "resources", "message", "ocsf", "native"})
"""Columns in which the same value stands again and again: only there a dictionary is worth its making."""
ORDERED = ["source", "time", "class_uid", "actor", "src_ip", "unit"]
"""Columns of which the least and the greatest value of a file are worth knowing."""
_NO_PART: Mapping[str, Any] = {}


def table_of(events: Sequence[Event]) -> pa.Table:
    """These events as a table, in their order."""
    return table_of_rows(rows_of(events))


def rows_of(events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """The values of each in the order of `COLUMNS`; texts as they are, also those that UTF-8 cannot hold."""
    return [_row(event) for event in events]


def table_of_rows(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """What `rows_of` gave as a table."""
    try:
        return _table(rows)
    except UnicodeEncodeError:
        # Somewhere a lone surrogate: an attacker's, so every text is looked at.
        return _table([_cleaned(row) for row in rows])


def _table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def row_of(event: Event) -> tuple[Any, ...]:
    """One event's values in the order of `COLUMNS`, texts that UTF-8 can hold."""
    return _cleaned(_row(event))


def _cleaned(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(clean(value) if value.__class__ is str else value for value in row)


def _row(event: Event) -> tuple[Any, ...]:
    # Every stored event passes here: members are looked at in place, and only odd ones leave the straight way.
    ocsf, owner = event.ocsf, event.owner
    get = ocsf.get
    api, cloud = _part(get("api")), _part(get("cloud"))
    user, source = _part(_part(get("actor")).get("user")) or _part(get("user")), _part(get("src_endpoint"))
    resources = get("resources")
    return (
        event.source,
        event.uid,
        event.time,
        _number(get("class_uid")),
        _number(get("activity_id")),
        _number(get("severity_id")),
        _number(get("status_id")),
        _text(api.get("operation") or get("type_name")),
        _text(_part(api.get("service")).get("name") or _part(get("service")).get("name")),
        _text(user.get("name") or user.get("email_addr") or user.get("uid")),
        _text(user.get("uid")),
        _text(source.get("ip") or source.get("svc_name")),
        _text(_part(cloud.get("account")).get("uid") or cloud.get("project_uid")),
        _text(cloud.get("provider")),
        _text(cloud.get("region")),
        owner.unit,
        owner.system,
        owner.cloud,
        _resources(resources) if resources else "",
        _text(get("message")),
        dumps(ocsf),
        dumps(event.native),
    )


def _part(value: Any) -> Mapping[str, Any]:
    return value if value.__class__ is dict else _NO_PART


def _text(value: Any) -> str:
    if value.__class__ is str:
        return value
    return "" if value is None else str(value)


def _number(value: Any) -> int:
    return value if value.__class__ is int and 0 <= value < 1 << 31 else 0


def _resources(found: Any) -> str:
    named = [
        _text(resource.get("uid") or resource.get("name"))
        for resource in (found[:MAX_RESOURCES] if isinstance(found, list) else ())
        if isinstance(resource, dict)
    ]
    return " ".join(name for name in named if name)
