"""What a worker works with, and how Faust is set: every setting that differs from its default, with its reason."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust

from streams.pipeline import Rooms
from yunshao.ports import Clock, SharedStore
from yunshao.settings import ClusterSettings

MAX_MESSAGE = 21 << 20
BUFFERED = 64


@dataclass(slots=True)
class Parts:
    """What a worker works with. `name` is its own among all workers and stays the same over its restarts.

    `read_back` gives the messages of a topic and partition from an offset until another (not with it), as they stand.
    """

    cluster: ClusterSettings
    rooms: Rooms
    store: SharedStore
    clock: Clock
    flood: int
    name: str
    folder: Path
    web_port: int = 0
    credentials: Any = None
    read_back: Callable[[str, int, int, int], Sequence[Any]] = lambda _topic, _partition, _first, _until: ()
    progress: Callable[[str, int], None] = lambda _what, _count: None


def faust_settings(parts: Parts) -> dict[str, Any]:
    """Keywords of `faust.App`."""
    cluster = parts.cluster
    hosts = [f"kafka://{host.strip()}" for host in cluster.kafka.split(",") if host.strip()]
    found: dict[str, Any] = {
        "broker": hosts,
        "store": "rocksdb://",
        "datadir": str(parts.folder),
        # Topics are made by `yunshao topics apply` alone.
        "topic_disable_leader": True,
        "topic_partitions": cluster.partitions,
        "topic_allow_declare": False,
        "topic_replication_factor": cluster.replicas,
        "broker_commit_interval": 1.0,
        "broker_session_timeout": 10.0,
        "broker_heartbeat_interval": 2.0,
        "broker_rebalance_timeout": 15.0,
        # A member that comes back under its name gets its partitions at once.
        "consumer_group_instance_id": parts.name,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": MAX_MESSAGE,
        # Envelopes, not events: the default of 4,096 would be gigabytes.
        "stream_buffer_maxsize": BUFFERED,
        # Whoever fetches hands all of it on before it fetches again, and waits where a buffer is full: with a backlog
        # in one partition the others would be handed nothing for as long. So no fetch may fill what is left of a buffer
        # when the engine stops asking for its partition (at four fifths).
        "broker_max_poll_records": BUFFERED // 5 - 1,
        "stream_wait_empty": False,
        "table_standby_replicas": 0,
        "producer_linger": 0.002,
        "producer_max_batch_size": 1 << 20,
        "producer_max_request_size": MAX_MESSAGE,
        "producer_acks": -1,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "web_enabled": bool(parts.web_port),
        "web_bind": "127.0.0.1",
        "web_port": parts.web_port or 6066,
        "web_tables_enabled": False,
        "web_router_enabled": False,
    }
    if parts.credentials is not None:
        found["broker_credentials"] = parts.credentials
    return found


def credentials_of(cluster: ClusterSettings, password: str) -> Any:
    """How Faust shows itself to the broker; None where nobody asks."""
    context = None
    if cluster.kafka_security.endswith("SSL"):
        context = ssl.create_default_context(cafile=cluster.kafka_ca or None)
    if cluster.kafka_security.startswith("SASL"):
        return faust.SASLCredentials(
            username=cluster.kafka_user, password=password, ssl_context=context, mechanism=cluster.kafka_mechanism
        )
    return faust.SSLCredentials(context) if context else None
