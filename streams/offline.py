"""Detection over files: the same stages as the live stream, nothing stored, memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from streams.correlate import raise_alerts
from streams.enrich import enrich
from streams.judgement import Judgement, Key
from streams.normalise import internal_error
from streams.pipeline import Rooms, understand
from streams.remembered import Newest
from yunshao.model.alert import Alert
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Observation

MAX_MEMORIES = 50_000
MAX_ALERT_IDS = 200_000
MAX_AHEAD = 10 * 60_000
FLUSH = 500

OnRejected = Callable[[Rejected], object]
OnEvent = Callable[[Event], object]


def detect(
    rooms: Rooms,
    records: Iterable[Record | Rejected],
    rejected: OnRejected = lambda _: None,
    understood: OnEvent = lambda _: None,
) -> Iterator[Alert]:
    """Alerts in the order of the records, each (rule, events) once.

    What correlations remember is held in this process alone, for a bounded number of keys.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    memories: Newest[Key, Any] = Newest(MAX_MEMORIES)
    judgement = Judgement(rooms, lambda detector, key: memories.get((detector, key), None))
    observers = [detector.observe for detector in rooms.detectors]
    newest, own = -(1 << 62), rooms.own
    for record in records:
        if isinstance(record, Rejected):
            rejected(record)
            continue
        event = understand(rooms, record)
        if isinstance(event, Rejected):
            rejected(event)
            continue
        understood(event)
        time = event.time
        if newest < time <= record.received + MAX_AHEAD:
            newest = time
        findings = judgement.pass_time(newest) if judgement.next_due <= newest else []
        try:
            event = enrich(own, event)
            seen: list[Observation] = []
            for observe in observers:
                seen += observe(event)
            if seen:
                findings += judgement.see(seen)
                findings += judgement.pass_time(newest)
        except Exception as error:  # noqa: BLE001 - one record, counted by the caller; the next is judged
            rejected(internal_error(record, event.source, error))
        if len(judgement.changed) >= FLUSH:
            _flush(judgement, memories)
        if not findings:
            continue
        for alert in raise_alerts(findings, record.received, lambda _: ""):
            if alert.id not in known:
                known.put(alert.id, True)
                yield alert


def _flush(judgement: Judgement, memories: Newest[Key, Any]) -> None:
    for key, (memory, _) in judgement.changed.items():
        if memory is None:
            memories.drop(key)
        else:
            memories.put(key, memory)
    judgement.changed.clear()
    judgement.troubles.clear()
