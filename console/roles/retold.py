"""A whole message that was refused, read back from its topic, or from what was kept of it."""

from __future__ import annotations

from contextlib import closing

import kafka

from console.roles.cluster import cluster_of
from console.wiring import Workspace
from yunshao.adapters.kafka.connect import client, told
from yunshao.errors import WrongUse
from yunshao.ports import Letter
from yunshao.wire.envelope import Item, opened
from yunshao.wire.packing import BadMessage

WAIT_MS = 5_000
MAX_RAW = 1 << 20
MAX_FETCH = 21 << 20


def message_of(place: Workspace, letter: Letter) -> list[Item]:
    """Its records. Raises WrongUse where it still is no envelope, or is there no longer; Unreachable."""
    raw = _read_back(place, letter) or letter.record.raw
    if len(raw) == MAX_RAW and raw == letter.record.raw:
        raise WrongUse("the message is no longer in its topic, and only its beginning was kept", "")
    try:
        return opened(raw)
    except BadMessage as error:
        raise WrongUse(f"it still is no message of ours: {error}", "it stays a dead letter") from None


def _read_back(place: Workspace, letter: Letter) -> bytes | None:
    cluster = cluster_of(place)
    with told(cluster):
        size = {"fetch_max_bytes": MAX_FETCH, "max_partition_fetch_bytes": MAX_FETCH}
        reader = client(cluster, kafka.KafkaConsumer, group_id=None, consumer_timeout_ms=WAIT_MS, **size)
        with closing(reader):
            part = kafka.TopicPartition(letter.topic, letter.partition)
            if letter.partition not in (reader.partitions_for_topic(letter.topic) or ()):
                return None
            reader.assign([part])
            if not reader.beginning_offsets([part])[part] <= letter.offset < reader.end_offsets([part])[part]:
                return None
            reader.seek(part, letter.offset)
            found = next(iter(reader), None)
            return found.value if found is not None and found.offset == letter.offset else None
