"""A city whose parts die while it lives: what is fed, what is killed, how long until all goes on, what must hold."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import kafka
from cluster_workers import CommandProcess, WorkerProcess, workspace
from kafka.errors import KafkaError
from test_parity_cluster import EVERY, comparable, embedded, register

from console.cli.main import run
from console.roles.cluster import settle_cluster
from console.wiring import open_workspace
from playbooks.scenes import Line, demo_city, demo_estate, story
from playbooks.scenes.feed import demo_live
from yunshao.adapters.kafka.apply import apply
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.model.event import Record
from yunshao.settings import ClusterSettings
from yunshao.wire.envelope import opened

SINCE = 1_790_000_000_000
RECEIVED = SINCE + 30 * 86_400_000
SOURCES = ("aws.cloudtrail", "k8s.audit", "zeek", "suricata.eve", "syslog")
SLICE, WAITING = 200, 3
"""Lines that are written at once (some 45 s of their time), and how many slices the workers may be behind.

What dies holds its own lane up, so lines come out of order by as much; within `LATENESS` that must change nothing."""
LATENESS = 600
GARBAGE_EVERY = 97
PATIENCE = 180.0


def living(seed: int, count: int) -> tuple[list[Line], list[Line]]:
    """A city that lives, with a story every minute or so, damaged lines, and a drill; and the lines of the drill."""
    city = demo_city()
    drill = story("mass_delete", city, SINCE + 60_000, f"a drill {seed}")
    lines = [*islice(demo_live(city, seed, SINCE), count), *drill]
    lines.sort(key=lambda line: line.time)
    damaged = [line._replace(raw=b'{"damaged":%d}' % at) for at, line in enumerate(lines[::GARBAGE_EVERY])]
    return sorted([*lines, *damaged], key=lambda line: line.time), drill


def mark(source: str, raw: bytes) -> bytes:
    return hashlib.blake2b(source.encode() + b"\0" + raw, digest_size=12).digest()


class Tap:
    """Everything that was acknowledged, read from the raw topic; and how far the workers are."""

    def __init__(self, cluster: ClusterSettings) -> None:
        self.seen: Counter[bytes] = Counter()
        self.records = 0
        self._stop = threading.Event()
        self.parts = [kafka.TopicPartition(f"{cluster.prefix}.raw", part) for part in range(cluster.partitions)]
        self._reader = self._consumer(cluster, None)
        self._reader.assign(self.parts)
        self._asker = self._consumer(cluster, f"{cluster.prefix}-worker")
        self.at = dict.fromkeys(self.parts, 0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _consumer(cluster: ClusterSettings, group: str | None) -> Any:
        return kafka.KafkaConsumer(
            bootstrap_servers=cluster.kafka, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest",
            request_timeout_ms=5_000, reconnect_backoff_max_ms=500, retry_backoff_ms=100,
        )  # fmt: skip

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                found = self._reader.poll(timeout_ms=200)
            except KafkaError:
                continue
            for part, messages in found.items():
                for message in messages:
                    items = opened(message.value)
                    self.seen.update(mark(item.source, item.raw) for item in items)
                    self.records += len(items)
                    self.at[part] = message.offset + 1

    def done(self) -> dict[Any, int] | None:
        """The next message that the workers have to finish, by partition; None where the broker does not say."""
        try:
            return {part: self._asker.committed(part, timeout_ms=3_000) or 0 for part in self.parts}
        except (KafkaError, AssertionError, OSError):
            return None

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self._reader.close()
        self._asker.close()


class Feeder(threading.Thread):
    """Writes the lines into files as sources do, never further ahead of collector and workers than some slices."""

    def __init__(self, place: Path, lines: Sequence[Line], tap: Tap, pause: float) -> None:
        super().__init__(daemon=True)
        self._files = {name: (place / "logs" / f"{name}.log").open("ab", buffering=0) for name in SOURCES}
        self._slices = [lines[at : at + SLICE] for at in range(0, len(lines), SLICE)]
        self._tap, self._pause = tap, pause
        self.fed: list[Line] = []
        self.enough = threading.Event()
        self.waits_for = ""

    def run(self) -> None:
        ends: list[dict[Any, int]] = []
        for number, part in enumerate(self._slices):
            if self.enough.is_set():
                break
            texts: dict[str, list[bytes]] = {}
            for line in part:
                texts.setdefault(line.source, []).append(line.raw + b"\n")
            for name, found in texts.items():
                self._files[name].write(b"".join(found))
            self.fed += part
            self._wait("collector", lambda part=part: all(mark(one.source, one.raw) in self._tap.seen for one in part))
            ends.append(dict(self._tap.at))
            if number >= WAITING:
                self._wait("workers", lambda end=ends[number - WAITING]: self._done(end))
            time.sleep(self._pause)
        for file in self._files.values():
            file.close()

    def _done(self, end: dict[Any, int]) -> bool:
        done = self._tap.done()
        return done is not None and all(done[part] >= at for part, at in end.items())

    def _wait(self, what: str, there: Callable[[], bool]) -> None:
        self.waits_for = what
        while not there():
            time.sleep(0.05)
        self.waits_for = ""


def _apart(got: str, wanted: str) -> str:
    """What differs between two alerts, field by field."""
    one, other = json.loads(got), json.loads(wanted)
    return "; ".join(
        f"{field}: {str(one.get(field))[:600]} for {str(other.get(field))[:600]}"
        for field in other
        if one.get(field) != other[field]
    )


@dataclass
class Trial:
    """A cluster under load. `cut` and `mend` are what happens to the node; `broker` is the trial's own."""

    cluster: ClusterSettings
    place: Path
    broker: Any
    cut: Callable[[], None]
    mend: Callable[[], None]
    chance: random.Random
    tap: Tap
    feeder: Feeder
    drill: list[Line]
    collector: CommandProcess
    workers: dict[str, WorkerProcess] = field(default_factory=dict)
    rows: list[tuple[str, float]] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)

    def worker(self, name: str) -> None:
        self.workers[name] = WorkerProcess(self.place, name)

    def supervised(self) -> None:
        """What ended by itself is started again, and told."""
        for name, process in (("collector", self.collector), *self.workers.items()):
            if process.process.poll() is not None:
                self.ended[name] += 1
                process.again()

    def fault(self, kind: str) -> None:
        """One death, or a worker that comes or goes, and the time until all that stood there is done, and more."""
        time.sleep(self.chance.uniform(0.2, 1.5))
        records, ends = self.tap.records, dict(self.tap.at)
        before = self.tap.done() or dict.fromkeys(self.tap.parts, 0)
        started = time.monotonic()
        getattr(self, f"_{kind}")()
        if kind == "collector":
            self._until(kind, lambda: self.tap.records > records)
        else:
            self._until(kind, lambda: self._moved(before, ends))
        self.rows.append((kind, time.monotonic() - started))

    def _moved(self, before: dict[Any, int], ends: dict[Any, int]) -> bool:
        """Whether all that stood there when it happened is done, and something since."""
        done = self.tap.done()
        if done is None:
            return False
        return all(done[part] >= at for part, at in ends.items()) and sum(done.values()) > sum(before.values())

    def _until(self, kind: str, there: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not there():
            assert time.monotonic() < end, f"{kind}: nothing goes on\n{self.logs()}"
            self.supervised()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(process.said[-2500:] for process in (self.collector, *self.workers.values()))

    def _worker(self) -> None:
        process = self.workers[self.chance.choice(sorted(self.workers))]
        process.kill()
        time.sleep(self.chance.uniform(0, 1.0))
        process.again()

    def _collector(self) -> None:
        self.collector.kill()
        time.sleep(self.chance.uniform(0, 1.0))
        self.collector.again()

    def _broker(self) -> None:
        self.broker.kill()
        time.sleep(self.chance.uniform(0, 2.0))
        self.broker.start()

    def _node(self) -> None:
        self.cut()
        time.sleep(self.chance.uniform(0, 2.0))
        self.mend()

    def _joins(self) -> None:
        self.worker(f"worker-{len(self.workers)}")
        next(reversed(self.workers.values())).wait_for("begins at step", PATIENCE)

    def _leaves(self) -> None:
        _, process = self.workers.popitem()
        # One that was killed a moment ago and is being loaded again has nothing to hand over yet.
        self._until("leaves", lambda: "Worker]: Ready" in process.said_in_this_life)
        assert process.stop(60) == 0, process.said[-3000:]

    def finish(self) -> None:
        """Nothing more is fed; wait until all of it is judged."""
        self.feeder.enough.set()
        end = time.monotonic() + PATIENCE
        while self.feeder.is_alive():
            assert time.monotonic() < end, f"{self.feeder.waits_for} does not go on\n{self.logs()}"
            self.supervised()
            time.sleep(0.1)
        settle_cluster(self.cluster, PATIENCE, lambda _what, _left: self.supervised())

    def check(self, show: Callable[[str], None]) -> None:
        """Nothing lost, nothing doubled, the ledger balances, the alerts are those of one process that nobody kills."""
        lines = self.feeder.fed
        records = [Record(one.source, one.raw, number, RECEIVED) for number, one in enumerate(lines, start=1)]
        raw = {mark(line.source, line.raw) for line in lines}
        assert set(self.tap.seen) == raw
        expected = embedded(open_workspace(self.place), records, self.drill, RECEIVED)
        store = SearchStore(self.cluster)
        rows = store.sources()
        wanted = {row["source"]: row for row in expected.sources()}
        for row in rows:
            assert row["received"] == row["processed"] + row["rejected"] + row["repeated"], row
            assert row["processed"] == wanted[row["source"]]["processed"], (row, wanted[row["source"]])
        # The ledger has a drill's records too, the figures of sources have not.
        assert sum(row["received"] for row in store.ledger(0, 1 << 62)) == self.tap.records
        stored = {(one.source, one.uid) for one in store.events_between(0, SINCE * 2)}
        assert stored == {(one.source, one.uid) for one in expected.events_between(0, SINCE * 2)}
        here, there = comparable(store.alerts(EVERY)), comparable(expected.alerts(EVERY))
        assert there
        missing, extra = [there[key] for key in there.keys() - here], [here[key] for key in here.keys() - there]
        assert (missing, extra) == ([], []), f"missing: {missing}\nextra: {extra}"
        differ = [_apart(here[key], text) for key, text in there.items() if here[key] != text]
        assert not differ, "\n".join(differ)
        assert run(["ledger", "verify", "-w", str(self.place)]) == 0
        again = self.tap.records - len(raw)
        show(
            f"{len(raw):,} records, {again:,} of them sent again, {len(stored):,} events, {len(here)} alerts: "
            f"nothing lost, nothing doubled; ended by themselves and started again: {dict(self.ended) or 'none'}"
        )

    def table(self, show: Callable[[str], None]) -> None:
        """How long it took until all went on, by what was done."""
        for kind in dict(self.rows):
            took = sorted(seconds for what, seconds in self.rows if what == kind)
            show(
                f"{kind:<10} {len(took):>3} times, all went on after "
                f"{took[len(took) // 2]:5.1f} s (median), {took[-1]:5.1f} s (longest)"
            )

    def close(self) -> None:
        for process in (self.collector, *self.workers.values()):
            if process.process.poll() is None:
                process.stop()
        self.tap.close()


def trial(
    folder: Path, cluster: ClusterSettings, broker: Any, node: tuple[Callable[[], None], Callable[[], None]],
    seed: int, count: int, pause: float,
) -> Iterator[Trial]:  # fmt: skip
    """A trial that runs, and is ended whatever happens: as a fixture."""
    apply(cluster)
    detect = f"lateness: {LATENESS}, anomalies: false"
    place = workspace(folder, cluster, demo_estate(), detect, SOURCES)
    lines, drill = living(seed, count)
    register(SearchStore(cluster), drill)
    tap = Tap(cluster)
    feeder = Feeder(place, lines, tap, pause)
    made = Trial(
        cluster, place, broker, *node, random.Random(seed), tap, feeder, drill, CommandProcess(place, "collect")
    )
    try:
        made.worker("worker-0")
        made.workers["worker-0"].wait_for("Worker]: Ready")
        feeder.start()
        made.workers["worker-0"].wait_for("begins at step")
        yield made
    finally:
        feeder.enough.set()
        made.close()
