"""A message that the engine leaves out is read back before those after it; the commit passes none that is not done."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.run_faust_gaps import Gaps

PART = TP("raw", 1)


class Topic:
    """Keeps messages from `first` on; it may be away for some questions."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.away = 0
        self.asked: list[tuple[int, int]] = []

    def read(self, topic: str, partition: int, first: int, until: int) -> list[Any]:
        self.asked.append((first, until))
        if self.away:
            self.away -= 1
            raise OSError("away")
        kept = range(max(first, self.first), until)
        return [
            SimpleNamespace(topic=topic, partition=partition, offset=at, value=b"%d" % at, headers=()) for at in kept
        ]


class Share:
    """Gaps over a topic, and what was acknowledged to the engine."""

    def __init__(self, committed: int | None, first: int = 0) -> None:
        self.topic = Topic(first)
        consumer = SimpleNamespace(_committed_offset={PART: committed})
        self.app = SimpleNamespace(consumer=consumer, consumer_generation_id=1)
        self.gaps = Gaps(self.app, self.topic.read)
        self.acked: list[int] = []

    def event(self, offset: int) -> Any:
        message = SimpleNamespace(topic="raw", partition=1, offset=offset)
        return SimpleNamespace(message=message, value=b"%d" % offset, ack=lambda: self.acked.append(offset))

    def handed(self, *offsets: int) -> list[Any]:
        async def take() -> list[Any]:
            found = []
            for offset in offsets:
                async for one in self.gaps.in_order(self.event(offset)):
                    found.append(one)
                    self.gaps.done(one)
            return found

        return asyncio.run(take())

    def told(self, *offsets: int) -> list[int]:
        found = self.handed(*offsets)
        assert all(one.value == b"%d" % one.message.offset for one in found)
        return [one.message.offset for one in found]


def test_what_comes_one_after_the_other_is_handed_on_as_it_is() -> None:
    share = Share(5)
    assert share.told(5, 6, 7, 6, 7, 8) == [5, 6, 7, 6, 7, 8]
    assert share.topic.asked == []


def test_what_was_left_out_is_read_back_first() -> None:
    share = Share(35)
    assert share.told(35, 269, 270) == list(range(35, 271))
    assert all(until - first <= 64 for first, until in share.topic.asked)


def test_a_share_that_is_dealt_anew_begins_at_its_commit() -> None:
    share = Share(3)
    assert share.told(3, 4) == [3, 4]
    share.app.consumer_generation_id = 2
    share.app.consumer._committed_offset[PART] = 4
    assert share.told(6) == [4, 5, 6]


def test_a_message_whose_handling_was_cut_off_is_read_back() -> None:
    share = Share(0)

    async def cut_off() -> None:
        async for _ in share.gaps.in_order(share.event(0)):
            return

    asyncio.run(cut_off())
    assert share.told(1) == [0, 1]


def test_what_was_kept_long_enough_is_not_waited_for() -> None:
    assert Share(None, first=50).told(50, 51) == [50, 51]


def test_a_broker_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.run_faust_gaps.PAUSE_SECONDS", 0)
    share = Share(0)
    share.topic.away = 2
    assert share.told(2) == [0, 1, 2]


def test_the_commit_waits_for_what_was_read_back_before_it() -> None:
    share = Share(4)
    four, five, six, seven = share.handed(4, 7)
    seven.ack()
    six.ack()
    assert share.acked == []
    four.ack()
    assert share.acked == [4]
    five.ack()
    assert share.acked == [4, 7]
    (eight,) = share.handed(8)
    eight.ack()
    assert share.acked == [4, 7, 8]


def test_what_waited_for_an_acknowledgement_is_forgotten_with_its_share() -> None:
    share = Share(4)
    share.handed(6)[-1].ack()
    assert share.acked == []
    share.app.consumer_generation_id = 2
    (four,) = share.handed(4)
    four.ack()
    assert share.acked == [4]


def test_a_message_cut_off_while_it_was_read_back_does_not_hold_up_the_commit_for_ever() -> None:
    share = Share(4)

    async def cut_off_at(offset: int) -> None:
        async for one in share.gaps.in_order(share.event(9)):
            if one.message.offset == offset:
                return
            one.ack()
            share.gaps.done(one)

    asyncio.run(cut_off_at(6))
    six, seven = share.handed(6, 7)
    six.ack()
    seven.ack()
    assert share.acked == [6, 7]


def test_partitions_dealt_anew_while_a_message_is_at_hand_begin_at_the_commit() -> None:
    share = Share(4)

    async def dealt_anew_at(offset: int) -> None:
        async for one in share.gaps.in_order(share.event(offset)):
            share.app.consumer_generation_id = 2
            share.gaps.done(one)

    asyncio.run(dealt_anew_at(6))
    assert share.told(7) == [4, 5, 6, 7]
