"""A message on which a worker fails unforeseen becomes a dead letter after some tries; the stream goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster_workers import WorkerProcess
from contract.streaming import T0, line

from console.roles.cluster import settle_cluster
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.kafka.apply import apply
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.model.alert import AlertQuery
from yunshao.model.event import Record
from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
HERE = Path(__file__).resolve().parent


class PoisonWorker(WorkerProcess):
    """A worker with a detector that breaks stages."""

    def __init__(self, folder: Path, cluster: ClusterSettings) -> None:
        self.log = folder / "worker.log"
        given = {"POISON_CLUSTER": cluster.model_dump_json(), "POISON_FOLDER": str(folder)}
        path = os.pathsep.join((str(HERE), str(HERE.parent), str(HERE.parent.parent)))
        command = [sys.executable, "-m", "faust", "-A", "poison_app", "worker", "--without-web", "--loglevel", "info"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **given, "PYTHONPATH": path}
            )


def test_the_guilty_of_every_stage_are_dead_letters_and_the_innocent_are_judged(
    tmp_path: Path, cluster: ClusterSettings
) -> None:
    apply(cluster)
    received = int(time.time() * 1000)
    lines = [line(f"good-{n}", n / 60, mark=f"m{n}") for n in range(40)]
    for place, stage in ((5, "work"), (15, "judge"), (25, "queue")):
        lines.insert(place, line(f"bad-{stage}", place / 60, **{"break": stage}))
    bus = KafkaBus(cluster)
    for number, raw in enumerate(lines, start=1):
        bus.send("told", [Record("fake", raw, number, received)])
    bus.close()
    worker = PoisonWorker(tmp_path, cluster)
    try:
        settle_cluster(cluster, 120, lambda _what, _left: worker.alive())
    finally:
        worker.stop()
    store = SearchStore(cluster)
    alerts = store.alerts(AlertQuery(limit=500, staged="any"))
    assert {one.finding.rule_id for one in alerts} == {"marked"}
    assert sum(one.count for one in alerts) == 40
    letters = store.letters()
    assert {one.record.reason for one in letters} == {"worker_failed"}
    by_topic = {one.topic.rpartition(".")[2]: one for one in letters}
    assert set(by_topic) == {"raw", "observed", "found"}
    assert by_topic["raw"].record.raw == lines[5]
    assert all(one.offset >= 0 and one.partition >= 0 and "Error" in one.record.detail for one in letters)
    (row,) = [row for row in store.sources() if row["source"] == "fake"]
    assert (row["received"], row["processed"], row["rejected"]) == (43, 42, 1)
    assert store.count_events("source", 0, T0 * 2) == {"fake": 42}
