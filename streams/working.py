"""The first stage on a cluster: an envelope of raw records to events, rejections, and what each shard has to judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.apart import apart
from streams.normalise import internal_error
from streams.pipeline import Rooms, notice_all, understand_each
from streams.times import NEVER_SEEN
from yunshao.model.drill import HINT
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Observation
from yunshao.ports import DrillJudge, Kept, Placed
from yunshao.wire.envelope import Item
from yunshao.wire.hops import Observed, place_of

MAX_AHEAD = 60_000
MINUTE = 60_000


@dataclass(slots=True)
class Worked:
    """What became of an envelope: `places` and `rejected_at` say which of its records each event or rejection was."""

    events: list[Event] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    seen: list[list[Observation]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rejected_at: list[int] = field(default_factory=list)
    received: Counter[str] = field(default_factory=Counter)


def work(rooms: Rooms, items: Sequence[Item]) -> Worked:
    """Understand, own and observe; whatever a detector or a form fails on is a rejection.

    What was read together is understood and judged together, as in one process.
    """
    done = Worked()
    understood: list[tuple[int, Record, Event]] = []
    for place, (item, event) in enumerate(zip(items, understand_each(rooms, items), strict=True)):
        done.received[event.source] += 1
        if isinstance(event, Rejected):
            done.rejected.append(event)
            done.rejected_at.append(place)
        elif isinstance(item, Record):
            understood.append((place, item, event))
    everybody, noticed = notice_all(rooms, [event for _, _, event in understood])
    for at, ((place, record, event), owned) in enumerate(zip(understood, everybody, strict=True)):
        seen = noticed.get(at, ())
        try:
            if isinstance(seen, Exception):
                raise seen
            # Whatever the store wants to know of the OCSF form must fail here or not at all.
            _ = owned.ocsf
        except Exception as error:  # noqa: BLE001 - kept as a rejected record
            done.rejected.append(internal_error(record, event.source, error))
            done.rejected_at.append(place)
            continue
        done.events.append(owned)
        done.places.append(place)
        done.seen.append(list(seen))
    return done


def set_apart(rooms: Rooms, items: Sequence[Item], worked: Worked, store: DrillJudge) -> None:
    """Put what a drill's events mean under keys of its own. The store is asked only about what came with the hint."""
    seen = list(worked.seen)
    for at, (place, event) in enumerate(zip(worked.places, worked.events, strict=True)):
        item = items[place]
        if seen[at] and isinstance(item, Record) and item.hint == HINT:
            drill = store.drill_of([event.ref], {(event.source, event.uid): event})
            seen[at] = apart(seen[at], drill, rooms.learners) if drill else seen[at]
    worked.seen[:] = seen


def shares(
    rooms: Rooms, events: Sequence[Event], seen: Sequence[Sequence[Observation]], shards: int, lane: int, offset: int,
    behind: bool,
) -> list[Observed]:  # fmt: skip
    """What each shard is told of these fresh events, in their order; of each, how far its source's time has come by it.

    Not its own time: a shard that was not told of a newer event before it must take it for as late as it is.
    """
    placed = {detector.name: detector for detector in rooms.detectors if isinstance(detector, Placed)}
    marks: dict[str, int] = {}
    lists: list[list[tuple[int, str, list[Observation]]]] = [[] for _ in range(shards)]
    for event, observations in zip(events, seen, strict=True):
        moves = not event.received or event.time <= event.received + MAX_AHEAD
        if moves and event.time > marks.get(event.source, NEVER_SEEN):
            marks[event.source] = event.time
        mine: dict[int, list[Observation]] = {}
        for one in observations:
            detector = placed.get(one.detector)
            text = detector.place(one) if detector else one.key
            mine.setdefault(place_of(f"{one.detector}|{text}", shards), []).append(one)
        for shard, held in mine.items():
            lists[shard].append((marks.get(event.source, NEVER_SEEN), event.source, held))
    return [Observed(lane, offset, held, marks, behind) for held in lists]


def counted(
    rows: Mapping[str, Mapping[str, Any]], worked: Worked, kept: Sequence[Kept], clock: int
) -> dict[str, dict[str, Any]]:
    """The ledger rows of a lane with one envelope more, by `source|minute`; only minutes that may still change.

    `kept`: what became of each event of it. A drill's are counted, and by themselves as well.
    """
    minute = clock // MINUTE * MINUTE
    found = {key: dict(row) for key, row in rows.items() if row["minute"] >= minute - 2 * MINUTE}
    processed, repeated, rehearsed = Counter[str](), Counter[str](), Counter[str]()
    newest: dict[str, int] = {}
    for event, one in zip(worked.events, kept, strict=True):
        (processed if one.fresh else repeated)[event.source] += 1
        if one.rehearsed:
            rehearsed[event.source] += one.fresh
        else:
            newest[event.source] = max(newest.get(event.source, event.time), event.time)
    rejected = Counter(record.source for record in worked.rejected)
    for source in {*worked.received, *rejected}:
        row = found.setdefault(
            f"{source}|{minute}",
            {"source": source, "minute": minute, "received": 0, "processed": 0, "rejected": 0, "repeated": 0,
             "rehearsed": 0, "last_event": None, "last_received": None},
        )  # fmt: skip
        row["received"] += worked.received[source]
        row["processed"] += processed[source]
        row["rejected"] += rejected[source]
        row["repeated"] += repeated[source]
        row["rehearsed"] += rehearsed[source]
        if worked.received[source] > rehearsed[source]:
            row["last_received"] = clock
        if source in newest:
            row["last_event"] = newest[source] if row["last_event"] is None else max(row["last_event"], newest[source])
    return found
