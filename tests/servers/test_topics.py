"""Topics and the door to the broker, against a real one."""

from __future__ import annotations

import kafka
import pytest

from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.kafka.apply import apply, ends, lags, missing_topics
from yunshao.adapters.kafka.topics import topics_of
from yunshao.errors import Unreachable
from yunshao.model.event import Owner, Record, Rejected
from yunshao.settings import ClusterSettings
from yunshao.wire.envelope import opened

pytestmark = pytest.mark.server


def test_topics_are_made_once_as_they_are_declared(cluster: ClusterSettings) -> None:
    wanted = [topic.name for topic in topics_of(cluster)]
    assert missing_topics(cluster) == wanted
    assert [row["did"] for row in apply(cluster)] == ["made"] * len(wanted)
    assert missing_topics(cluster) == []
    assert [row["did"] for row in apply(cluster)] == ["kept"] * len(wanted)
    more = cluster.model_copy(update={"partitions": 3})
    assert {row["did"] for row in apply(more)} == {"has 2 partitions, 3 are configured: new topics need a new prefix"}


def test_what_was_appended_is_at_the_broker_in_order_and_whole(cluster: ClusterSettings) -> None:
    apply(cluster)
    bus = KafkaBus(cluster)
    owner = Owner("metro", "tickets", "small")
    items = [
        Record("zeek", b"\xff\x00", 1, 5, "a.log", owner),
        Record("zeek", b"", 2, 5, "a.log", owner),
        Rejected("zeek", 3, "too_long", "why", b"x" * 100, 5, "a.log"),
        *(Record("zeek", b"%d" % n, n, 5, "b.log") for n in range(1200)),
    ]
    assert bus.send("files", items) == 3
    bus.append("syslog", [b"one", b"two"], 9, "peer")
    bus.close()
    reader = kafka.KafkaConsumer(
        bootstrap_servers=cluster.kafka, auto_offset_reset="earliest", consumer_timeout_ms=3000, group_id=None
    )
    reader.assign([kafka.TopicPartition(f"{cluster.prefix}.raw", part) for part in range(2)])
    found = [item for message in reader for item in opened(message.value)]
    reader.close()
    assert [item for item in found if item.source == "zeek"] == items
    assert [item.raw for item in found if item.source == "syslog"] == [b"one", b"two"]
    assert sum(ends(cluster, f"{cluster.prefix}.raw").values()) == 4
    assert lags(cluster, ["raw"]) == {"raw": 4}


def test_a_broker_that_is_not_there_is_one_clear_line() -> None:
    nowhere = ClusterSettings(kafka="127.0.0.1:9", opensearch="http://127.0.0.1:9")
    with pytest.raises(Unreachable) as told:
        KafkaBus(nowhere)
    assert "127.0.0.1:9" in told.value.line()
    assert told.value.exit_code == 3
