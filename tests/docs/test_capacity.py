"""The capacity page is computed: the formulas hold, and the page says what they give."""

from __future__ import annotations

import dataclasses

import pytest

from bench.capacity import (
    HEADROOM,
    MEASURED,
    PAGE,
    Measured,
    limits,
    most_rate,
    page,
    partitions_for,
    plan,
    worker_cores,
)

EASY = Measured(
    collect=0.0001, work=0.0006, message=0.0005, node=0.0002, broker=0.00001, envelope=500, raw_bytes=100,
    stored_bytes=1000, worker_memory=1 << 29,
)  # fmt: skip


def test_workers_cost_their_events_and_a_message_to_each_shard_for_each_envelope() -> None:
    assert worker_cores(1_000, 1, EASY) == pytest.approx(0.6 + 2 * 0.0005)
    assert worker_cores(1_000, 100, EASY) == pytest.approx(0.6 + 2 * 100 * 0.0005)


@pytest.mark.parametrize("rate", [10, 1_000, 5_000, 50_000])
def test_partitions_are_the_least_that_carry_the_rate(rate: int) -> None:
    count = partitions_for(rate, EASY)
    assert most_rate(EASY, count) >= rate
    assert count == 1 or most_rate(EASY, count - 1) < rate


def test_beyond_a_rate_no_number_of_partitions_is_enough() -> None:
    # 0.0005 s a message, two messages for a thousand events: a core that is told of 600,000 events/s does nothing else.
    assert partitions_for(600_000, EASY) == 0
    assert partitions_for(590_000, EASY) > 1_000


def test_machines_follow_from_cores_disk_and_copies() -> None:
    small = plan(100, EASY)
    assert (small.clusters, small.partitions, small.workers, small.nodes, small.brokers) == (1, 1, 1, 2, 2)
    large = plan(10_000, EASY, event_days=100)
    # 10,000/s * 86,400 s * 100 days * 1,000 bytes * 2 copies.
    assert large.stored_terabytes == pytest.approx(172.8)
    assert large.nodes == 22
    assert large.workers <= large.partitions
    assert large.workers * HEADROOM >= worker_cores(10_000, large.partitions, EASY) * 0.99
    # 10,000/s * 86,400 s * 1,000 bytes in shards of 50 GB.
    assert large.shards_a_day == 18


def test_a_rate_that_one_cluster_cannot_carry_is_several() -> None:
    found = plan(1_000_000, EASY)
    assert found.clusters > 1
    assert found.partitions <= 256 * found.clusters
    assert most_rate(EASY) * found.clusters >= 1_000_000


def test_what_gives_way_first_comes_first() -> None:
    rates = [limit.rate for limit in limits(EASY)]
    assert rates == sorted(rates)
    slow = dataclasses.replace(EASY, node=1.0)
    assert "node of" in limits(slow)[0].what


def test_the_page_is_what_is_computed() -> None:
    assert PAGE.read_text("utf-8") == page(MEASURED)
