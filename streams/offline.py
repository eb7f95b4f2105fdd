"""Detection over files: the same stages as the live stream, nothing stored, memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from streams.correlate import raise_alerts
from streams.hearing import BLOCK, Hearing
from streams.normalise import internal_error
from streams.pipeline import Rooms, understand
from streams.remembered import Newest
from streams.short_memory import LetGo
from yunshao.model.alert import Alert
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Finding

MAX_ALERT_IDS = 200_000

OnRejected = Callable[[Rejected], object]
OnEvent = Callable[[Event], object]


def detect(
    rooms: Rooms,
    records: Iterable[Record | Rejected],
    rejected: OnRejected = lambda _: None,
    let_go: LetGo | None = None,
    understood: OnEvent | None = None,
) -> Iterator[Alert]:
    """Alerts in the order of the records, each (rule, events) once; what waits for late events comes when it is due.

    What correlations remember is held in this process alone, and bounded: `let_go` counts what there was no room for.
    At the end nothing is waited for any more, but no time passes beyond the newest event.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    for findings, received, _ in judged(rooms, records, rejected, let_go or LetGo(), understood):
        for alert in raise_alerts(findings, received, lambda _: ""):
            if alert.id not in known:
                known.put(alert.id, True)
                yield alert


def judged(
    rooms: Rooms,
    records: Iterable[Record | Rejected],
    rejected: OnRejected,
    let_go: LetGo,
    understood: OnEvent | None = None,
) -> Iterator[tuple[list[Finding], int, int]]:
    """Findings as they come, with the moment (ms) their record was received and the event time that was reached."""
    hearing = Hearing(rooms, let_go)
    received = 0
    for block in _blocks(records):
        faults, taken = _taken(rooms, block)
        if understood is not None:
            for _, event in taken:
                understood(event)
        for place, findings, failure in hearing.hear([event for _, event in taken]):
            at = taken[place][0]
            record = block[at]
            if failure is not None and isinstance(record, Record):
                faults.append((at, internal_error(record, taken[place][1].source, failure)))
            if findings:
                yield findings, record.received, hearing.newest
        for _, fault in sorted(faults, key=lambda each: each[0]):
            rejected(fault)
        received = block[-1].received
    yield hearing.close(), received, hearing.newest


def _blocks(records: Iterable[Record | Rejected]) -> Iterator[list[Record | Rejected]]:
    waiting = iter(records)
    while block := list(islice(waiting, BLOCK)):
        yield block


def _taken(
    rooms: Rooms, block: Sequence[Record | Rejected]
) -> tuple[list[tuple[int, Rejected]], list[tuple[int, Event]]]:
    """What of a block is no event, and its events; each with its place."""
    faults: list[tuple[int, Rejected]] = []
    taken: list[tuple[int, Event]] = []
    for at, record in enumerate(block):
        event = record if isinstance(record, Rejected) else understand(rooms, record)
        if isinstance(event, Rejected):
            faults.append((at, event))
        else:
            taken.append((at, event))
    return faults, taken
