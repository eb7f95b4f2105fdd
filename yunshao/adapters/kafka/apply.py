"""Makes the topics as they are declared, says what differs, and tells how far readers are behind."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import kafka
from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from yunshao.adapters.kafka.connect import CONNECT_MS, admin, client, told
from yunshao.adapters.kafka.topics import topics_of
from yunshao.settings import ClusterSettings


def apply(cluster: ClusterSettings) -> list[dict[str, Any]]:
    """Make what is missing and set what differs; gives a row a topic: topic, partitions, key, did.

    A number of partitions that differs is told, not changed: tables are bound to it. Raises Unreachable.
    """
    wanted = topics_of(cluster)
    with closing(admin(cluster)) as asked, told(cluster):
        there = {row["name"]: len(row["partitions"]) for row in asked.describe_topics() if row.get("partitions")}
        missing = [topic for topic in wanted if topic.name not in there]
        if missing:
            made = [
                NewTopic(topic.name, topic.partitions, cluster.replicas, topic_configs=topic.settings)
                for topic in missing
            ]
            asked.create_topics(made)
            asked.wait_for_topics([topic.name for topic in missing])
        known = [topic for topic in wanted if topic.name in there]
        if known:
            resources = [
                ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=topic.settings) for topic in known
            ]
            asked.alter_configs(resources)
    rows = []
    for topic in wanted:
        here = there.get(topic.name, topic.partitions)
        did = "made" if topic.name not in there else "kept"
        if here != topic.partitions:
            did = f"has {here} partitions, {topic.partitions} are configured: new topics need a new prefix"
        rows.append({"topic": topic.name, "partitions": here, "key": topic.key, "did": did})
    return rows


def missing_topics(cluster: ClusterSettings) -> list[str]:
    """Those that `yunshao topics apply` would make. Raises Unreachable."""
    with closing(admin(cluster)) as asked, told(cluster):
        there = set(asked.list_topics())
    return [topic.name for topic in topics_of(cluster) if topic.name not in there]


def ends(cluster: ClusterSettings, topic: str) -> dict[int, int]:
    """The next offset of each partition. Raises Unreachable."""
    with told(cluster):
        reader = client(cluster, kafka.KafkaConsumer, request_timeout_ms=CONNECT_MS)
        with closing(reader):
            parts = [kafka.TopicPartition(topic, part) for part in sorted(reader.partitions_for_topic(topic) or ())]
            return {part.partition: end for part, end in reader.end_offsets(parts).items()}


def committed(cluster: ClusterSettings) -> dict[tuple[str, int], int]:
    """The next offset that the workers have to finish, by topic and partition. Raises Unreachable."""
    group = f"{cluster.prefix}-worker"
    with closing(admin(cluster)) as asked, told(cluster):
        try:
            done = asked.list_group_offsets(group).get(group, {})
        except errors.CoordinatorNotAvailableError:
            # A broker on which no group ever read.
            done = {}
    return {(part.topic, part.partition): max(0, at.offset) for part, at in done.items()}


def lags(cluster: ClusterSettings, names: Sequence[str]) -> dict[str, int]:
    """How many messages of each topic the workers have not finished. Raises Unreachable."""
    done = committed(cluster)
    found = {}
    for name in names:
        topic = f"{cluster.prefix}.{name}"
        found[name] = sum(end - done.get((topic, part), 0) for part, end in ends(cluster, topic).items())
    return found
