"""What is asked of a whole cluster: read everything that is there, and judge what waits as if nothing came late."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import kafka

from console.wiring import Workspace
from yunshao.adapters.kafka.apply import committed, ends
from yunshao.adapters.kafka.connect import options, told
from yunshao.errors import BadConfiguration, Unreachable
from yunshao.settings import ClusterSettings
from yunshao.wire.hops import SETTLE, Observed, sealed_observed

Progress = Callable[[str, int], object]
LOOK_SECONDS = 0.3


def cluster_of(place: Workspace) -> ClusterSettings:
    """The engines of the workspace. Raises BadConfiguration where none are named."""
    cluster = place.settings.cluster
    if cluster is None:
        where = str(place.folder / "yunshao.yaml")
        raise BadConfiguration("no cluster is named", "cluster: {kafka: …, opensearch: …}", where)
    return cluster


def settle_cluster(cluster: ClusterSettings, seconds: float = 600.0, progress: Progress = lambda _w, _n: None) -> None:
    """Wait until the workers have read all, then let them judge what still waits for late events.

    Raises Unreachable where they have not within `seconds`.
    """
    end = time.monotonic() + seconds
    _finished(cluster, "raw", end, progress)
    settle = sealed_observed(Observed(-1, -1, kind=SETTLE))
    with told(cluster), closing(kafka.KafkaProducer(**options(cluster), acks="all")) as producer:
        for shard in range(cluster.partitions):
            producer.send(f"{cluster.prefix}.observed", value=settle, partition=shard).get(timeout=30)
    _finished(cluster, "observed", end, progress)
    _finished(cluster, "found", end, progress)


def _finished(cluster: ClusterSettings, name: str, end: float, progress: Progress) -> None:
    """Wait until everything is done that stands in the topic now."""
    topic = f"{cluster.prefix}.{name}"
    last = ends(cluster, topic)
    while True:
        done = committed(cluster)
        left = sum(max(0, at - done.get((topic, part), 0)) for part, at in last.items())
        if not left:
            return
        progress(f"messages of {topic} waiting", left)
        if time.monotonic() > end:
            what = f"the workers have not read all: {left} messages of {topic} wait"
            raise Unreachable(what, "do they run? see `yunshao doctor`", cluster.kafka)
        time.sleep(LOOK_SECONDS)
