"""kill -9 under load, and messages that are none of ours: nothing lost, nothing doubled, the ledger balances."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest
from cluster_workers import WorkerProcess, workspace
from test_parity_cluster import EVERY, NOW, capture, comparable, embedded, records_of, register

from console.roles.cluster import settle_cluster
from console.wiring import open_workspace
from playbooks.scenes import demo_estate
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.kafka.apply import apply
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.model.event import Record
from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]


def fed(cluster: ClusterSettings, records: list[Record], part: int, pause: float) -> None:
    """A collector: some records, then a pause, so that workers are in the middle of it whenever they die."""
    bus = KafkaBus(cluster)
    for start in range(0, len(records), part):
        bus.send("told", records[start : start + part])
        time.sleep(pause)
    bus.close()


def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path, cluster: ClusterSettings) -> None:
    apply(cluster)
    folder = workspace(tmp_path / "city", cluster, demo_estate(), "lateness: 120, anomalies: false")
    place = open_workspace(folder)
    lines, drill = capture(3, 30)
    records = records_of(lines)
    register(SearchStore(cluster), drill)
    expected = embedded(place, records, drill)
    # Each told twice: as a collector does that died before it knew of the acknowledgement.
    feeder = threading.Thread(target=fed, args=(cluster, [*records, *records], 25, 0.3))
    chance = random.Random(7)
    worker = WorkerProcess(folder, "worker-0")
    worker.wait_for("Worker]: Ready")
    feeder.start()
    worker.wait_for("begins at step")
    kills = 0
    while feeder.is_alive() and kills < 3:
        time.sleep(chance.uniform(0.5, 2.5))
        worker.kill()
        kills += 1
        worker = WorkerProcess(folder, "worker-0")
        before = worker.log.read_text("utf-8", "replace").count("begins at step")
        end = time.monotonic() + 60
        while worker.log.read_text("utf-8", "replace").count("begins at step") == before and time.monotonic() < end:
            worker.alive()
            time.sleep(0.1)
    try:
        feeder.join(120)
        settle_cluster(cluster, 240, lambda _what, _left: worker.alive())
    finally:
        worker.stop()
    assert kills >= 2
    found = SearchStore(cluster)
    wanted, got = comparable(expected.alerts(EVERY)), comparable(found.alerts(EVERY))
    assert wanted
    assert {key: text for key, text in got.items() if wanted.get(key) != text} == {}
    assert set(got) == set(wanted)
    rows = found.sources()
    assert all(row["received"] == row["processed"] + row["rejected"] + row["repeated"] for row in rows)
    assert sum(row["received"] for row in rows) == 2 * len(records)
    assert sum(row["repeated"] for row in rows) == len(records)
    assert sum(found.count_events("source", 0, NOW * 2).values()) == sum(row["processed"] for row in rows)
