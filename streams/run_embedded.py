"""The embedded runner: read from every intake, judge, and make it all true in one commit."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streams.correlate import DEFAULT_FLOOD, Folded, Guard
from streams.judgement import MAX_HOPS, Judgement, Key
from streams.normalise import internal_error
from streams.pipeline import Rooms, observe, understand
from streams.reading import Reading
from streams.remembered import Newest
from yunshao import meters
from yunshao.model.alert import Alert
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Finding
from yunshao.ports import Batch, Clock, Intake, PipelineStore

MAX_MEMORIES = 20_000
MAX_DUE = 20_000
MAX_AHEAD = 60_000
IDLE_SECONDS = 0.5
SETTLED_MS = 5_000
LONGEST_PAUSE = 30.0
WATERMARK = "~watermark"
INTERNAL = "internal"
LOG = logging.getLogger("yunshao.streams")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did: how many records it read, and the alerts that were not there before."""

    records: int
    alerts: list[Alert]


class Embedded:
    """One thread calls `turn` or `run`. Nothing is acknowledged to an intake before its batch is committed."""

    def __init__(
        self,
        rooms: Rooms,
        store: PipelineStore,
        intakes: Sequence[Intake],
        clock: Clock,
        batch_size: int = 5000,
        flood: int = DEFAULT_FLOOD,
    ) -> None:
        """`flood`: how many groups of a rule and source in an hour are alerts of their own."""
        self._rooms = rooms
        self._flood = flood
        self._store = store
        self._clock = clock
        self._reading = Reading(intakes, store, clock, batch_size)
        self._memories: Newest[Key, Any] = Newest(MAX_MEMORIES)
        self._watermark: int | None = None
        self._last_record = clock()
        self.trouble = ""

    def turn(self) -> Turn:
        """Read one batch, judge it, commit it. Raises Unreachable where the store fails; then nothing has happened."""
        started = time.perf_counter()
        batch = Batch()
        try:
            records = self._reading.read(batch)
            watermark = self._newest()
            something = records or batch.offsets or self._waits(watermark)
            alerts = self._process(records, batch) if something else []
        except BaseException:
            # What was remembered in this turn was never made true.
            self._memories.clear()
            self._watermark = None
            raise
        if records:
            meters.BATCH_SECONDS.observe(time.perf_counter() - started)
        return Turn(len(records), alerts)

    def settle(self) -> Turn:
        """Judge what waits for late events, as if none came: for a run that ends. Raises Unreachable as `turn` does."""
        try:
            return Turn(0, self._process([], Batch(), settled=True))
        except BaseException:
            self._memories.clear()
            self._watermark = None
            raise

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Turn until `stop`; `wake` cuts a pause short. Failures are told in `trouble` and tried again, ever slower."""
        failures = 0
        while not stop.is_set():
            try:
                records = self.turn().records
            except Exception as error:  # the shell's edge: whatever it is, the stream goes on when it is mended
                failures += 1
                self.trouble = str(error)
                LOG.exception("turn failed (%d in a row)", failures)
                stop.wait(min(LONGEST_PAUSE, 0.25 * 2 ** min(failures, 10)))
                continue
            failures, self.trouble = 0, ""
            if not records:
                wake.wait(IDLE_SECONDS)
                wake.clear()

    def troubles(self) -> dict[str, str]:
        """What is wrong now, by intake, and under `store` for the commit; empty where all is well."""
        return {**self._reading.troubles(), **({"store": self.trouble} if self.trouble else {})}

    def _process(self, records: Sequence[Record | Rejected], batch: Batch, *, settled: bool = False) -> list[Alert]:
        fresh = self._take(records, batch)
        horizon = self._clock() + MAX_AHEAD
        before = self._newest()
        latest = max((event.time for _, event in fresh if event.time <= horizon), default=before)
        until = max(latest, self._now(before)) + (self._rooms.lateness + MAX_HOPS if settled else 0)
        judgement = Judgement(self._rooms, self._recall, self._store.due(until, MAX_DUE))
        folded = Folded(Guard(judgement, self._flood))
        at_hand: dict[tuple[str, str], Event] = {}
        watermark = before
        for record, event in fresh:
            if watermark < event.time <= horizon:
                watermark = event.time
            self._raise(judgement.pass_time(watermark), folded, at_hand, watermark)
            self._raise(self._judge(record, event, judgement, batch, at_hand), folded, at_hand, watermark)
            # A late event may open what is due already.
            self._raise(judgement.pass_time(watermark), folded, at_hand, watermark)
        self._raise(judgement.pass_time(max(watermark, self._now(watermark))), folded, at_hand, watermark)
        if settled:
            self._raise(judgement.settle(watermark), folded, at_hand, watermark)
        self._note_troubles(judgement, batch)
        meters.LET_GO.inc(judgement.let_go)
        batch.alerts, batch.excepted = folded.alerts, folded.excepted
        batch.memories = judgement.changed
        if watermark != before:
            batch.offsets[WATERMARK] = str(watermark)
        alerts = self._store.commit(batch)
        self._committed(batch, alerts, watermark)
        return alerts

    def _take(self, records: Sequence[Record | Rejected], batch: Batch) -> list[tuple[Record, Event]]:
        """The events that were never stored, each with its record; everything else is counted."""
        understood: list[Event] = []
        record_of: dict[int, Record] = {}
        for record in records:
            event = record if isinstance(record, Rejected) else understand(self._rooms, record)
            batch.received[event.source] = batch.received.get(event.source, 0) + 1
            if isinstance(event, Rejected):
                batch.rejected.append(event)
            elif isinstance(record, Record):
                understood.append(event)
                record_of[id(event)] = record
        fresh = self._store.fresh(understood)
        kept = {id(event) for event in fresh}
        for event in understood:
            if id(event) not in kept:
                batch.repeated[event.source] = batch.repeated.get(event.source, 0) + 1
        return [(record_of[id(event)], event) for event in fresh]

    def _judge(
        self,
        record: Record,
        event: Event,
        judgement: Judgement,
        batch: Batch,
        at_hand: dict[tuple[str, str], Event],
    ) -> list[Finding]:
        try:
            owned, seen = observe(self._rooms, event)
            # Whatever the store wants to know of the OCSF form must fail here or not at all.
            _ = owned.ocsf
            findings = judgement.see(seen) if seen else []
        except Exception as error:
            LOG.exception("record %d of %s", record.position, event.source)
            batch.rejected.append(internal_error(record, event.source, error))
            return []
        at_hand[owned.source, owned.uid] = owned
        batch.events.append(owned)
        return findings

    def _raise(
        self, findings: list[Finding], folded: Folded, at_hand: dict[tuple[str, str], Event], watermark: int
    ) -> None:
        if findings:
            folded.take(findings, self._clock(), lambda events: self._store.drill_of(events, at_hand), watermark)

    def _note_troubles(self, judgement: Judgement, batch: Batch) -> None:
        for (detector, key), error in judgement.troubles:
            LOG.error("tick of %s: %r", detector, error)
            detail = f"tick of {detector}: {type(error).__name__}: {error}"[:500]
            raw = key.encode("utf-8", "replace")
            batch.rejected.append(Rejected(INTERNAL, 0, "internal_error", detail, raw, self._clock()))
            batch.received[INTERNAL] = batch.received.get(INTERNAL, 0) + 1

    def _recall(self, detector: str, key: str) -> Any:
        if (detector, key) not in self._memories:
            self._memories.put((detector, key), self._store.memory(detector, key))
        return self._memories.get((detector, key), None)

    def _newest(self) -> int:
        """The newest event's time that was committed."""
        if self._watermark is None:
            stored = self._store.offset(WATERMARK)
            self._watermark = int(stored) if stored else -(1 << 62)
        return self._watermark

    def _now(self, watermark: int) -> int:
        """Event time as it stands: while no records come it goes on at the pace of the clock, so that a quiet window
        closes too; never beyond what the clock allows."""
        quiet = self._clock() - self._last_record
        return min(watermark + quiet, self._clock() + MAX_AHEAD) if quiet >= SETTLED_MS else watermark

    def _waits(self, watermark: int) -> bool:
        """Whether a memory wants a tick although no record has come."""
        return bool(self._store.due(self._now(watermark), 1))

    def _committed(self, batch: Batch, alerts: list[Alert], watermark: int) -> None:
        self._watermark = watermark
        if batch.received:
            self._last_record = self._clock()
        for key, (memory, _) in batch.memories.items():
            self._memories.put(key, memory)
        _count(batch, alerts)


def _count(batch: Batch, alerts: Sequence[Alert]) -> None:
    for source, count in batch.received.items():
        meters.RECEIVED.labels(source).inc(count)
    for source, count in batch.repeated.items():
        meters.REPEATED.labels(source).inc(count)
    for source, count in Counter(event.source for event in batch.events).items():
        meters.PROCESSED.labels(source).inc(count)
        newest = max(event.time for event in batch.events if event.source == source)
        meters.LAST_EVENT.labels(source).set(newest / 1000)
    for (source, reason), count in Counter((record.source, record.reason) for record in batch.rejected).items():
        meters.REJECTED.labels(source, reason).inc(count)
    for alert in alerts:
        meters.ALERTS.labels(alert.level, "yes" if alert.drill else "no").inc()
    for alert in batch.alerts:
        meters.FINDINGS.labels("yes" if alert.drill else "no").inc(alert.count)
        if alert.groups:
            meters.FLOODED.labels(alert.finding.rule_name[:80]).inc(alert.count)
    for (name, _), count in batch.excepted.items():
        meters.EXCEPTED.labels(name[:80]).inc(count)
