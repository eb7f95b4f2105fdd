"""Stored events as the stream saw them, and how far back `--days` reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from collectors.catalog import PARSERS
from yunshao.model.event import Event, EventRef, Owner
from yunshao.ports import Body, EventStore, KeptEvent

DAY_MS = 86_400_000
MAX_DAYS = 3_660
MAX_AHEAD = 10 * 60_000
DaysOption = Annotated[
    int, typer.Option("--days", min=1, max=MAX_DAYS, help="How many days back from the newest event.")
]


def restored(kept: Iterable[KeptEvent]) -> Iterator[Event]:
    """Events made again of what is kept; those of a source that no parser reads any more are left out."""
    for each in kept:
        parser = PARSERS.get(each.source)
        if parser is not None:
            # Nothing of an event is later than its own time, as far as looking back is concerned.
            yield Event(
                *(each.source, each.uid, each.time, each.native, parser.normalise),
                received=each.time,
                owner=each.owner,
            )


def stored_event(store: EventStore, uid: str) -> Event | None:
    """The stored event of this id, whatever its source; None where there is none."""
    quoted = uid.replace("\\", "\\\\").replace('"', '\\"')
    rows = store.hunt(f'uid:"{quoted}"', 1)
    if not rows:
        return None
    found = store.event(EventRef(rows[0]["source"], rows[0]["uid"], rows[0]["time"]))
    owner = Owner(found.unit, found.system, found.cloud)
    return next(restored([KeptEvent(found.source, found.uid, found.time, owner, found.native)]), None)


def newest_event(store: Body, now: int) -> int | None:
    """The time of the newest stored event that is not from the future, in milliseconds; None where there is none.

    Times are written by the sources: one event of the year 9999 must not hide the days that were.
    """
    newest: int | None = max(
        (row["last_event"] for row in store.sources() if row["last_event"] is not None), default=None
    )
    if newest is None or newest <= now + MAX_AHEAD:
        return newest
    (row,) = store.hunt(f"SELECT max(time) AS newest FROM events WHERE time <= {now + MAX_AHEAD}", 1)  # noqa: S608
    found: int | None = row["newest"]
    return found
