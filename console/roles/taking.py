"""What a machine hands to a cluster: straight to the broker, counted here, the counts told to the node in time."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from console.roles.cluster import cluster_of
from console.wiring import Workspace, claim_of, wall_clock
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.stores.ledger import MINUTE
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.errors import Unreachable
from yunshao.model.event import Record, Rejected
from yunshao.ports import Batch

LOG = logging.getLogger("yunshao.collect")
TAKEN = "taken"
KIND, KEY = "taken", "told"
MOST_WAITING = 8
WAIT_SECONDS = 5.0
FOREVER = 1 << 62


class Taking:
    """`ports.Bus` of a workspace on a cluster: at the broker, and counted, when `append` returns.

    The broker is connected to when the first record comes, so that a console starts without it.
    """

    def __init__(self, place: Workspace) -> None:
        self._place = place
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._connecting = threading.Lock()

    @cached_property
    def _made(self) -> KafkaBus:
        claims = {one.source: claim_of(one) for one in self._place.settings.sources}
        return KafkaBus(cluster_of(self._place), claims)

    @property
    def _bus(self) -> KafkaBus:
        with self._connecting:
            return self._made

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """Raises Unreachable where the broker has not acknowledged, or where too many wait for it already."""
        if not self._waiting.acquire(timeout=WAIT_SECONDS):
            raise Unreachable("too many wait for the broker", "send it again later", cluster_of(self._place).kafka)
        try:
            self._bus.append(source, records, received, hint)
        finally:
            self._waiting.release()
        self.count(Counter({source: len(records)}))

    def send_again(self, record: Record, origin: str) -> None:
        """A dead letter once more through the intake. Raises Unreachable."""
        self._bus.send_again(record, origin)
        self.count(Counter({record.source: 1}))

    def send_message(self, items: Sequence[Record | Rejected]) -> None:
        """The records of a message that was refused as a whole. Raises Unreachable."""
        self._bus.send("replay", items)
        self.count(Counter(one.source for one in items))

    def count(self, received: Counter[str]) -> None:
        """Remember on this machine what the broker has."""
        self._place.local.commit(Batch(received=dict(received)))

    def close(self) -> None:
        """Close the connection, where there is one."""
        if "_made" in self.__dict__:
            self._made.close()


class Telling:
    """Tells the node how much this machine has handed over, source by source and minute by minute.

    Rows are written whole, so that telling them again changes nothing; a node that is away is told later.
    """

    def __init__(self, place: Workspace) -> None:
        self._place = place
        self._store: SearchStore | None = None
        # What this folder counted before it was on a cluster is none of the cluster's.
        start = wall_clock() // MINUTE * MINUTE
        self._start = int(
            place.local.change(KIND, KEY, lambda kept: kept or {"start": start, "minute": start})["start"]
        )

    def turn(self) -> int:
        """Tell what is new; gives how many rows. Raises Unreachable."""
        since = self._since()
        rows = [{**row, "hop": TAKEN} for row in self._place.local.ledger(since, FOREVER) if row["received"]]
        for row in rows:
            for name in ("processed", "rejected", "repeated"):
                del row[name]
        if rows:
            if self._store is None:
                self._store = SearchStore(cluster_of(self._place))
            self._store.keep_counts(f"{TAKEN}-{self._place.spool.id}", rows, 5.0)
            newest = max(row["minute"] for row in rows)
            self._place.local.put(KIND, KEY, {"start": self._start, "minute": newest})
        return len(rows)

    def _since(self) -> int:
        """The last minutes may have grown since: they are told again."""
        return max(self._start, int(self._place.local.get(KIND, KEY)["minute"]) - 2 * MINUTE)

    def tick(self) -> None:
        """A turn whose trouble is only logged: the rows are kept here."""
        try:
            self.turn()
        except Unreachable as error:
            LOG.warning("counts are not told: %s", error)

    def close(self) -> None:
        """Close the connection to the node."""
        if self._store is not None:
            self._store.close()
