"""The embedded runner: read from every intake, judge, and make it all true in one commit."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from streams.apart import apart
from streams.correlate import DEFAULT_FLOOD, Folded, Guard
from streams.hearing import BLOCK
from streams.judgement import MAX_HOPS, Judgement, Key
from streams.normalise import internal_error
from streams.pipeline import Rooms, notice_all, understand_each
from streams.reading import Reading
from streams.remembered import Newest
from streams.times import NEVER_SEEN, Times
from yunshao import meters
from yunshao.model.alert import Alert
from yunshao.model.drill import HINT
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Finding, Observation
from yunshao.ports import Batch, Clock, Intake, PipelineStore

MAX_MEMORIES = 20_000
MAX_DUE = 20_000
MAX_ASKED = 1_000
MAX_AHEAD = 60_000
# Few, so that what was parsed is still near when it is judged and packed.
CHUNK = 256
IDLE_SECONDS = 0.5
SETTLED_MS = 5_000
LONGEST_PAUSE = 30.0
REACHED = "~watermark|"
INTERNAL = "internal"
LOG = logging.getLogger("yunshao.streams")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did: how many records it read, and the alerts that were not there before."""

    records: int
    alerts: list[Alert]


@dataclass(slots=True)
class Stretch:
    """One batch while it is worked on. `at_hand` has the first `handed` of its events; what is due is known up to
    `expected`. `taken` are the ids that the store knows as this batch's; `plain` waits to be packed;
    `rehearsed` (by source and uid) are a drill's."""

    judgement: Judgement
    times: Times
    horizon: int
    batch: Batch
    folded: Folded
    at_hand: dict[tuple[str, str], Event]
    handed: int = 0
    expected: int = NEVER_SEEN
    taken: set[Any] = field(default_factory=set)
    plain: list[Event] = field(default_factory=list)
    rehearsed: set[tuple[str, str]] = field(default_factory=set)


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
        # For what is a drill's from end to end: detectors that learn are not asked.
        self._unlearning = replace(rooms, detectors=[one for one in rooms.detectors if one.name not in rooms.learners])
        self._clock = clock
        self._reading = Reading(intakes, store, clock, batch_size)
        self._memories: Newest[Key, Any] = Newest(MAX_MEMORIES)
        self._reached: dict[str, int] | None = None
        self._started = clock()
        self._heard: dict[str, int] = {}
        self.trouble = ""

    def turn(self) -> Turn:
        """Read one batch, judge it, commit it. Raises Unreachable where the store fails; then nothing has happened."""
        started = perf_counter()
        batch = Batch()
        try:
            records = self._reading.read(batch)
            something = records or batch.offsets or self._waits()
            alerts = self._process(records, batch) if something else []
        except BaseException:
            # What was remembered in this turn was never made true.
            self._memories.clear()
            self._reached = None
            raise
        if records:
            meters.BATCH_SECONDS.observe(perf_counter() - started)
        return Turn(len(records), alerts)

    def settle(self) -> Turn:
        """Judge what waits for late events, as if none came: for a run that ends. Raises Unreachable as `turn` does."""
        try:
            return Turn(0, self._process([], Batch(), settled=True))
        except BaseException:
            self._memories.clear()
            self._reached = None
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
        times = Times(self._newest())
        judgement = Judgement(self._rooms, self._recall, times)
        stretch = Stretch(judgement, times, self._clock() + MAX_AHEAD, batch, Folded(Guard(judgement, self._flood)), {})
        for start in range(0, len(records), CHUNK):
            fresh = self._take(records[start : start + CHUNK], stretch)
            for at in range(0, len(fresh), BLOCK):
                self._look(fresh[at : at + BLOCK], stretch)
        reached = times.known()
        self._rest(times)
        self._expect(stretch, self._rooms.lateness + MAX_HOPS if settled else 0)
        self._raise(judgement.settle() if settled else judgement.pass_time(), stretch)
        self._note_troubles(judgement, batch)
        meters.LET_GO.inc(judgement.let_go)
        batch.alerts, batch.excepted = stretch.folded.alerts, stretch.folded.excepted
        batch.memories = judgement.changed
        before = self._newest()
        batch.offsets.update({f"{REACHED}{name}": str(at) for name, at in reached.items() if before.get(name) != at})
        alerts = self._store.commit(batch)
        self._committed(stretch, alerts, reached)
        return alerts

    def _look(self, fresh: Sequence[tuple[Record, Event]], stretch: Stretch) -> None:
        """Judge these events in order; most mean nothing to any detector."""
        latest = max((event.time for _, event in fresh if event.time <= stretch.horizon), default=NEVER_SEEN)
        self._expect(stretch, max(0, latest - stretch.times.newest))
        drills = self._drills_of(fresh)
        stretch.rehearsed.update((fresh[place][1].source, fresh[place][1].uid) for place in drills)
        rooms = self._unlearning if len(drills) == len(fresh) else self._rooms
        owned, found = notice_all(rooms, [event for _, event in fresh])
        looked = ((place, self._apart(drills.get(place, ""), seen)) for place, seen in found.items())
        noticed = {place: seen for place, seen in looked if seen}
        self._recall_all(each for each in noticed.values() if not isinstance(each, Exception))
        known = [(record, event) for (record, _), event in zip(fresh, owned, strict=True)]
        start = 0
        for place in sorted(noticed):
            self._pass(known[start:place], stretch)
            self._judge(*known[place], noticed[place], stretch)
            start = place + 1
        self._pass(known[start:], stretch)
        # Once a block, whatever stands in between: a pack of two costs as much as one of many.
        if stretch.plain:
            stretch.batch.packed.append(self._store.pack(stretch.plain))
            stretch.plain = []

    def _drills_of(self, fresh: Sequence[tuple[Record, Event]]) -> dict[int, str]:
        """Which of these are a drill's, by their place; the register is asked about what came with the hint alone."""
        hinted = [(place, event) for place, (record, event) in enumerate(fresh) if record.hint == HINT]
        drill_of = self._store.drill_of
        found = {place: drill_of([event.ref], {(event.source, event.uid): event}) for place, event in hinted}
        return {place: drill for place, drill in found.items() if drill}

    def _apart(self, drill: str, seen: Sequence[Observation] | Exception) -> Sequence[Observation] | Exception:
        """What an event means; under keys of its own where it is a drill's."""
        return seen if not drill or isinstance(seen, Exception) else apart(seen, drill, self._rooms.learners)

    def _pass(self, known: Sequence[tuple[Record, Event]], stretch: Stretch) -> None:
        """Take what no detector wants to know of: nothing comes of it but that time passes."""
        if len(known) < 2 or not self._leaps([event for _, event in known], stretch):
            for record, event in known:
                self._judge(record, event, (), stretch)
            return
        for record, event in known:
            try:
                _ = event.ocsf
            except Exception as error:  # noqa: BLE001 - told and kept as a rejected record
                self._refuse(record, error, stretch)
            else:
                stretch.plain.append(event)

    def _leaps(self, events: Sequence[Event], stretch: Stretch) -> bool:
        """Let the time of these come at once, if nothing becomes due in it."""
        source, newest = events[0].source, max(event.time for event in events)
        if newest > stretch.horizon or any(event.source != source for event in events):
            return False
        return stretch.judgement.leap(source, newest)

    def _expect(self, stretch: Stretch, beyond: int) -> None:
        """Recall what is due by the newest time, and `beyond` it."""
        until = stretch.times.newest + beyond
        if until > stretch.expected:
            stretch.judgement.expect(self._store.due(until, MAX_DUE, stretch.expected))
            stretch.expected = until

    def _take(self, records: Sequence[Record | Rejected], stretch: Stretch) -> list[tuple[Record, Event]]:
        """The events that were never stored, each with its record; everything else is counted."""
        batch = stretch.batch
        understood: list[Event] = []
        record_of: dict[int, Record] = {}
        found = understand_each(self._rooms, records)
        _add(batch.received, found)
        for record, event in zip(records, found, strict=True):
            if isinstance(event, Rejected):
                batch.rejected.append(event)
            elif isinstance(record, Record):
                understood.append(event)
                record_of[id(event)] = record
        fresh = self._store.fresh(understood, stretch.taken)
        if len(fresh) < len(understood):
            kept = {id(event) for event in fresh}
            _add(batch.repeated, [event for event in understood if id(event) not in kept])
        return [(record_of[id(event)], event) for event in fresh]

    def _judge(self, record: Record, event: Event, seen: Sequence[Observation] | Exception, stretch: Stretch) -> None:
        """Keep the event and raise what it amounts to, and what is due by its time."""
        judgement = stretch.judgement
        if event.time <= stretch.horizon:
            stretch.times.note(event.source, event.time)
        if judgement.waits:
            self._raise(judgement.pass_time(), stretch)
        try:
            if isinstance(seen, Exception):
                raise seen
            # Whatever the store wants to know of the OCSF form must fail here or not at all.
            _ = event.ocsf
            findings = judgement.see(seen) if seen else []
        except Exception as error:  # noqa: BLE001 - told and kept as a rejected record
            self._refuse(record, error, stretch)
        else:
            stretch.batch.events.append(event)
            self._raise(findings, stretch)
        # A late event may open what is due already.
        if judgement.waits:
            self._raise(judgement.pass_time(), stretch)

    def _refuse(self, record: Record, error: Exception, stretch: Stretch) -> None:
        LOG.error("record %d of %s", record.position, record.source, exc_info=error)
        stretch.batch.rejected.append(internal_error(record, record.source, error))

    def _raise(self, findings: list[Finding], stretch: Stretch) -> None:
        if not findings:
            return
        at_hand = stretch.at_hand
        for event in stretch.batch.events[stretch.handed :]:
            at_hand[event.source, event.uid] = event
        stretch.handed = len(stretch.batch.events)
        drill_of = self._store.drill_of
        stretch.folded.take(findings, self._clock(), lambda events: drill_of(events, at_hand), stretch.times.newest)

    def _note_troubles(self, judgement: Judgement, batch: Batch) -> None:
        for (detector, key), error in judgement.troubles:
            LOG.error("tick of %s: %r", detector, error)
            detail = f"tick of {detector}: {type(error).__name__}: {error}"[:500]
            raw = key.encode("utf-8", "replace")
            batch.rejected.append(Rejected(INTERNAL, 0, "internal_error", detail, raw, self._clock()))
            batch.received[INTERNAL] = batch.received.get(INTERNAL, 0) + 1

    def _recall_all(self, observed: Iterable[Sequence[Observation]]) -> None:
        """Recall in one go what these will be judged against."""
        named = {(seen.detector, seen.key) for each in observed for seen in each}
        wanted = [key for key in named if key not in self._memories]
        if len(wanted) > 1:
            found = self._store.memories(wanted)
            for key in wanted:
                self._memories.put(key, found.get(key))

    def _recall(self, detector: str, key: str) -> Any:
        if (detector, key) not in self._memories:
            self._memories.put((detector, key), self._store.memory(detector, key))
        return self._memories.get((detector, key), None)

    def _newest(self) -> dict[str, int]:
        """The newest event's time that was committed, by source."""
        if self._reached is None:
            stored = {name: self._store.offset(f"{REACHED}{name}") for name in self._rooms.parsers}
            self._reached = {name: int(at) for name, at in stored.items() if at}
        return self._reached

    def _rest(self, times: Times) -> None:
        """While a source says nothing its time goes on at the pace of the clock, so that a quiet window closes too;
        never beyond what the clock allows."""
        clock = self._clock()
        for source, newest in times.known().items():
            quiet = clock - self._heard.get(source, self._started)
            if quiet >= SETTLED_MS:
                times.note(source, min(newest + quiet, clock + MAX_AHEAD))

    def _waits(self) -> bool:
        """Whether a memory wants a tick although no record has come."""
        times = Times(self._newest())
        self._rest(times)
        hears = self._rooms.hears
        due = self._store.due(times.newest, MAX_ASKED)
        return any(at <= times.of(hears(detector, key)) for detector, key, at in due)

    def _committed(self, stretch: Stretch, alerts: list[Alert], reached: dict[str, int]) -> None:
        batch = stretch.batch
        self._reached = reached
        clock = self._clock()
        self._heard.update(dict.fromkeys(batch.received, clock))
        for key, (memory, _) in batch.memories.items():
            self._memories.put(key, memory)
        _count(batch, alerts, stretch.rehearsed)


def _add(counts: dict[str, int], found: Iterable[Event | Rejected]) -> None:
    for source, count in Counter(each.source for each in found).items():
        counts[source] = counts.get(source, 0) + count


def _count(batch: Batch, alerts: Sequence[Alert], rehearsed: set[tuple[str, str]]) -> None:
    for source, count in batch.received.items():
        meters.RECEIVED.labels(source).inc(count)
    for source, count in batch.repeated.items():
        meters.REPEATED.labels(source).inc(count)
    processed = Counter(event.source for event in batch.events)
    newest: dict[str, int] = {}
    for event in (one for one in batch.events if (one.source, one.uid) not in rehearsed):
        newest[event.source] = max(newest.get(event.source, event.time), event.time)
    for packed in batch.packed:
        processed.update(packed.counts)
        for source, time in packed.newest.items():
            newest[source] = max(newest.get(source, time), time)
    for source, count in processed.items():
        meters.PROCESSED.labels(source).inc(count)
        if source in newest:
            meters.LAST_EVENT.labels(source).set(newest[source] / 1000)
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
