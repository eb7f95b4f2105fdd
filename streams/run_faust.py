"""The distributed runner: three agents in a row over Kafka, their memories in Faust tables. No verdict is made here.

work: an envelope of raw records becomes stored events, and observations for the shards. judge: a shard's observations
become findings. queue: findings become alerts. Whatever is told again after a crash is known by where it stood.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from faust.types import TP

from streams.journal import Journal
from streams.quarantine import REASON, without
from streams.queueing import Folding, Queue
from streams.run_faust_engine import Engine
from streams.run_faust_gaps import Gaps
from streams.run_faust_handover import HandedOver, HandOver
from streams.run_faust_letters import MAX_REJECT, PATIENCE, Letters
from streams.run_faust_pulse import Pulse
from streams.run_faust_settings import Parts
from streams.run_faust_watch import LOOK_SECONDS, Watch
from streams.shard import Shard, Step
from streams.working import counted, set_apart, shares, work
from yunshao import meters
from yunshao.model.event import Event, Rejected
from yunshao.wire.envelope import opened
from yunshao.wire.forms import finding_form, finding_of
from yunshao.wire.hops import (
    ORIGIN,
    Found,
    opened_found,
    opened_observed,
    place_of,
    sealed_found,
    sealed_observed,
)
from yunshao.wire.packing import BadMessage
from yunshao.wire.text import dumps

LOG = logging.getLogger("yunshao.worker")
TRIES = 3
INTERNAL = "internal"
TOPIC_OF = {"work": "raw", "judge": "observed", "queue": "found"}
TABLE_OF = {"work": "worked", "judge": "judged", "queue": "queued"}
Build = Callable[[Journal, list[tuple[str, str, int]]], Any]


@dataclass(slots=True)
class _Place:
    """A partition of a table as an agent holds it: rebuilt whenever partitions were dealt anew."""

    generation: int
    journal: Journal
    holder: Any
    sender: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class Worker(Engine):
    """A Faust application of three agents. `app` is what `faust worker` runs."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._places: dict[tuple[str, int], _Place] = {}
        self._held: dict[int, dict[int, Any]] = {}
        self._dealt: dict[int, int] = {}
        self._gaps = Gaps(self.app, parts.read_back)
        self._letters = Letters(parts, self._send_all, self._stored)
        for name, topic, handle in (
            ("work", "raw", self._work),
            ("judge", "observed", self._judge),
            ("queue", "found", self._queue),
        ):
            self._agent(name, self._topics[topic], handle)
        self._hand = HandOver(self.app)
        topics = {name: self._topics[topic].get_topic_name() for name, topic in TOPIC_OF.items()}
        self._watch = Watch(self.app, topics, parts.cluster.kafka)
        self.app.timer(LOOK_SECONDS)(self._watch.look)
        self._pulse = Pulse(self.app, self._watch, topics["work"], self._shards, self._send_all, parts.clock)

    def _agent(self, name: str, topic: Any, handle: Callable[[Any], Awaitable[None]]) -> None:
        async def run(stream: Any) -> None:
            try:
                async for event in stream.noack().events():
                    self._watch.begins(name, event)
                    async for one in self._gaps.in_order(event):
                        if not await self._guarded(name, handle, one):
                            break
                        self._gaps.done(one)
                    self._watch.ends(name, event)
            except asyncio.CancelledError:
                mine = stream.active_partitions or set()
                if mine & self.app.consumer.assignment():
                    raise
                # Its partition is another worker's now. Faust takes this for a crash and would begin it again: with
                # the partition back here one day, two of them would be at each message.

        run.__name__ = name
        self.app.agent(topic, name=name, isolated_partitions=True, concurrency=1)(run)

    async def _guarded(self, name: str, handle: Callable[[Any], Awaitable[None]], event: Any) -> bool:
        """An agent never raises: Faust would take the message for done. What fails is tried again. False where the
        message is left to whoever has the partition next, which may be this worker.

        After some tries the pure stages are asked alone. A message on which they fail goes to the dead letters; where
        they do not fail, it was no message's fault, and is tried on, ever more slowly.
        """
        pause, tries = 0.25, 0
        while True:
            try:
                await handle(event)
                return True
            except asyncio.CancelledError:
                raise
            except HandedOver:
                self._places.pop((name, event.message.partition), None)
                return False
            except Exception as error:  # the shell's edge: whatever it is, the stream goes on when it is mended
                LOG.exception(
                    "%s of partition %d, offset %d: tried again", name, event.message.partition, event.message.offset
                )
                tries += 1
                self._watch.begins(name, event)
                if tries >= TRIES:
                    self._condemn(name, event, error if tries >= 2 * TRIES else None)
                self._places.pop((name, event.message.partition), None)
                await asyncio.sleep(pause)
                pause = min(10.0, pause * 2)

    def _condemn(self, name: str, event: Any, error: Exception | None) -> None:
        """Find out whether the message is to blame, by what is durable."""
        partition = event.message.partition
        table = self._tables[TABLE_OF[name]]
        journal = Journal(partition, table.data.get)
        if name != "work":
            journal.load(table.data.items())
        held = {at: message for at, (_, message) in self._held.get(partition, {}).items()}
        self._letters.condemn(name, event, journal, held, self._shards, error)

    # First stage.

    async def _work(self, event: Any) -> None:
        lane, offset = event.message.partition, event.message.offset
        place = self._place("work", event, self._tables["worked"], lambda journal, _due: journal.state or {})
        state: Mapping[str, Any] = place.journal.state or {"offset": -1, "rows": {}}
        if not place.extra.get("ready"):
            # The last life may have ended between its step and the telling of its counts.
            with self._hand.step():
                await self._count(lane, state["rows"])
            place.extra["ready"] = True
        if offset > state["offset"]:
            with self._hand.step():
                await self._work_fresh(event, place, state)
        self._pulse.done(lane, offset)
        event.ack()

    async def _work_fresh(self, event: Any, place: _Place, state: Mapping[str, Any]) -> None:
        parts, lane, offset = self._parts, event.message.partition, event.message.offset
        topic = self._topics["raw"].get_topic_name()
        if await self._letters.taken_out("work", event):
            return
        try:
            items = opened(event.value)
        except BadMessage as error:
            await self._letters.dead(event, error)
            return
        guilty = self._letters.guilty("work", event)
        if guilty:
            items = without(items, guilty)
            await self._letters.tell(event, REASON, f"records {sorted(guilty)}: {next(iter(guilty.values()))}")
        worked = work(parts.rooms, items)
        await self._stored(lambda: set_apart(parts.rooms, items, worked, parts.store))
        end = self._watch.end(TP(topic, lane))
        # Right after partitions were dealt nobody knows the end; the next pulse does.
        behind = end is None or end > offset + 1
        # Made before anything is stored: what a stage fails on leaves no trace. Mostly all of it is fresh.
        sealed = self._sealed(worked.events, worked.seen, lane, offset, behind)
        origins = self._origins(event, worked.places)
        kept = await self._stored(lambda: parts.store.keep_events(worked.events, origins, PATIENCE))
        for at, (one, record) in enumerate(zip(kept, worked.events, strict=True)):
            if one.refused:
                raw = dumps(record.native).encode()[:MAX_REJECT]
                worked.rejected.append(
                    Rejected(record.source, record.position, "store_refused", one.refused, raw, record.received)
                )
                worked.rejected_at.append(worked.places[at])
        if worked.rejected:
            where = [(topic, lane, offset, at) for at in worked.rejected_at]
            await self._stored(lambda: parts.store.keep_rejects(worked.rejected, where, PATIENCE))
        fresh = [at for at, one in enumerate(kept) if one.fresh]
        events, seen = [worked.events[at] for at in fresh], [worked.seen[at] for at in fresh]
        if len(fresh) < len(kept):
            sealed = self._sealed(events, seen, lane, offset, behind)
        await self._send_all("observed", list(enumerate(sealed)))
        self._pulse.told(lane)
        taken = [one for one in kept if not one.refused]
        settled = [record for record, one in zip(worked.events, kept, strict=True) if not one.refused]
        worked.events[:] = settled
        rows = counted(state["rows"], worked, taken, parts.clock())
        await self._step("worked", event, place.journal, {}, {"offset": offset, "rows": rows}, None)
        await self._count(lane, rows)
        for source, count in worked.received.items():
            meters.RECEIVED.labels(source).inc(count)
        parts.progress("records", len(items))
        self._letters.forget("work", event)

    def _sealed(
        self, events: Sequence[Event], seen: Sequence[Any], lane: int, offset: int, behind: bool
    ) -> list[bytes]:
        """What each shard is told."""
        told = shares(self._parts.rooms, events, seen, self._shards, lane, offset, behind)
        return [sealed_observed(one) for one in told]

    @staticmethod
    def _origins(event: Any, places: Sequence[int]) -> list[str]:
        """Where each record stood first: here, unless it is a dead letter that is told again."""
        given = dict(event.message.headers or ()).get(ORIGIN)
        if given and len(places) == 1:
            return [given.decode("utf-8", "replace")[:100]]
        return [f"{event.message.partition}/{event.message.offset}/{at}" for at in places]

    async def _count(self, lane: int, rows: Mapping[str, Any]) -> None:
        """The ledger's rows as they stand; told again after a crash they are the same."""
        store = self._parts.store
        await self._stored(lambda: store.keep_counts(f"lane-{lane}", list(rows.values()), PATIENCE))

    # Second stage.

    async def _judge(self, event: Any) -> None:
        if self._letters.waits("judge", event.message.partition):
            taken = await self._take_out_held(event.message.partition)
            if event.message.offset in taken:
                return
        place = self._place("judge", event, self._tables["judged"], self._shard)
        if not place.extra.get("ready"):
            with self._hand.step():
                await self._recovered(event, place)
        shard: Shard = place.holder
        now = self._parts.clock()
        if await self._letters.taken_out("judge", event):
            event.ack()
            return
        try:
            message = opened_observed(event.value)
        except BadMessage as error:
            await self._letters.dead(event, error)
            event.ack()
            return
        held = self._held.setdefault(event.message.partition, {})
        held[event.message.offset] = (event, message)
        self._ack(held, shard.receive(message, event, now))
        while True:
            step = shard.take(self._parts.clock())
            if step.given_up:
                LOG.warning("nothing is heard of lanes %s: what they bring later may be late", step.given_up)
            if step.entries or step.changed or step.findings:
                with self._hand.step():
                    await self._made_durable(event, place, step)
            self._ack(held, step.done)
            if not step.entries:
                return

    async def _take_out_held(self, partition: int) -> list[int]:
        """What waited in the shard and was found guilty since; gives the offsets."""
        taken = []
        held = self._held.get(partition, {})
        for offset, (event, _) in list(held.items()):
            if await self._letters.taken_out("judge", event):
                del held[offset]
                event.ack()
                taken.append(offset)
        return taken

    @staticmethod
    def _ack(held: dict[int, Any], events: Sequence[Any]) -> None:
        for event in events:
            held.pop(event.message.offset, None)
            event.ack()

    def _shard(self, journal: Journal, due: list[tuple[str, str, int]]) -> Shard:
        parts = self._parts
        return Shard(parts.rooms, self._shards, journal.recall, journal.state, due, parts.clock())

    async def _recovered(self, event: Any, place: _Place) -> None:
        """What the last life left half done: its keys are written, its findings told (again)."""
        journal = place.journal
        if journal.state is not None:
            await self._write("judged", event, journal.spread())
            journal.spread_done()
            await self._tell(place)
        place.sender = (journal.state or {}).get("sender") or f"{event.message.partition}-{secrets.token_hex(6)}"
        place.extra["ready"] = True
        held = self._held.setdefault(event.message.partition, {})
        if self._dealt.get(event.message.partition) != place.generation:
            # Partitions were dealt anew: what was not acknowledged is told again.
            self._dealt[event.message.partition] = place.generation
            held.clear()
        for one, message in list(held.values()):
            self._ack(held, place.holder.receive(message, one, self._parts.clock()))

    async def _made_durable(self, event: Any, place: _Place, step: Step) -> None:
        journal = place.journal
        groups = [[finding_form(one) for one in group] for group in step.findings]
        outbox = {"newest": step.newest, "groups": groups} if groups else None
        state = {**step.state, "sender": place.sender}
        await self._step("judged", event, journal, step.changed, state, outbox)
        await self._tell(place)
        for trouble in step.troubles:
            LOG.error("%s", trouble)
        if step.troubles:
            rejected = [
                Rejected(INTERNAL, 0, "internal_error", text, b"", self._parts.clock()) for text in step.troubles
            ]
            where = [("judge", event.message.partition, journal.number, at) for at in range(len(rejected))]
            await self._stored(lambda: self._parts.store.keep_rejects(rejected, where, PATIENCE))

    async def _tell(self, place: _Place) -> None:
        """Hand the findings of the last step on; the queue knows what it was told before by their number."""
        journal = place.journal
        if not journal.outbox or journal.state is None:
            return
        split: dict[int, list[list[Any]]] = {}
        for group in journal.outbox["groups"]:
            mine: dict[int, list[Any]] = {}
            for form in group:
                mine.setdefault(place_of(form["rule_id"], self._shards), []).append(finding_of(form))
            for part, findings in mine.items():
                split.setdefault(part, []).append(findings)
        sender, newest = journal.state["sender"], journal.outbox["newest"]
        sealed = [(part, sealed_found(Found(sender, journal.number, newest, held))) for part, held in split.items()]
        await self._send_all("found", sealed)

    # Third stage.

    async def _queue(self, event: Any) -> None:
        place = self._place("queue", event, self._tables["queued"], self._folder)
        try:
            message = opened_found(event.value)
        except BadMessage as error:
            await self._letters.dead(event, error)
            event.ack()
            return
        if await self._letters.taken_out("queue", event):
            event.ack()
            return
        queue: Queue = place.holder
        if not queue.knows(message):
            with self._hand.step():
                folding = await self._stored(lambda: self._folded(queue, message))
                await self._step("queued", event, place.journal, folding.changed, folding.state, None)
        event.ack()

    def _folder(self, journal: Journal, due: list[tuple[str, str, int]]) -> Queue:
        return Queue(self._parts.rooms, self._parts.flood, journal.recall, journal.state, due)

    def _folded(self, queue: Queue, message: Found) -> Folding:
        """In a thread of its own: the store is asked and written. Not tried again from here: the queue has moved on."""
        store = self._parts.store
        folding = queue.take(message, self._parts.clock(), lambda refs: store.drill_of(refs, {}))
        fresh = store.fold_once(folding.parts, message.sender, message.number, PATIENCE)
        store.count_excepted_once(folding.excepted, message.sender, message.number)
        for alert in fresh:
            meters.ALERTS.labels(alert.level, "yes" if alert.drill else "no").inc()
        return folding

    # What all stages need.

    def _place(
        self, name: str, event: Any, table: Any, build: Callable[[Journal, list[tuple[str, str, int]]], Any]
    ) -> _Place:
        partition, generation = event.message.partition, self.app.consumer_generation_id
        known = self._places.get((name, partition))
        if known is not None and known.generation == generation:
            return known
        journal = Journal(partition, table.data.get)
        due = journal.load(table.data.items())
        made = _Place(generation, journal, None)
        made.holder = build(journal, due)
        self._places[name, partition] = made
        LOG.info("%s of partition %d begins at step %d", name, partition, journal.number)
        return made
