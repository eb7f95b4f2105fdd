"""Whether a partition's messages come one after the other, none left out; one that is missing is read back first.

Faust was seen to skip what it had fetched and not handed on when partitions were dealt anew: the rest of an old fetch
moved its reading mark on, and the messages that were read again after that were taken for known. Sixteen and thirty
were lost so. Topics of the pipeline are never compacted: a number that is missing is a message that was left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from faust.types import TP

LOG = logging.getLogger("yunshao.worker")
CHUNK = 64
PAUSE_SECONDS = 1.0
ReadBack = Callable[[str, int, int, int], Sequence[Any]]


class Handed:
    """A message as a stage is given it. `ack` lets the commit move on, and not past one before it that is not done."""

    __slots__ = ("_gaps", "_real", "generation", "message", "value")

    def __init__(self, gaps: Gaps, generation: int, message: Any, value: bytes | None, real: Any) -> None:
        self.generation = generation
        self.message = message
        self.value = value
        self._real = real
        self._gaps = gaps

    def ack(self) -> None:
        """It need not be told again."""
        self._gaps.acked(self.message, self._real)


class Gaps:
    """What is to come next in each partition of this life's share. `read_back` blocks, and gives messages with topic,
    partition, offset, value and headers."""

    def __init__(self, app: Any, read_back: ReadBack) -> None:
        self._app = app
        self._read_back = read_back
        self._next: dict[TP, tuple[int, int]] = {}
        self._pending: dict[TP, set[int]] = {}
        self._waiting: dict[TP, list[Any]] = {}

    async def in_order(self, event: Any) -> AsyncIterator[Handed]:
        """What is missing before this message, then the message."""
        part, offset = _part(event.message), event.message.offset
        generation = self._app.consumer_generation_id
        wanted = self._wanted(part, generation)
        # What was read back and then cut off at this point comes again, by the engine or by reading it back.
        pending = self._pending[part] = {at for at in self._pending.get(part, ()) if at < wanted}
        if offset > wanted:
            LOG.warning("%s/%d: %d comes where %d is next: read back", part.topic, part.partition, offset, wanted)
        while wanted < offset:
            until = min(offset, wanted + CHUNK)
            for one in await self._missing(part, wanted, until):
                pending.add(one.offset)
                yield Handed(self, generation, one, one.value, None)
            wanted = until
        yield Handed(self, generation, event.message, event.value, event)

    def done(self, handed: Handed) -> None:
        """The message is dealt with: the one after it is next, unless partitions were dealt anew while it was at hand.

        Then whoever holds what is not finished may have let go of it, so it has to begin at the commit once more.
        """
        self._next[_part(handed.message)] = (handed.generation, handed.message.offset + 1)

    def acked(self, message: Any, real: Any) -> None:
        """The commit moves with messages of the engine's own: those wait for what was read back before them."""
        part = _part(message)
        pending, waiting = self._pending.setdefault(part, set()), self._waiting.setdefault(part, [])
        if real is None:
            pending.discard(message.offset)
        else:
            waiting.append(real)
        first = min(pending, default=None)
        for one in list(waiting):
            if first is None or one.message.offset < first:
                waiting.remove(one)
                one.ack()

    async def _missing(self, part: TP, first: int, until: int) -> Sequence[Any]:
        while True:
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(None, self._read_back, part.topic, part.partition, first, until)
            except asyncio.CancelledError:
                raise
            except Exception:  # the shell's edge: a broker that is away is waited for
                LOG.exception("%s/%d: %d to %d cannot be read back yet", part.topic, part.partition, first, until - 1)
                await asyncio.sleep(PAUSE_SECONDS)

    def _wanted(self, part: TP, now: int) -> int:
        """What is next: after the last that was done, or, of a share that was just dealt, where the commit stands."""
        generation, following = self._next.get(part, (-1, 0))
        if generation == now:
            return following
        # What was not finished in the share before is told again.
        self._pending.pop(part, None)
        self._waiting.pop(part, None)
        return self._app.consumer._committed_offset.get(part) or 0


def _part(message: Any) -> TP:
    return TP(message.topic, message.partition)
