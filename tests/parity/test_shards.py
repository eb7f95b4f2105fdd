"""One verdict on a cluster: sources in lanes, read at any speed and judged by shards, give what one process gives."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from collectors.catalog import PARSERS, guess
from detectors.catalog import library
from detectors.learners import learners
from detectors.sigma.detector import SigmaDetector
from playbooks.scenes import demo_city, demo_history
from streams.enrich import by_claim
from streams.pipeline import Rooms
from streams.queueing import Queue
from streams.run_embedded import Embedded
from streams.shard import Shard
from streams.working import shares, work
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.event import Record
from yunshao.model.finding import Finding
from yunshao.wire.hops import PULSE, SETTLE, Found, Observed, place_of

NOW = 1_790_000_000_000
HOUR = 3_600_000
LATENESS = 120_000
LANES, SHARDS, ENVELOPE, READ = 2, 2, 300, 5_000
Row = tuple[str, str, int, Any, Any]


@cache
def rooms() -> Rooms:
    return Rooms(PARSERS, [SigmaDetector(library(), LATENESS), *learners()], by_claim, guess, LATENESS)


@cache
def capture() -> tuple[Record, ...]:
    """Days of a city, with every story in them."""
    lines = sorted(demo_history(demo_city(), 11, NOW, 9, 60), key=lambda line: line.time)
    return tuple(Record(line.source, line.raw, n, NOW + HOUR) for n, line in enumerate(lines, 1))


class Told:
    """An intake that gives the capture."""

    name = "told"

    def read(self, offset: str, limit: int) -> tuple[list[Record], str]:
        start = int(offset or 0)
        part = list(capture()[start : start + limit])
        return part, str(start + len(part))


def rows(alerts: Sequence[Alert]) -> set[Row]:
    return {(one.id, one.finding.rule_name, one.count, one.events, str(one.finding.facts)) for one in alerts}


@cache
def expected() -> set[Row]:
    store = MemoryStore()
    runner = Embedded(rooms(), store, [Told()], lambda: NOW + HOUR, READ)
    while runner.turn().records:
        pass
    runner.settle()
    return rows(store.alerts(AlertQuery(limit=10_000)))


@cache
def told() -> dict[int, list[list[Observed]]]:
    """By lane, what each envelope tells each shard. A collector sends what it read at once, a source after the other,
    so that a lane goes back in time from source to source."""
    envelopes: dict[int, list[list[Record]]] = {lane: [] for lane in range(LANES)}
    for start in range(0, len(capture()), READ):
        by_source: dict[str, list[Record]] = {}
        for record in capture()[start : start + READ]:
            by_source.setdefault(record.source, []).append(record)
        for source, records in by_source.items():
            parts = [records[at : at + ENVELOPE] for at in range(0, len(records), ENVELOPE)]
            envelopes[place_of(f"told|{source}", LANES)] += parts
    found: dict[int, list[list[Observed]]] = {}
    for lane, parts in envelopes.items():
        for offset, records in enumerate(parts):
            done = work(rooms(), records)
            share = shares(rooms(), done.events, done.seen, SHARDS, lane, offset, offset + 1 < len(parts))
            found.setdefault(lane, []).append(share)
    return found


def delivered(number: int, dice: random.Random) -> Iterator[Observed]:
    """Each lane in its own order, the lanes at any speed; then that no more comes."""
    left = {lane: list(parts) for lane, parts in told().items()}
    while lanes := [lane for lane, parts in left.items() if parts]:
        yield left[dice.choice(lanes)].pop(0)[number]
    yield Observed(-1, -1, kind=PULSE, idle=list(range(LANES)))
    yield Observed(-1, -1, kind=SETTLE)


def judged(number: int, dice: random.Random) -> list[list[Finding]]:
    memories: dict[tuple[str, str], Any] = {}
    shard = Shard(rooms(), LANES, lambda detector, key: memories.get((detector, key)), None, [], NOW + HOUR)
    found = []
    for message in delivered(number, dice):
        shard.receive(message, None, NOW + HOUR)
        going = True
        while going:
            step = shard.take(NOW + HOUR)
            assert step.troubles == []
            memories.update({key: memory for key, (memory, _) in step.changed.items()})
            found += step.findings
            going = bool(step.entries)
    return found


def through_shards(dice: random.Random) -> set[Row]:
    found = [group for number in range(SHARDS) for group in judged(number, dice)]
    newest = max(one.time for group in found for one in group)
    folding = Queue(rooms(), 200, lambda _detector, _key: None, None, []).take(
        Found("shards", 1, newest, found), 0, lambda _events: ""
    )
    return rows(folding.parts)


def test_what_is_compared_holds_rules_correlations_and_both_learners():
    names = {name for _id, name, _count, _events, _facts in expected()}
    assert {"isolation", "first_seen"} <= names
    assert len(expected()) >= 30


@pytest.mark.parametrize("seed", range(2))
def test_lanes_at_any_speed_give_the_alerts_of_one_process(seed):
    assert through_shards(random.Random(seed)) == expected()
