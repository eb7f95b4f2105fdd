"""Whether a partition's messages come one after the other, none left out; where one is missing, it is read again.

Faust was seen to skip what it had fetched and not handed on when partitions were dealt anew: the rest of an old fetch
moved its reading mark on, and the messages that were read again after that were taken for known. Thirty were lost so.
Topics are never compacted here: a number that is missing is a message that was left out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from faust.types import TP

LOG = logging.getLogger("yunshao.worker")
AGAIN_SECONDS = 5.0
MOST_TRIES = 6
PAUSE_SECONDS = 1.0


class Gaps:
    """What is to come next in each partition of this life's share."""

    def __init__(self, app: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._next: dict[TP, tuple[int, int]] = {}
        self._sought: dict[TP, tuple[int, float, int]] = {}

    async def in_order(self, event: Any) -> bool:
        """Whether this is the next of its partition. Where it is not, it is let go: reading goes back to the first that
        is missing, and this one comes again after it. Never raises."""
        while True:
            try:
                return await self._in_order(event)
            except asyncio.CancelledError:
                raise
            except Exception:  # the shell's edge: a broker that is away, or a partition that is being dealt anew
                LOG.exception("%s/%d: not known what comes next", event.message.topic, event.message.partition)
                await asyncio.sleep(PAUSE_SECONDS)

    def done(self, event: Any) -> None:
        """The message is dealt with: the one after it is next."""
        part = TP(event.message.topic, event.message.partition)
        self._next[part] = (self._app.consumer_generation_id, event.message.offset + 1)
        self._sought.pop(part, None)

    async def _in_order(self, event: Any) -> bool:
        part, offset = TP(event.message.topic, event.message.partition), event.message.offset
        wanted = self._wanted(part)
        if offset <= wanted:
            return True
        consumer = self._app.consumer
        # What was kept long enough is gone, and is not waited for.
        earliest = (await consumer.earliest_offsets(part)).get(part) or 0
        wanted = max(wanted, earliest)
        if offset <= wanted:
            return True
        now = self._clock()
        before, when, tries = self._sought.get(part, (-1, 0.0, 0))
        if before == wanted and tries >= MOST_TRIES and now - when >= AGAIN_SECONDS:
            LOG.error("%s/%d: %d to %d cannot be had", part.topic, part.partition, wanted, offset - 1)
            return True
        if before != wanted or now - when >= AGAIN_SECONDS:
            LOG.warning("%s/%d: %d comes where %d is next: read again", part.topic, part.partition, offset, wanted)
            self._sought[part] = (wanted, now, tries + 1 if before == wanted else 1)
            # What Faust noted of the gap would let the commit pass over it.
            consumer._gap[part].clear()
            await consumer.seek(part, wanted)
        return False

    def _wanted(self, part: TP) -> int:
        """What is next: after the last that was done, or, of a share that was just dealt, where the commit stands."""
        generation, following = self._next.get(part, (-1, 0))
        if generation == self._app.consumer_generation_id:
            return following
        return self._app.consumer._committed_offset.get(part) or 0
