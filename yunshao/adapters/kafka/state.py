"""How a broker stands: who works, and topic by topic and partition by partition how far they are behind."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import kafka
from kafka import errors
from kafka.admin import OffsetSpec

from yunshao.adapters.kafka.connect import admin, told
from yunshao.adapters.kafka.topics import DEAD, FOUND, OBSERVED, RAW
from yunshao.settings import ClusterSettings

HOPS = (RAW, OBSERVED, FOUND)


def broker_state(cluster: ClusterSettings) -> dict[str, Any]:
    """`brokers` (how many), `workers` (their names), `dead` (messages in the dead-letter topic), and `topics`: rows of
    topic, partition, end, done, lag (messages) and last (ms, when the newest message was written). Raises Unreachable.
    """
    group = f"{cluster.prefix}-worker"
    with closing(admin(cluster)) as asked, told(cluster):
        there = {row["name"]: len(row["partitions"]) for row in asked.describe_topics() if row.get("partitions")}
        named = [f"{cluster.prefix}.{name}" for name in (*HOPS, DEAD)]
        parts = [kafka.TopicPartition(name, part) for name in named for part in range(there.get(name, 0))]
        ends = asked.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.LATEST)) if parts else {}
        last = asked.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.MAX_TIMESTAMP)) if parts else {}
        brokers = len(asked.describe_cluster()["brokers"])
        try:
            done = asked.list_group_offsets(group).get(group, {})
            members = asked.describe_groups([group])[group]["members"]
        except errors.CoordinatorNotAvailableError:
            # A broker on which no group ever read.
            done, members = {}, []
    rows = []
    for part in parts:
        if part.topic == f"{cluster.prefix}.{DEAD}":
            continue
        at = max(0, done[part].offset) if part in done else 0
        when = last[part].timestamp
        row = {"topic": part.topic, "partition": part.partition, "end": ends[part].offset, "done": at}
        rows.append({**row, "lag": max(0, ends[part].offset - at), "last": when if when >= 0 else None})
    dead = sum(ends[part].offset for part in parts if part.topic == f"{cluster.prefix}.{DEAD}")
    workers = sorted(str(one.get("group_instance_id") or one.get("member_id")) for one in members)
    return {"brokers": brokers, "workers": workers, "dead": dead, "topics": rows}
