"""A message that the engine leaves out is read again before those after it; what is gone for good is not waited for."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from streams.run_faust_gaps import AGAIN_SECONDS, MOST_TRIES, Gaps

PART = TP("raw", 1)


class Consumer:
    """Gives messages from its mark on; some it leaves out once."""

    def __init__(self, committed: int | None, earliest: int = 0) -> None:
        self._committed_offset = {PART: committed}
        self._gap: dict[TP, list[int]] = defaultdict(list)
        self.earliest = earliest
        self.sought: list[int] = []
        self.away = 0

    async def earliest_offsets(self, part: TP) -> dict[TP, int]:
        if self.away:
            self.away -= 1
            raise OSError("away")
        return {part: self.earliest}

    async def seek(self, part: TP, offset: int) -> None:
        self.sought.append(offset)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def made(committed: int | None, earliest: int = 0) -> tuple[Gaps, Consumer, Any, Clock]:
    consumer, clock = Consumer(committed, earliest), Clock()
    app = SimpleNamespace(consumer=consumer, consumer_generation_id=1)
    return Gaps(app, clock), consumer, app, clock


def event(offset: int) -> Any:
    return SimpleNamespace(message=SimpleNamespace(topic="raw", partition=1, offset=offset))


def told(gaps: Gaps, *offsets: int) -> list[int]:
    """Those that are dealt with."""
    found = []
    for offset in offsets:
        if asyncio.run(gaps.in_order(event(offset))):
            gaps.done(event(offset))
            found.append(offset)
    return found


def test_what_comes_one_after_the_other_is_in_order() -> None:
    gaps, consumer, _, _ = made(5)
    assert told(gaps, 5, 6, 7, 6, 7, 8) == [5, 6, 7, 6, 7, 8]
    assert consumer.sought == []


def test_what_was_left_out_is_read_again_and_then_what_came_too_early() -> None:
    gaps, consumer, _, _ = made(35)
    consumer._gap[PART] = [36, 37]
    assert told(gaps, 35, 69, 70, 71) == [35]
    assert consumer.sought == [36]
    assert consumer._gap[PART] == []
    assert told(gaps, *range(36, 73)) == list(range(36, 73))


def test_a_share_that_is_dealt_anew_begins_at_its_commit() -> None:
    gaps, consumer, app, _ = made(3)
    assert told(gaps, 3, 4) == [3, 4]
    app.consumer_generation_id = 2
    consumer._committed_offset[PART] = 4
    assert told(gaps, 6) == []
    assert consumer.sought == [4]
    assert told(gaps, 4, 5, 6) == [4, 5, 6]


def test_a_message_whose_handling_was_cut_off_comes_again() -> None:
    gaps, consumer, _, _ = made(0)
    assert asyncio.run(gaps.in_order(event(0)))
    assert told(gaps, 1) == []
    assert consumer.sought == [0]


def test_what_was_kept_long_enough_is_not_waited_for() -> None:
    gaps, consumer, _, _ = made(None, earliest=50)
    assert told(gaps, 50, 51) == [50, 51]
    assert consumer.sought == []


def test_a_message_that_never_comes_is_given_up_in_the_end() -> None:
    gaps, consumer, _, clock = made(0)
    for _ in range(MOST_TRIES):
        assert told(gaps, 2, 3) == []
        clock.now += AGAIN_SECONDS
    assert consumer.sought == [0] * MOST_TRIES
    assert told(gaps, 2, 3) == [2, 3]


def test_a_broker_that_is_away_is_waited_for(monkeypatch: Any) -> None:
    monkeypatch.setattr("streams.run_faust_gaps.PAUSE_SECONDS", 0)
    gaps, consumer, _, _ = made(0)
    consumer.away = 2
    assert told(gaps, 4) == []
    assert consumer.sought == [0]
