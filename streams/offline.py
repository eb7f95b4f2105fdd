"""Detection over files: the same stages as the live stream, nothing stored, memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from streams.correlate import raise_alerts
from streams.enrich import enrich
from streams.judgement import Judgement
from streams.normalise import internal_error
from streams.pipeline import Rooms, understand
from streams.remembered import Newest
from streams.short_memory import LetGo, ShortMemory
from yunshao.model.alert import Alert
from yunshao.model.event import Record, Rejected
from yunshao.model.finding import Finding, Observation

MAX_ALERT_IDS = 200_000
MAX_AHEAD = 60_000

OnRejected = Callable[[Rejected], object]


def detect(
    rooms: Rooms,
    records: Iterable[Record | Rejected],
    rejected: OnRejected = lambda _: None,
    let_go: LetGo | None = None,
) -> Iterator[Alert]:
    """Alerts in the order of the records, each (rule, events) once; what waits for late events comes when it is due.

    What correlations remember is held in this process alone, and bounded: `let_go` counts what there was no room for.
    At the end nothing is waited for any more, but no time passes beyond the newest event.
    """
    known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
    memories = ShortMemory(let_go or LetGo())
    judgement = Judgement(rooms, memories.recall)
    observers = [detector.observe for detector in rooms.detectors]
    newest, own, received = -(1 << 62), rooms.own, 0
    for record in records:
        if isinstance(record, Rejected):
            rejected(record)
            continue
        event = understand(rooms, record)
        if isinstance(event, Rejected):
            rejected(event)
            continue
        time, received = event.time, record.received
        if newest < time <= received + MAX_AHEAD:
            newest = time
        findings = judgement.pass_time(newest) if judgement.next_due <= newest else []
        seen: list[Observation] = []
        try:
            event = enrich(own, event)
            for observe in observers:
                seen += observe(event)
            if seen:
                findings += judgement.see(seen)
                findings += judgement.pass_time(newest)
        except Exception as error:  # noqa: BLE001 - one record, counted by the caller; the next is judged
            rejected(internal_error(record, event.source, error))
        if seen:
            findings += memories.keep(judgement, len(seen), newest)
        if findings:
            yield from _unknown(findings, received, known)
    findings = judgement.settle(newest) + memories.flush(judgement, newest) + judgement.settle(newest)
    yield from _unknown(findings, received, known)


def _unknown(findings: list[Finding], received: int, known: Newest[str, bool]) -> Iterator[Alert]:
    for alert in raise_alerts(findings, received, lambda _: ""):
        if alert.id not in known:
            known.put(alert.id, True)
            yield alert
