"""A stretch of a partition, read once more beside whoever reads it anyway."""

from __future__ import annotations

import time
from contextlib import closing
from typing import NamedTuple

import kafka

from yunshao.adapters.kafka.connect import client, told
from yunshao.errors import Unreachable
from yunshao.settings import ClusterSettings

SECONDS = 30.0
MAX_FETCH = 21 << 20


class Stored(NamedTuple):
    """A message as the broker keeps it."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def read_back(cluster: ClusterSettings, topic: str, partition: int, first: int, until: int) -> list[Stored]:
    """The messages of [first, until) that are kept still, in order. Raises Unreachable."""
    size = {"fetch_max_bytes": MAX_FETCH, "max_partition_fetch_bytes": MAX_FETCH}
    found: list[Stored] = []
    with told(cluster):
        reader = client(cluster, kafka.KafkaConsumer, group_id=None, enable_auto_commit=False, **size)
        with closing(reader):
            if partition not in (reader.partitions_for_topic(topic) or ()):
                return []
            part = kafka.TopicPartition(topic, partition)
            reader.assign([part])
            first = max(first, reader.beginning_offsets([part])[part])
            until = min(until, reader.end_offsets([part])[part])
            if first >= until:
                return []
            reader.seek(part, first)
            end = time.monotonic() + SECONDS
            while reader.position(part) < until:
                for one in reader.poll(timeout_ms=1000).get(part, ()):
                    if one.offset < until:
                        found.append(Stored(topic, partition, one.offset, one.value, tuple(one.headers or ())))
                if time.monotonic() > end:
                    raise Unreachable(f"{topic}/{partition} cannot be read back from {first}", "", cluster.kafka)
    return found
