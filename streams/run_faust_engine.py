"""What a worker's agents stand on: topics, tables whose writes are durable when they return, calls to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faust

from streams.journal import Journal, Writes
from streams.run_faust_settings import Parts, faust_settings


class Engine:
    """A Faust application with its topics and tables. `app` is what `faust worker` runs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        cluster = parts.cluster
        self._shards = cluster.partitions
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="store")
        self.app: Any = faust.App(f"{cluster.prefix}-worker", **faust_settings(parts))
        self._topics = {name: self._topic(name) for name in ("raw", "observed", "found", "dead")}
        self._tables = {name: self._table(name) for name in ("worked", "judged", "queued")}

    def _topic(self, name: str) -> Any:
        full = f"{self._parts.cluster.prefix}.{name}"
        return self.app.topic(full, partitions=self._shards, value_type=bytes, value_serializer="raw")

    def _table(self, name: str) -> Any:
        options = {"max_open_files": 200, "write_buffer_size": 8 << 20, "block_cache_size": 32 << 20}
        name = f"{self._parts.cluster.prefix}-{name}"
        return self.app.Table(name, partitions=self._shards, key_type=bytes, value_type=bytes, options=options)

    async def _step(self, table: str, event: Any, journal: Journal, changed: Any, state: Any, outbox: Any) -> None:
        """One step, durable when this returns."""
        if journal.full():
            await self._write(table, event, journal.spread())
            journal.spread_done()
        await self._write(table, event, journal.step(changed, state, outbox))

    async def _write(self, table: str, event: Any, writes: Writes) -> None:
        """Into the table, and acknowledged by the broker in its changelog, in order."""
        target, partition = self._tables[table], event.message.partition
        sent = []
        for key, value in writes:
            if value is None:
                target.data.pop(key, None)
            else:
                target.data[key] = value
            sent.append(target.send_changelog(partition, key, value))
        for one in sent:
            await one

    async def _send_all(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> None:
        """Send, and wait until all are acknowledged."""
        sent = [await self._topics[topic].send(partition=part, value=value) for part, value in messages]
        for one in sent:
            await one

    async def _stored(self, call: Callable[[], Any]) -> Any:
        """A call to the store in a thread. A store that is away is waited for, which holds the stream up."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)
