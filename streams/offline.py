"""Detection over files: the same stages as the live stream, nothing stored, memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from streams.correlate import DEFAULT_FLOOD, Folded, Guard
from streams.enrich import enrich
from streams.judgement import Judgement, Key
from streams.normalise import internal_error
from streams.pipeline import Rooms, understand
from streams.remembered import Newest
from yunshao.model.alert import Alert, raise_alert
from yunshao.model.event import Record, Rejected
from yunshao.model.finding import ALONE, Finding, Observation, finding_id

MAX_MEMORIES = 50_000
MAX_ALERT_IDS = 200_000
MAX_GROUPS = 50_000
MAX_AHEAD = 10 * 60_000
FLUSH = 500

OnRejected = Callable[[Rejected], object]


def detect(
    rooms: Rooms, records: Iterable[Record | Rejected], rejected: OnRejected = lambda _: None
) -> Iterator[Alert]:
    """Alerts in the order of the records, one for each (rule, events).

    What correlations remember is held in this process alone, for a bounded number of keys.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    for findings, record, _ in judged(rooms, records, rejected):
        for finding in findings:
            alert = raise_alert(replace(finding, grouping=ALONE), record.received)
            if alert.id not in known:
                known.put(alert.id, True)
                yield alert


def detect_grouped(
    rooms: Rooms,
    records: Iterable[Record | Rejected],
    rejected: OnRejected = lambda _: None,
    flood: int = DEFAULT_FLOOD,
) -> Iterator[Alert]:
    """Alerts folded as the live stream folds them, at the end; earlier in parts where there are very many groups.

    A record that stands twice counts once, as far back as a bounded number of findings is known.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    memories = _GuardMemories()
    folded = Folded(Guard(memories, flood))
    for findings, record, newest in judged(rooms, records, rejected):
        fresh = [each for each in findings if not _was_known(each, known)]
        folded.take(fresh, record.received, lambda _: "", newest)
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
        self._held: Newest[Key, Any] = Newest(MAX_MEMORIES)

    def remembered(self, key: Key) -> Any:
        return self._held.get(key, None)

    def remember(self, key: Key, memory: Any, due: int) -> None:  # noqa: ARG002 - the newest are kept, however old
        self._held.put(key, memory)


def judged(
    rooms: Rooms, records: Iterable[Record | Rejected], rejected: OnRejected
) -> Iterator[tuple[list[Finding], Record, int]]:
    """Findings with the record that brought them and the event time that was reached."""
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
        if findings:
            yield findings, record, newest


def _flush(judgement: Judgement, memories: Newest[Key, Any]) -> None:
    for key, (memory, _) in judgement.changed.items():
        if memory is None:
            memories.drop(key)
        else:
            memories.put(key, memory)
    judgement.changed.clear()
    judgement.troubles.clear()
