"""Telling every shard which lanes have nothing more, so that time goes on there and nobody waits for them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faust.types import TP

from streams.run_faust_watch import Watch
from yunshao.ports import Clock
from yunshao.wire.hops import PULSE, Observed, sealed_observed

PULSE_SECONDS = 1.0
SendAll = Callable[[str, Sequence[tuple[int, bytes]]], Awaitable[None]]


class Pulse:
    """A timer of the application. `topic` is that of raw records, `send_all` reaches the shards."""

    def __init__(self, app: Any, watch: Watch, topic: str, shards: int, send_all: SendAll, clock: Clock) -> None:
        self._app = app
        self._watch = watch
        self._topic = topic
        self._shards = shards
        self._send_all = send_all
        self._clock = clock
        self._done: dict[int, int] = {}
        self._told: dict[int, float] = {}
        app.timer(PULSE_SECONDS)(self.beat)

    def done(self, lane: int, offset: int) -> None:
        """The message of the lane is finished."""
        self._done[lane] = offset

    def told(self, lane: int) -> None:
        """The shards were just told something of the lane."""
        self._told[lane] = time.monotonic()

    async def beat(self) -> None:
        """Tell of the lanes that are ours and at their ends."""
        idle = [
            part.partition
            for part in self._app.consumer.assignment()
            if part.topic == self._topic and await self._rests(part.partition)
        ]
        if idle:
            pulse = sealed_observed(Observed(-1, -1, kind=PULSE, clock=self._clock(), idle=idle))
            await self._send_all("observed", [(shard, pulse) for shard in range(self._shards)])

    async def _rests(self, lane: int) -> bool:
        place = TP(self._topic, lane)
        end = await self._watch.told_end(place)
        # What this life did may have been long ago: another worker may have had the lane in between.
        finished = (self._app.consumer._committed_offset.get(place) or 0) - 1
        done = max(self._done.get(lane, -1), finished)
        quiet = time.monotonic() - self._told.get(lane, 0.0) >= PULSE_SECONDS / 2
        return end is not None and done + 1 >= end and quiet
