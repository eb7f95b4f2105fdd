"""The same events through one process, and through a broker, workers and a node: rates for each core that is used.

Needs Java and Maven (see deploy/servers.py); without them there are no rows. All figures are of processor seconds, of
each process by itself, but for the time from event to alert: the machine's other work does not count.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kafka
import orjson

from bench.detect import CLOUDTRAIL
from bench.lines import event, lines
from console.roles.cluster import settle_cluster
from console.wiring import Workspace, open_workspace, settled, wall_clock
from playbooks.scenes import demo_estate
from streams.pipeline import understand
from streams.run_embedded import Embedded
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.kafka.apply import apply, committed, ends
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.model.event import Event, Record, Rejected
from yunshao.settings import ClusterSettings
from yunshao.wire.envelope import sealed

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "deploy"))

import servers

COUNT, SINGLE, BULK = 12_000, 300, 8_000
LATENCY_SECONDS, IDLE_SECONDS = 20, 8
MARKED = re.compile("marked-[0-9]+")
Row = dict[str, object]


@dataclass
class Stand:
    """Both engines, and a workspace for each trial."""

    folder: Path
    broker: servers.Kafka
    node: servers.Search
    records: list[Record]
    trials: int = 0
    measured: dict[str, float] = field(default_factory=dict)

    def cluster(self, partitions: int = 2) -> tuple[ClusterSettings, Path]:
        """A cluster of its own, with its topics, and its workspace."""
        self.trials += 1
        made = ClusterSettings(
            kafka=self.broker.address, opensearch=self.node.address, prefix=f"b{self.trials}", partitions=partitions
        )
        apply(made)
        place = self.folder / made.prefix
        place.mkdir()
        (place / "org.yaml").write_text(demo_estate(), encoding="utf-8")
        settings = {"language": "en", "detect": {"anomalies": False}, "cluster": made.model_dump()}
        (place / "yunshao.yaml").write_text(json.dumps(settings), encoding="utf-8")
        return made, place


def seconds_of(pid: int) -> float:
    """Processor seconds of a living process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Workers:
    """Workers that run; `spent` is what they used since they were ready."""

    def __init__(self, place: Path, count: int) -> None:
        self._logs = [place / f"w{number}.log" for number in range(count)]
        self._processes = [self._begin(place, number) for number in range(count)]
        for log in self._logs:
            while "Worker]: Ready" not in log.read_text("utf-8", "replace"):
                time.sleep(0.1)
        time.sleep(3)
        self._before = self._seconds()

    def _begin(self, place: Path, number: int) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "faust", "-A", "console.roles.faust_app", "worker", "--without-web"]
        more = {"YUNSHAO_WORKSPACE": str(place), "YUNSHAO_WORKER": f"w{number}"}
        with self._logs[number].open("ab") as log:
            return subprocess.Popen([*words, "-l", "info"], stdout=log, stderr=log, env={**os.environ, **more})

    def _seconds(self) -> list[float]:
        return [seconds_of(process.pid) for process in self._processes]

    @property
    def spent(self) -> float:
        return sum(self._seconds()) - sum(self._before)

    def idle(self) -> float:
        """What they use of a second when nothing comes: each tells every shard the time."""
        before, clock = self.spent, time.monotonic()
        time.sleep(IDLE_SECONDS)
        return (self.spent - before) / (time.monotonic() - clock)

    @property
    def memory(self) -> int:
        """Bytes that the largest holds."""
        return max(int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) for process in self._processes) * 4096

    def close(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            process.wait(60)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Both engines, the node with the compiler that it has in earnest."""
    broker, node = servers.Kafka(), servers.Search(jvm="-XX:+TieredCompilation")
    made = [Record(CLOUDTRAIL, line.rstrip(b"\n"), at, wall_clock()) for at, line in enumerate(lines(COUNT, 3), 1)]
    try:
        broker.start()
        node.start()
        yield Stand(folder, broker, node, made)
    finally:
        node.stop()
        broker.stop()


def rows(folder: Path, told: dict[str, float] | None = None) -> list[Row]:
    """Every row; none where there are no servers. `told` gets what `bench.capacity` reckons with."""
    if servers.missing():
        return []
    with stand(folder) as here:
        one = _embedded(here)
        here.measured["embedded"] = COUNT / one
        found = [_bulk(here), *_through(here, one), _single(here), _fan_out(here), _latency(here)]
        if told is not None:
            told.update(here.measured)
    return found


class _Given:
    """An intake of records that are there."""

    name = "given"

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def read(self, offset: str, limit: int) -> tuple[list[Record | Rejected], str]:
        start = int(offset or 0)
        part: list[Record | Rejected] = list(self._records[start : start + limit])
        return part, str(start + len(part))


def _embedded(here: Stand) -> float:
    """Processor seconds of one process for the same records and rules, from the record to the commit."""
    _, folder = here.cluster()
    place = open_workspace(folder)
    rooms = place.rooms()
    settled()
    spent = []
    for number in range(2):
        with closing(SqliteStore(folder / f"embedded-{number}")) as store:
            runner = Embedded(rooms, store, [_Given(here.records)], wall_clock, 5_000)
            started = time.process_time()
            while runner.turn().records:
                pass
            spent.append(time.process_time() - started)
    return min(spent)


def _sent(cluster: ClusterSettings, records: Sequence[Record]) -> float:
    """Processor seconds of a collector's sending; half to each of two lanes, as two sources would."""
    with closing(KafkaBus(cluster)) as bus:
        intakes = [name for lane in range(cluster.partitions) for name in _intakes(bus, lane)]
        started = time.process_time()
        for at in range(0, len(records), 500):
            bus.send(intakes[at // 500 % len(intakes)], records[at : at + 500])
        return time.process_time() - started


def _intakes(bus: KafkaBus, lane: int) -> Iterator[str]:
    """The first name whose records go to this lane."""
    for number in range(10_000):
        if bus.lane(f"intake-{number}", CLOUDTRAIL) == lane:
            yield f"intake-{number}"
            return


def _finished(cluster: ClusterSettings, name: str = "raw") -> None:
    topic = f"{cluster.prefix}.{name}"
    last = ends(cluster, topic)
    while any(committed(cluster).get((topic, part), 0) < at for part, at in last.items()):
        time.sleep(0.3)


@dataclass(frozen=True, slots=True)
class _Ran:
    wall: float
    workers: float
    node: float
    broker: float
    memory: int


def _run(here: Stand, cluster: ClusterSettings, place: Path, count: int) -> _Ran:
    """All records, read by so many workers; what they use when nothing comes is taken off."""
    engines = [server.process.pid for server in (here.node, here.broker) if server.process]
    with closing(Workers(place, count)) as workers:
        # The workers wait for the first record until all of them have their partitions.
        before, started = [seconds_of(pid) for pid in engines], time.monotonic()
        _sent(cluster, here.records)
        _finished(cluster)
        settle_cluster(cluster)
        wall = time.monotonic() - started
        node, broker = (seconds_of(pid) - was for pid, was in zip(engines, before, strict=True))
        spent = workers.spent
        return _Ran(wall, max(0.01, spent - wall * workers.idle()), node, broker, workers.memory)


def _through(here: Stand, embedded: float) -> list[Row]:
    cluster, place = here.cluster()
    sending = _sent(here.cluster()[0], here.records)
    one = _run(here, cluster, place, 1)
    used = one.workers + sending
    two = _run(here, *here.cluster(), 2)
    raw = _topic_bytes(here, cluster) / COUNT
    here.measured |= {
        "collect": sending / COUNT, "work": one.workers / COUNT, "node": one.node / COUNT,
        "broker": one.broker / COUNT, "raw_bytes": raw, "stored_bytes": _index_bytes(cluster) / COUNT,
        "worker_memory": one.memory, "clock": COUNT / one.wall,
    }  # fmt: skip
    return [
        {
            "what": f"through broker and worker / embedded, {COUNT:,} fresh CloudTrail events, per core used",
            "value": f"{embedded / used:.2f}",
            "goal": "0.6 or more",
            "beside": f"{COUNT / used:,.0f}/s against {COUNT / embedded:,.0f}/s; the worker {COUNT / one.workers:,.0f}/s,"
            f" sending {COUNT / sending:,.0f}/s; beside them the node {COUNT / one.node:,.0f}/s,"
            f" the broker {COUNT / one.broker:,.0f}/s",
        },
        {
            "what": "two workers on two partitions / one, by the clock",
            "value": f"{one.wall / two.wall:.2f}",
            "goal": "1.6 as far as two cores allow: broker and node run on them too",
            "beside": f"{COUNT / two.wall:,.0f}/s against {COUNT / one.wall:,.0f}/s; processor seconds of all workers"
            f" {two.workers:.1f} against {one.workers:.1f}",
        },
    ]


def _single(here: Stand) -> Row:
    """One message an event, as against envelopes."""
    cluster, place = here.cluster()
    with closing(Workers(place, 1)) as workers:
        with closing(kafka.KafkaProducer(bootstrap_servers=cluster.kafka, acks="all")) as producer:
            for record in here.records[:SINGLE]:
                producer.send(f"{cluster.prefix}.raw", value=sealed([record]), partition=record.position % 2)
            producer.flush()
        _finished(cluster)
        alone = SINGLE / workers.spent
    together = 1 / here.measured["work"]
    return {
        "what": "a worker on envelopes of 500 / on one message an event",
        "value": f"{together / alone:.1f}",
        "goal": "",
        "beside": f"{together:,.0f}/s against {alone:,.0f}/s of its core",
    }


def _fan_out(here: Stand) -> Row:
    """What it costs that every envelope tells every shard: the same events over many partitions."""
    many = 32
    cluster, place = here.cluster(many)
    ran = _run(here, cluster, place, 1)
    envelopes = COUNT / 500
    message = max(0.0, ran.workers - here.measured["work"] * COUNT) / (envelopes * (many - 2))
    here.measured["message"] = message
    return {
        "what": f"a message to a shard, from {many} partitions against 2",
        "value": f"{message * 1e3:.2f} ms of a core",
        "goal": "",
        "beside": f"{ran.workers:.1f} s of the worker for {COUNT:,} events",
    }


def _bulk(here: Stand) -> Row:
    """The store by itself: 500 events a request, as a worker writes them."""
    cluster, folder = here.cluster()
    place: Workspace = open_workspace(folder)
    rooms = place.rooms()
    found = [understand(rooms, record) for record in here.records[:BULK]]
    events = [one for one in found if isinstance(one, Event)]
    for one in events:
        _ = one.ocsf
    with closing(SearchStore(cluster)) as store:
        half = len(events) // 2
        for part in (events[:half], events[half:]):
            # The first half warms the node's compiler.
            pid = here.node.process.pid if here.node.process else 0
            node, client, clock = seconds_of(pid), time.process_time(), time.monotonic()
            for at in range(0, len(part), 500):
                some = part[at : at + 500]
                store.keep_events(some, [f"0/{at}/{place}" for place in range(len(some))])
            client, clock = time.process_time() - client, time.monotonic() - clock
            node = seconds_of(pid) - node
    here.measured["bulk_client"] = client / half
    return {
        "what": "bulk writes of 500 events to OpenSearch",
        "value": f"{half / clock:,.0f}/s",
        "goal": "",
        "beside": f"{half / client:,.0f}/s of the writer's core, {half / node:,.0f}/s of the node's;"
        f" in units of the embedded full path the writer takes {client / half * here.measured['embedded']:.2f}",
    }


def _topic_bytes(here: Stand, cluster: ClusterSettings) -> float:
    folders = list(here.broker.data.glob(f"{cluster.prefix}.raw-*"))
    return float(sum(path.stat().st_size for folder in folders for path in folder.glob("*.log")))


def _index_bytes(cluster: ClusterSettings) -> float:
    with closing(SearchStore(cluster)) as store:
        client = store._node.client
        client.indices.forcemerge(
            index=f"{cluster.prefix}-events-*", params={"max_num_segments": 1}, request_timeout=300
        )
        return float(
            client.indices.stats(index=f"{cluster.prefix}-events-*")["_all"]["primaries"]["store"]["size_in_bytes"]
        )


def _latency(here: Stand) -> Row:
    """From the collector's hand to the alert in the node, at half of what a worker carried here by the clock."""
    rate = max(20, int(min(2_000.0, 0.5 * here.measured["clock"]) / 10) * 10)
    cluster, place = here.cluster()
    chance = random.Random(5)
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    stop = threading.Event()
    with closing(SearchStore(cluster)) as store, closing(Workers(place, 1)), closing(KafkaBus(cluster)) as bus:
        watcher = threading.Thread(target=_watch, args=(store, seen, stop), daemon=True)
        watcher.start()
        started = time.monotonic()
        for step in range(LATENCY_SECONDS * 10):
            time.sleep(max(0.0, started + step / 10 - time.monotonic()))
            rows = [event(chance, step * rate // 10 + number) for number in range(rate // 10)]
            if step >= 30 and step % 3 == 0:
                name = f"marked-{step}"
                rows[0] |= _remarkable(name)
                sent[name] = time.monotonic()
            now = wall_clock()
            bus.send("told", [Record(CLOUDTRAIL, orjson.dumps(row), at, now) for at, row in enumerate(rows)])
        end = time.monotonic() + 15
        while len(seen) < len(sent) and time.monotonic() < end:
            time.sleep(0.1)
        stop.set()
        watcher.join()
    waits = sorted(seen[name] - at for name, at in sent.items() if name in seen)
    at = [waits[min(len(waits) - 1, int(len(waits) * part))] for part in (0.5, 0.95, 0.99)] if waits else [0.0] * 3
    return {
        "what": f"record to alert on a cluster, {rate:,} events/s, half of what a worker carried by the clock",
        "value": f"p50 {at[0]:.2f} s, p95 {at[1]:.2f} s, p99 {at[2]:.2f} s",
        "goal": "p99 under 2 s",
        "beside": f"{len(waits)} alerts measured, {len(sent) - len(waits)} not seen",
    }


def _watch(store: SearchStore, seen: dict[str, float], stop: threading.Event) -> None:
    """Note when each alert is in the node."""
    newest = store.last_sequence()
    while not stop.is_set():
        for sequence, alert in store.alerts_after(newest):
            newest = max(newest, sequence)
            for name in MARKED.findall(repr(alert.finding)):
                seen.setdefault(name, time.monotonic())
        # Alerts are searched for: the node shows them a second after they are written, unless it is asked to.
        store._node.client.indices.refresh(index=f"{store._node.cluster.prefix}-alerts")
        time.sleep(0.05)


def _remarkable(name: str) -> dict[str, Any]:
    return {
        "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": False,
        "userIdentity": {"type": "IAMUser", "userName": name, "arn": f"arn:aws:iam::111122223333:user/{name}",
                         "accountId": "111122223333", "principalId": name},
        "requestParameters": {"name": "city-trail"},
    }  # fmt: skip


def main() -> None:
    """The rows of the cluster alone, and what `bench.capacity` reckons with."""
    told: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for row in rows(Path(name), told):
            sys.stdout.write(f"| {row['what']} | {row['value']} | {row['goal']} | {row['beside']} |\n")
    sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main()
