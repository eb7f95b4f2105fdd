"""Detection over files: the same stages as the live stream, nothing stored, memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from streams.correlate import DEFAULT_FLOOD, Folded, Guard
from streams.hearing import BLOCK, Hearing
from streams.judgement import Key
from streams.normalise import internal_error
from streams.pipeline import Rooms, understand, understand_parts
from streams.remembered import Newest
from streams.short_memory import LetGo
from yunshao.model.alert import Alert, raise_alert
from yunshao.model.block import Envelope
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import ALONE, Finding, finding_id

MAX_ALERT_IDS = 200_000
MAX_GROUPS = 50_000
MAX_HOURS = 50_000

OnRejected = Callable[[Rejected], object]
OnEvent = Callable[[Event], object]


def detect(
    rooms: Rooms,
    records: Iterable[Record | Rejected | Envelope],
    rejected: OnRejected = lambda _: None,
    let_go: LetGo | None = None,
    understood: OnEvent | None = None,
) -> Iterator[Alert]:
    """Alerts in the order of the records, one for each (rule, events); what waits for late events comes when it is due.

    What correlations remember is held in this process alone, and bounded: `let_go` counts what there was no room for.
    At the end nothing is waited for any more, but no time passes beyond the newest event.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    for findings, received, _ in judged(rooms, records, rejected, let_go or LetGo(), understood):
        for finding in findings:
            alert = raise_alert(replace(finding, grouping=ALONE), received)
            if alert.id not in known:
                known.put(alert.id, True)
                yield alert


def detect_grouped(
    rooms: Rooms,
    records: Iterable[Record | Rejected | Envelope],
    rejected: OnRejected = lambda _: None,
    let_go: LetGo | None = None,
    understood: OnEvent | None = None,
    flood: int = DEFAULT_FLOOD,
) -> Iterator[Alert]:
    """Alerts folded as the live stream folds them, at the end; earlier in parts where there are very many groups.

    A record that stands twice counts once, as far back as a bounded number of findings is known.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    memories = _GuardMemories()
    folded = Folded(Guard(memories, flood))
    for findings, received, newest in judged(rooms, records, rejected, let_go or LetGo(), understood):
        fresh = [each for each in findings if not _was_known(each, known)]
        folded.take(fresh, received, lambda _: "", newest)
        if len(folded) >= MAX_GROUPS:
            yield from folded.alerts
            folded = Folded(Guard(memories, flood))
    yield from folded.alerts


def _was_known(finding: Finding, known: Newest[str, bool]) -> bool:
    key = finding_id(finding.rule_id, finding.events)
    if known.get(key, False):
        return True
    known.put(key, True)
    return False


class _GuardMemories:
    """What the guard against floods remembers, for a bounded number of hours."""

    def __init__(self) -> None:
        self._held: Newest[Key, Any] = Newest(MAX_HOURS)

    def remembered(self, key: Key) -> Any:
        return self._held.get(key, None)

    def remember(self, key: Key, memory: Any, due: int) -> None:  # noqa: ARG002 - the newest are kept, however old
        self._held.put(key, memory)


def judged(
    rooms: Rooms,
    records: Iterable[Record | Rejected | Envelope],
    rejected: OnRejected,
    let_go: LetGo,
    understood: OnEvent | None = None,
) -> Iterator[tuple[list[Finding], int, int]]:
    """Findings as they come, with the moment (ms) their record was received and the event time that was reached."""
    hearing = Hearing(rooms, let_go)
    received = 0
    for taken in _taken(rooms, records):
        if understood is not None:
            for event in taken.events:
                understood(event)
        faults = taken.faults
        for place, findings, failure in hearing.hear(taken.events):
            record = taken.record(place)
            if failure is not None:
                faults.append((taken.at(place), internal_error(record, taken.events[place].source, failure)))
            if findings:
                yield findings, record.received, hearing.newest
        for _, fault in sorted(faults, key=lambda each: each[0]):
            rejected(fault)
        received = taken.received
    yield hearing.close(), received, hearing.newest


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was understood of some records: events, and what is no event by its place among the records."""

    records: Envelope | list[Record | Rejected]
    events: Sequence[Event]
    faults: list[tuple[int, Rejected]]
    places: Sequence[int]

    @property
    def received(self) -> int:
        return self.records.received if isinstance(self.records, Envelope) else self.records[-1].received

    def at(self, place: int) -> int:
        """Where the record of an event stood."""
        return self.places[place]

    def record(self, place: int) -> Record:
        """The record of an event."""
        if isinstance(self.records, Envelope):
            return self.records.record(self.places[place])
        return cast("Record", self.records[self.places[place]])


def _taken(rooms: Rooms, stream: Iterable[Record | Rejected | Envelope]) -> Iterator[_Taken]:
    for some in _blocks(stream):
        if isinstance(some, Envelope):
            for part, block in understand_parts(rooms, some):
                if block is not None:
                    yield _Taken(part, block, [], range(len(block)))
                else:
                    yield from _in_blocks(rooms, [*map(part.record, range(len(part.raws)))])
        else:
            yield from _in_blocks(rooms, some)


def _in_blocks(rooms: Rooms, records: list[Record | Rejected]) -> Iterator[_Taken]:
    for start in range(0, len(records), BLOCK):
        yield _one_by_one(rooms, records[start : start + BLOCK])


def _blocks(records: Iterable[Record | Rejected | Envelope]) -> Iterator[Envelope | list[Record | Rejected]]:
    """Envelopes as they are; what comes singly, many together."""
    waiting: list[Record | Rejected] = []
    for record in records:
        if isinstance(record, Envelope):
            if waiting:
                yield waiting
                waiting = []
            yield record
            continue
        waiting.append(record)
        if len(waiting) == BLOCK:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _one_by_one(rooms: Rooms, records: list[Record | Rejected]) -> _Taken:
    faults: list[tuple[int, Rejected]] = []
    events: list[Event] = []
    places: list[int] = []
    for at, record in enumerate(records):
        event = record if isinstance(record, Rejected) else understand(rooms, record)
        if isinstance(event, Rejected):
            faults.append((at, event))
        else:
            places.append(at)
            events.append(event)
    return _Taken(records, events, faults, places)
