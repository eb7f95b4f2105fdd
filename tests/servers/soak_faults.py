"""The long runs behind `make soak`: more than fifty deaths under load, and a broker that is away for two minutes.

YUNSHAO_SOAK divides them for a trial, such as 10 for a tenth; 1 is the whole. YUNSHAO_SOAK_MINUTES ends the deaths
after so many minutes, and what was fed until then is checked.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import servers
from cluster_workers import CommandProcess, workspace
from conftest import absent, started
from faults import Tap, Trial, mark, trial

from playbooks.scenes import demo_estate
from yunshao.adapters.kafka.apply import apply
from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(7200)]

PART = int(os.environ.get("YUNSHAO_SOAK", "1"))
DEATHS = {"worker": 20, "collector": 14, "broker": 12, "node": 6}
MOVES = 4
MINUTES = float(os.environ.get("YUNSHAO_SOAK_MINUTES", "1440"))
AWAY_SECONDS = 120 // PART
LINES_A_SECOND = 1_000
MOST_MORE = 48 << 20
"""Bytes that the collector may hold more while nobody takes what it reads: a batch, and what an allocator keeps."""


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Trial]:
    """A broker and a node of its own: both die."""
    absent()
    broker, node = servers.Kafka(), servers.Search()
    started([broker, node])
    cluster = ClusterSettings(kafka=broker.address, opensearch=node.address, prefix="soak", partitions=2)
    try:
        yield from trial(
            tmp_path / "city", cluster, broker, (node.kill, node.start), seed=11, count=300_000 // PART, pause=0.8
        )
    finally:
        broker.stop()
        node.stop()


def test_fifty_deaths_under_load(large: Trial, record_property: Callable[[str, object], None]) -> None:
    def show(text: str) -> None:
        _say(text)
        record_property("show", text)

    kinds = [kind for kind, count in DEATHS.items() for _ in range(-(-count // PART))]
    random.Random(3).shuffle(kinds)
    end = time.monotonic() + MINUTES * 60
    large.fault("joins")
    for place, kind in enumerate(kinds):
        if time.monotonic() > end:
            break
        large.fault(kind)
        _say(f"{place + 1}/{len(kinds)} {kind}: {large.rows[-1][1]:.1f} s, {len(large.feeder.fed):,} fed")
        if (place + 1) % max(1, len(kinds) // MOVES) == 0:
            large.fault("leaves")
            large.fault("joins")
        assert large.feeder.is_alive(), "the load was over before the deaths were"
    large.finish()
    deaths = sum(kind in DEATHS for kind, _ in large.rows)
    show(f"{deaths} deaths under load")
    large.table(show)
    large.check(show)


def test_a_broker_that_is_away_is_waited_for_and_memory_stays_flat(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    absent()
    broker = servers.Kafka()
    broker.start()
    cluster = ClusterSettings(kafka=broker.address, opensearch="http://127.0.0.1:9", prefix="away", partitions=2)
    collector = None
    try:
        apply(cluster)
        place = workspace(tmp_path / "city", cluster, demo_estate(), "lateness: 5, anomalies: false", ("syslog",))
        tap = Tap(cluster)
        written: list[bytes] = []
        with (place / "logs" / "syslog.log").open("ab", buffering=0) as log:

            def write(count: int) -> None:
                start = len(written)
                written.extend(b"<13>1 2026-09-21T00:00:00Z h app - - - line %d %s" % (n, b"x" * 800)
                               for n in range(start, start + count))  # fmt: skip
                log.write(b"\n".join(written[start:]) + b"\n")

            write(20_000)
            collector = CommandProcess(place, "collect")
            _until(lambda: tap.records >= 20_000)
            broker.kill()
            before, most, end = collector.resident, 0, time.monotonic() + AWAY_SECONDS
            while time.monotonic() < end:
                write(LINES_A_SECOND // 5)
                time.sleep(0.2)
                collector.alive()
                most = max(most, collector.resident)
            broker.start()
            back = time.monotonic()
            _until(lambda: set(tap.seen) >= {mark("syslog", line) for line in written[-100:]})
            took = time.monotonic() - back
        assert tap.seen.keys() == {mark("syslog", line) for line in written}
        again = sum(Counter(tap.seen).values()) - len(written)
        text = (
            f"broker away for {AWAY_SECONDS} s: {len(written) - 20_000:,} lines of 0.9 KB waited, none lost, "
            f"{again:,} sent again, all at the broker {took:.0f} s after it was back; the collector "
            f"held {before >> 20} MiB before, {most >> 20} MiB at most"
        )
        _say(text)
        record_property("show", text)
        assert most - before < MOST_MORE
        tap.close()
    finally:
        if collector:
            collector.stop()
        broker.stop()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _until(there: Callable[[], bool], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.2)
