"""Events as one commit will store them: their rows as columns by day, their marks, and what is counted of them.

Made a few events at a time, while they are still near: then their forms need not be kept until the commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from yunshao.adapters.stores.columns import COLUMNS, rows_of, table_of_rows
from yunshao.adapters.stores.plain import seen_id
from yunshao.model.event import Event
from yunshao.ports import Batch, Packed

HOUR = 3_600_000
DAY = 24 * HOUR
OLDEST, NEWEST = 400 * DAY, 2 * DAY
MAX_DAYS = 24
ODD = "odd"
_EPOCH = date(1970, 1, 1).toordinal()
_SOURCE, _TIME, _CLASS, _UNIT = map(COLUMNS.index, ("source", "time", "class_uid", "unit"))

Tally = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class Ready:
    """`tally` counts real events by hour, source, unit and class; `received` is their newest reception by source.

    `settled` are (source, uid, genuine) of registered events that came; `rehearsed` (time, source, unit, class) of the
    genuine ones.
    """

    days: Mapping[str, pa.Table]
    digests: Sequence[bytes]
    tally: Mapping[Tally, int]
    received: Mapping[str, int]
    settled: Sequence[tuple[str, str, bool]] = ()
    rehearsed: Sequence[tuple[int, str, str, int]] = ()


def pack(events: Sequence[Event], registered: Mapping[tuple[str, str], bool] | None = None) -> Packed:
    """These events, ready; `registered` are those (source, uid) that stand in the register of drills, and whether they
    are what the drill sent."""
    rows = rows_of(events)
    settled = registered or {}
    drilled = [place for place, event in enumerate(events) if settled.get((event.source, event.uid))] if settled else []
    apart = frozenset(drilled)
    real = [event for place, event in enumerate(events) if place not in apart] if apart else events
    counted = [row for place, row in enumerate(rows) if place not in apart] if apart else rows
    days: dict[str, list[tuple[Any, ...]]] = {}
    for event, row in zip(events, rows, strict=True):
        ordinary = -OLDEST <= event.time - event.received <= NEWEST
        days.setdefault(_day(event.time) if ordinary else ODD, []).append(row)
    newest, received = _newest(real)
    ready = Ready(
        {day: table_of_rows(found) for day, found in days.items()},
        [seen_id(event.source, event.uid) for event in events],
        Counter((row[_TIME] // HOUR * HOUR, row[_SOURCE], row[_UNIT], row[_CLASS]) for row in counted),
        received,
        [(*name, genuine) for name, genuine in settled.items()],
        [(rows[at][_TIME], rows[at][_SOURCE], rows[at][_UNIT], rows[at][_CLASS]) for at in drilled],
    )
    return Packed(Counter(event.source for event in events), newest, ready)


def whole(events: Sequence[Event]) -> Packed:
    """These events as they are, for a store that has nothing to make ready."""
    return Packed(Counter(event.source for event in events), _newest(events)[0], list(events))


def everything(batch: Batch) -> list[Event]:
    """All events of a batch whose others were kept whole."""
    return [*batch.events, *(event for packed in batch.packed for event in packed.body)]


def _newest(events: Iterable[Event]) -> tuple[dict[str, int], dict[str, int]]:
    times: dict[str, int] = {}
    received: dict[str, int] = {}
    for event in events:
        source = event.source
        if event.time > times.get(source, -(1 << 62)):
            times[source] = event.time
        if event.received > received.get(source, 0):
            received[source] = event.received
    return times, received


def _day(time: int) -> str:
    return date.fromordinal(_EPOCH + time // DAY).isoformat()


def by_day(ready: Iterable[Ready]) -> dict[str, pa.Table]:
    """All of these by the day of their time. Days that no clock can explain share one group, and so do the smallest of
    too many: times are written by the source, and must not decide how many files there are."""
    days: dict[str, list[pa.Table]] = {}
    for each in ready:
        for day, table in each.days.items():
            days.setdefault(day, []).append(table)
    sizes = {day: sum(map(len, found)) for day, found in days.items()}
    named = sorted((day for day in days if day != ODD), key=lambda day: (-sizes[day], day))
    for day in named[MAX_DAYS:]:
        days.setdefault(ODD, []).extend(days.pop(day))
    return {day: _in_order(pa.concat_tables(found)) for day, found in days.items()}


def _in_order(table: pa.Table) -> pa.Table:
    times = table["time"].to_numpy()
    return table if bool((times[1:] >= times[:-1]).all()) else table.sort_by("time")
