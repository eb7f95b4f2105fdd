"""The store of a cluster: everything that people and reports ask, in OpenSearch."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any

from yunshao.adapters.stores.database import now
from yunshao.adapters.stores.ledger import MINUTE
from yunshao.adapters.stores.packing import everything
from yunshao.adapters.stores.search.alerts import SearchAlerts
from yunshao.adapters.stores.search.chain import SearchChain
from yunshao.adapters.stores.search.connect import DAY, EPOCH, Node
from yunshao.adapters.stores.search.documents import SearchArchive
from yunshao.adapters.stores.search.events import SearchEvents
from yunshao.adapters.stores.search.health import SearchHealth
from yunshao.adapters.stores.search.register import SearchRegister
from yunshao.errors import WrongUse
from yunshao.model.alert import Alert, shown_events
from yunshao.model.event import Event, EventRef, native_digest
from yunshao.model.snooze import KEY, KIND, Snooze, snoozes_at
from yunshao.ports import Batch, Clock, Kept, StoredEvent
from yunshao.settings import ClusterSettings

RETIRED = "retired"


class SearchStore(SearchEvents, SearchAlerts, SearchArchive, SearchHealth, SearchRegister, SearchChain):
    """`ports.ChainedBody`; what a pipeline remembers lies in the workers' tables. Any thread may use it."""

    def __init__(self, cluster: ClusterSettings, clock: Clock = now) -> None:
        """Raises Unreachable, BadConfiguration."""
        node = Node(cluster)
        SearchRegister.__init__(self, node, clock)
        self._node = node
        self._clock = clock
        self._writer = f"commit-{secrets.token_hex(6)}"
        self._numbers = count(1)

    def _snoozes(self, at: int) -> Sequence[Snooze]:
        found = self._find(KIND, KEY)
        return snoozes_at(self.get(KIND, KEY) if found else None, at)

    def keep_events(self, events: Sequence[Event], origins: Sequence[str], patience: float = 60.0) -> list[Kept]:
        """Write each event once, and mark those that a drill sent; see `write_events`."""
        return self.write_events(events, origins, self._rehearsed(events), patience)

    def _rehearsed(self, events: Sequence[Event]) -> list[bool]:
        """Which of these stand in the register of drills as they are."""
        known = self.registered([(event.source, event.uid) for event in events]) if events else {}
        entries = [known.get((event.source, event.uid)) for event in events]
        return [
            entry is not None and native_digest(event.native) == entry[1]
            for event, entry in zip(events, entries, strict=True)
        ]

    def commit(self, batch: Batch) -> list[Alert]:
        """For a writer that is alone (imports, tests): the events, alerts, counts and dead letters of a batch.

        Not one transaction: workers write by `keep_events` and `fold_once`, which may be told again.
        """
        events = everything(batch)
        if len(self.fresh(events)) != len(events):
            raise WrongUse("the batch holds an event that was stored before", "ask `fresh` first")
        number = next(self._numbers)
        origin = f"{self._writer}/{number}/"
        kept = self.keep_events(events, [f"{origin}{place}" for place in range(len(events))])
        origins = [(self._writer, 0, number, place) for place in range(len(batch.rejected))]
        self.keep_rejects(batch.rejected, origins)
        counted = {"received": Counter(batch.received), "repeated": Counter(batch.repeated)}
        self.add_counts(events, batch.rejected, counted, [one.rehearsed for one in kept])
        self.count_excepted_once(batch.excepted, self._writer, number)
        fresh: dict[str, Alert] = {}
        for part in sorted(batch.alerts, key=lambda alert: alert.detected):
            step = next(self._numbers)
            made = self.fold_once([part], self._writer, step)
            if made or part.id in fresh:
                fresh[part.id] = self.alert(part.id)
        return list(fresh.values())

    def evidence(self, alert_id: str) -> list[StoredEvent]:
        """The alert's first ten and last ten events, those that are stored still. Raises NotFound."""
        refs = shown_events(self.alert(alert_id))
        found = self.find_events(refs) if refs else {}
        return [found[ref.source, ref.uid] for ref in refs if (ref.source, ref.uid) in found]

    def drill_of(self, events: Sequence[EventRef], batch: Mapping[tuple[str, str], Event]) -> str:
        """The drill that injected every one of these events, or an empty string; see `ports.PipelineStore`."""
        known = self.registered([(ref.source, ref.uid) for ref in events]) if events else {}
        if not events or len(known) < len({(ref.source, ref.uid) for ref in events}):
            return ""
        stored = self.find_events([ref for ref in events if (ref.source, ref.uid) not in batch])
        drills = set()
        for ref in events:
            drill, digest = known[ref.source, ref.uid]
            event = batch.get((ref.source, ref.uid)) or stored.get((ref.source, ref.uid))
            drills.add(drill if event and native_digest(event.native) == digest else "")
        return drills.pop() if len(drills) == 1 else ""

    def retire(self) -> list[str]:
        """Delete the days that are older than `event_days`; gives their indices. Days by event time."""
        oldest = self._clock() // DAY - self._node.cluster.event_days
        gone = []
        with self._node.told():
            for name in sorted(
                self._node.client.indices.get(index=self._node.events, params={"allow_no_indices": "true"})
            ):
                day = _day_of(name.removeprefix(self._node.name("events-")))
                if day is not None and day < oldest:
                    # Counted first: a crash in between counts the same once more.
                    self._count_retired(name)
                    self._node.client.indices.delete(index=name)
                    gone.append(name)
        return gone

    def _count_retired(self, index: str) -> None:
        counts = self.count_in(index)
        minute = self._clock() // MINUTE * MINUTE
        rows = [{"source": name, "minute": minute, "hop": RETIRED, "processed": n} for name, n in counts.items()]
        # Of an index for ever one row a source: what is told again, in another minute, takes the place of it.
        self.keep_counts(index, rows, minute_in_key=False)

    def node_state(self) -> dict[str, Any]:
        """`status` (green, yellow, red), `nodes`, `version`, `free` (bytes), `rejected` (writes that it had no room for
        since it started). Raises Unreachable."""
        client = self._node.client
        with self._node.told():
            health = client.cluster.health()
            stats = client.nodes.stats(metric="fs,thread_pool")["nodes"].values()
            version = client.info()["version"]["number"]
        free = min((one["fs"]["total"]["available_in_bytes"] for one in stats), default=0)
        rejected = sum(one["thread_pool"]["write"]["rejected"] for one in stats)
        found = {"status": health["status"], "nodes": health["number_of_nodes"], "version": version}
        return {**found, "free": free, "rejected": rejected}

    def close(self) -> None:
        """Close the connections."""
        self._node.close()


def _day_of(text: str) -> int | None:
    """The day of an index, counted from 1970; None for the odd ones."""
    try:
        return date.fromisoformat(text.replace(".", "-")).toordinal() - EPOCH
    except ValueError:
        return None
