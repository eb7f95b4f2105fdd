"""A worker that stands still is nudged, and then ends itself: its supervisor starts it again at the last step.

Faust was seen to stop giving a partition's messages to its agent after partitions were dealt anew: what lay in a queue
is cleared, its reading mark has passed it, and nothing comes until another message does. The mark is put back then.
What a worker has is durable at every moment, so where that does not help a new life costs seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from typing import Any

from faust.types import TP

from streams.standstill import Standstill

LOG = logging.getLogger("yunshao.worker")
LOOK_SECONDS = 5.0
EXIT_CODE = 70
KNOCK_SECONDS = 2.0


class Watch:
    """Looks at an application from its own loop. `topics`: the topic of each stage."""

    def __init__(self, app: Any, topics: dict[str, str], brokers: str) -> None:
        self._app = app
        self._topics = topics
        self._stages = {topic: stage for stage, topic in topics.items()}
        self._brokers = [host.strip() for host in brokers.split(",") if host.strip()]
        self._signs = Standstill()
        self._generation: int | None = None
        self._ends: dict[TP, int] = {}

    def begins(self, stage: str, event: Any) -> None:
        """A message is at hand, or tried again."""
        self._signs.begins((stage, event.message.partition), event.message.offset, time.monotonic())

    def ends(self, stage: str, event: Any) -> None:
        """It is done with."""
        self._signs.ends((stage, event.message.partition), time.monotonic())

    def end(self, part: TP) -> int | None:
        """The next offset of a partition that is ours, as far as is known; None where nobody said yet.

        What the engine fetched tells of it; of what it does not fetch (nothing more is there, or it stands still) it
        may never hear, so the broker is asked as well.
        """
        known = [at for at in (self._app.consumer.highwater(part), self._ends.get(part)) if at is not None]
        return max(known, default=None)

    async def told_end(self, part: TP) -> int | None:
        """The same, asked for where nobody said."""
        if self.end(part) is None:
            await self.ask()
        return self.end(part)

    async def ask(self) -> None:
        """Ask the broker where our partitions end."""
        consumer = self._app.consumer
        parts = [part for part in consumer.assignment() if part.topic in self._stages]
        try:
            found = await asyncio.wait_for(consumer.highwaters(*parts), KNOCK_SECONDS) if parts else {}
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, what was known stands
            LOG.debug("where partitions end: %r", error)
            return
        self._ends = {TP(part.topic, part.partition): at for part, at in found.items() if at is not None}

    async def look(self) -> None:
        """End the process where it stands still."""
        app, now = self._app, time.monotonic()
        if app.consumer_generation_id != self._generation:
            self._generation = app.consumer_generation_id
            self._signs.dealt(now)
        if app.rebalancing or app.in_recovery or not await app.loop.run_in_executor(None, self._reachable):
            self._signs.calm(now)
            return
        await self.ask()
        ends: dict[tuple[str, int], int] = {}
        done: dict[tuple[str, int], int] = {}
        consumer = app.consumer
        for part in consumer.assignment():
            stage = self._stages.get(part.topic)
            if stage:
                place = TP(part.topic, part.partition)
                ends[stage, part.partition] = self.end(place) or 0
                done[stage, part.partition] = consumer._committed_offset.get(place) or 0
        for (stage, partition), offset in self._signs.forgotten(ends, done, now).items():
            await self._nudge(stage, TP(self._topics[stage], partition), offset)
        trouble = self._signs.look(ends, done, now)
        if trouble:
            LOG.critical("%s: this worker ends, to be started again", trouble)
            logging.shutdown()
            # Nothing is tidied up: what would have to be stopped is what stands still.
            os._exit(EXIT_CODE)

    async def _nudge(self, stage: str, place: TP, offset: int) -> None:
        """Have a partition read on from an offset."""
        LOG.warning("%s of partition %d is not handed offset %d: asked for again", stage, place.partition, offset)
        try:
            await asyncio.wait_for(self._app.consumer.seek(place, offset), KNOCK_SECONDS)
            self._app.consumer.resume_partitions({place})
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - it is tried again, and then the worker ends
            LOG.warning("%s of partition %d: %r", stage, place.partition, error)

    def _reachable(self) -> bool:
        for host in self._brokers:
            name, _, port = host.rpartition(":")
            try:
                socket.create_connection((name.strip("[]"), int(port)), KNOCK_SECONDS).close()
                return True
            except (OSError, ValueError):
                continue
        return False
