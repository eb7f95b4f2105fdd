"""Two workers never make the same step: the old one ends what is at hand, and begins nothing more."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.run_faust_handover import HandedOver, HandOver
from streams.run_faust_pulse import Pulse
from yunshao.wire.hops import opened_observed


class Signal:
    """As the engine's: whoever is connected is called."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def connect(self, call: Any) -> None:
        self.calls.append(call)

    async def send(self, parts: set[TP]) -> None:
        for call in self.calls:
            await call(None, parts, signal=self)


def application() -> Any:
    return SimpleNamespace(on_partitions_revoked=Signal(), on_partitions_assigned=Signal())


def test_what_is_at_hand_is_ended_before_partitions_are_given_away() -> None:
    app, told = application(), []
    hand = HandOver(app)

    async def at_work() -> None:
        with hand.step():
            await asyncio.sleep(0.05)
            told.append("step")

    async def dealt() -> None:
        work = asyncio.ensure_future(at_work())
        await asyncio.sleep(0)
        await app.on_partitions_revoked.send(set())
        told.append("given away")
        await work

    asyncio.run(dealt())
    assert told == ["step", "given away"]


def test_nothing_is_begun_until_partitions_are_dealt() -> None:
    app = application()
    hand = HandOver(app)

    async def dealt() -> None:
        await app.on_partitions_revoked.send(set())
        with pytest.raises(HandedOver), hand.step():
            raise AssertionError("begun")
        await app.on_partitions_assigned.send(set())
        with hand.step():
            pass

    asyncio.run(dealt())


def test_what_takes_too_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streams.run_faust_handover.SECONDS", 0.05)
    app = application()
    hand = HandOver(app)

    async def dealt() -> None:
        with hand.step():
            await app.on_partitions_revoked.send(set())

    asyncio.run(dealt())
    assert "1 steps are at hand still" in caplog.text


class Watched:
    """A watch that knows where a lane ends."""

    def __init__(self, end: int | None) -> None:
        self.end = end

    async def told_end(self, _part: TP) -> int | None:
        return self.end


def beaten(end: int | None, committed: int | None, done: int | None) -> list[Any]:
    sent: list[Any] = []

    async def send_all(_topic: str, messages: Any) -> None:
        sent.extend(messages)

    place = TP("raw", 1)
    consumer = SimpleNamespace(assignment=lambda: {place, TP("found", 0)}, _committed_offset={place: committed})
    app: Any = SimpleNamespace(consumer=consumer, timer=lambda _seconds: lambda _call: None)
    pulse = Pulse(app, Watched(end), "raw", 2, send_all, lambda: 7)  # type: ignore[arg-type]
    if done is not None:
        pulse.done(1, done)
    asyncio.run(pulse.beat())
    return [(shard, opened_observed(value).idle) for shard, value in sent]


def test_a_lane_at_its_end_is_told_of_to_every_shard() -> None:
    assert beaten(end=9, committed=3, done=8) == [(0, [1]), (1, [1])]
    assert beaten(end=0, committed=None, done=None) == [(0, [1]), (1, [1])]


def test_a_lane_that_another_worker_finished_is_at_its_end_too() -> None:
    assert beaten(end=9, committed=9, done=4) == [(0, [1]), (1, [1])]


def test_a_lane_with_more_or_of_which_nobody_knows_is_not_told_of() -> None:
    assert beaten(end=9, committed=3, done=7) == []
    assert beaten(end=None, committed=9, done=8) == []
