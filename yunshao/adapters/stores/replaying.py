"""Stored events in the order of time, a few at a time: for looking back over days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from yunshao.adapters.stores.hunting import view_of
from yunshao.adapters.stores.plain import loads
from yunshao.errors import Unreachable
from yunshao.model.event import Owner
from yunshao.ports import KeptEvent

AT_ONCE = 2_000
LIMITS: dict[str, Any] = {"memory_limit": "256MB", "threads": 2}
_COLUMNS = "source, uid, time, unit, system, cloud, native"
_ORDERED = f"""SELECT {_COLUMNS} FROM events
    WHERE time >= ? AND time < ? AND (len(?) = 0 OR list_contains(?, source)) ORDER BY time, source, uid"""  # noqa: S608
# Some of each kind of event: what is rare must not be drowned by what is frequent.
_SAMPLED = f"""SELECT {_COLUMNS} FROM (
        SELECT {_COLUMNS}, row_number() OVER (PARTITION BY source, class_uid, operation ORDER BY hash(uid)) AS place
        FROM events WHERE time >= ? AND time < ?)
    WHERE place <= ? ORDER BY place, source, uid LIMIT ?"""  # noqa: S608


def in_order(folder: Path, paths: Sequence[str], since: int, until: int, sources: Sequence[str]) -> Iterator[KeptEvent]:
    """The events of these files in [since, until). Sorting spills to the folder; memory stays bounded."""
    yield from _asked(folder, paths, _ORDERED, [since, until, list(sources), list(sources)])


def sample(folder: Path, paths: Sequence[str], since: int, until: int, each: int, limit: int) -> list[KeptEvent]:
    """Up to `limit` events, at most `each` of one source, class and operation; the same ones every time."""
    return list(_asked(folder, paths, _SAMPLED, [since, until, each, limit]))


def _asked(folder: Path, paths: Sequence[str], sql: str, values: list[Any]) -> Iterator[KeptEvent]:
    if not paths:
        return
    try:
        with duckdb.connect(":memory:", config={**LIMITS, "temp_directory": str(folder)}) as connection:
            connection.execute(view_of([str(folder / path) for path in paths]))
            reader = connection.execute(sql, values).to_arrow_reader(AT_ONCE)
            for batch in reader:
                yield from map(_kept, *(column.to_pylist() for column in batch.columns))
    except duckdb.Error as error:
        raise Unreachable(f"events cannot be read: {error}", "look at the disk", str(folder)) from error


def _kept(source: str, uid: str, time: int, unit: str, system: str, cloud: str, native: str) -> KeptEvent:
    return KeptEvent(source, uid, time, Owner(unit, system, cloud), loads(native))
