"""What a worker cannot take: to the dead letters, in the topic and in the store, and which messages are to blame."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from streams.journal import Journal
from streams.quarantine import MISTAKES, REASON, failing_fold, guilty_message, guilty_records, said, try_judging
from streams.run_faust_settings import Parts
from yunshao.model.event import Rejected
from yunshao.wire.envelope import opened
from yunshao.wire.hops import Observed, opened_found, opened_observed
from yunshao.wire.packing import BadMessage
from yunshao.wire.text import dumps

LOG = logging.getLogger("yunshao.worker")
PATIENCE = 20.0
MAX_REJECT = 1 << 20
ENVELOPE, WHOLE = "envelope", -1

SendAll = Callable[[str, Sequence[tuple[int, bytes]]], Awaitable[None]]
Stored = Callable[[Callable[[], Any]], Awaitable[Any]]


class Letters:
    """Dead letters are written before an offset moves. What is guilty is known to this process alone: a later one finds
    it out again."""

    def __init__(self, parts: Parts, send_all: SendAll, stored: Stored) -> None:
        self._parts = parts
        self._send_all = send_all
        self._stored = stored
        # By stage, partition and offset: the guilty records by place, or WHOLE for the message, with their words.
        self._guilty: dict[tuple[str, int, int], dict[int, str]] = {}

    async def dead(self, event: Any, error: BadMessage) -> None:
        """A message as a whole, with its topic, partition and offset."""
        message, store = event.message, self._parts.store
        where = (message.topic, message.partition, message.offset, 0)
        raw = (event.value or b"")[:MAX_REJECT]
        texts = (error.reason, error.detail, raw, self._parts.clock(), message.topic)
        rejected = Rejected(ENVELOPE, message.offset, *texts)
        await self.tell(event, error.reason, error.detail)
        await self._stored(lambda: store.keep_rejects([rejected], [where], PATIENCE))

    async def tell(self, event: Any, reason: str, detail: str) -> None:
        """A line in the dead-letter topic."""
        message = event.message
        head = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
        body = {**head, "reason": reason, "detail": detail}
        await self._send_all("dead", [(0, dumps(body).encode())])
        LOG.warning("%s", body)

    async def taken_out(self, name: str, event: Any) -> bool:
        """Whether the message was found guilty before: then it is a dead letter now, and done."""
        found = self.guilty(name, event)
        if WHOLE not in found:
            return False
        await self.dead(event, BadMessage(REASON, f"{name}: {found[WHOLE]}"))
        self.forget(name, event)
        return True

    def guilty(self, name: str, event: Any) -> Mapping[int, str]:
        """What of a message was found guilty."""
        return self._guilty.get((name, event.message.partition, event.message.offset), {})

    def waits(self, name: str, partition: int) -> bool:
        """Whether anything of a partition was found guilty and is not taken out yet."""
        return any(key[:2] == (name, partition) for key in self._guilty)

    def forget(self, name: str, event: Any) -> None:
        """It is out of the stream."""
        self._guilty.pop((name, event.message.partition, event.message.offset), None)

    def condemn(
        self,
        name: str,
        event: Any,
        journal: Journal,
        held: Mapping[int, Observed],
        shards: int,
        met: Exception | None,
    ) -> None:
        """Find what the pure stage fails on, and remember it: the next try takes it out of the stream.

        `met`: where this was asked for before, what the message at hand failed with; if that is a program's mistake
        and no pure stage makes it, it is the fault of what is written of the message.
        """
        partition, offset, parts = event.message.partition, event.message.offset, self._parts
        now = parts.clock()
        try:
            if name == "work":
                found = guilty_records(parts.rooms, opened(event.value), shards, now)
            elif name == "queue":
                words = failing_fold(parts.rooms, parts.flood, journal, opened_found(event.value), now)
                found = {WHOLE: words} if words else {}
            else:
                offset, words = guilty_message(
                    {**held, offset: opened_observed(event.value)},
                    lambda some: try_judging(parts.rooms, shards, journal, some, now),
                )
                found = {WHOLE: words} if offset >= 0 else {}
        except Exception as error:  # it cannot even be opened
            LOG.exception("%s of partition %d, offset %d", name, partition, offset)
            found = {WHOLE: said(error)}
        if not found and isinstance(met, MISTAKES):
            offset = event.message.offset
            found = self._written_wrong(name, event, said(met))
        if found:
            self._guilty[name, partition, offset] = found

    @staticmethod
    def _written_wrong(name: str, event: Any, words: str) -> dict[int, str]:
        if name != "work":
            return {WHOLE: words}
        return dict.fromkeys(range(len(opened(event.value))), words)
