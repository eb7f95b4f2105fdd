"""Looks at a cluster: broker, workers, lag, node; tells it to Prometheus and the pages; deletes days that are over."""

from __future__ import annotations

import logging
import threading
from typing import Any

from console.roles.cluster import cluster_of
from console.roles.taking import Taking, Telling
from console.wiring import Workspace, wall_clock
from yunshao import meters
from yunshao.adapters.kafka.connect import quick_checksums
from yunshao.adapters.kafka.state import broker_state
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.errors import YunshaoError

LOG = logging.getLogger("yunshao")
BY = "retention"


def cluster_state(place: Workspace) -> dict[str, Any]:
    """How broker and node stand now: `at` (ms), `broker`, `node`, `topics`, `quick` (checksums are summed in C).

    Each engine has `ok` and `trouble` (one line), so that one that is away hides nothing of the other.
    """
    cluster = cluster_of(place)
    broker: dict[str, Any] = {"address": cluster.kafka, "ok": True, "trouble": ""}
    node: dict[str, Any] = {"address": cluster.opensearch, "ok": True, "trouble": ""}
    topics: list[dict[str, Any]] = []
    try:
        found = broker_state(cluster)
        topics = found.pop("topics")
        broker |= found
    except YunshaoError as error:
        broker |= {"ok": False, "trouble": error.line()}
    try:
        store = place.store
        node |= store.node_state() if isinstance(store, SearchStore) else {}
    except YunshaoError as error:
        node |= {"ok": False, "trouble": error.line()}
    return {"at": wall_clock(), "broker": broker, "node": node, "topics": topics, "quick": quick_checksums()}


def waiting(place: Workspace) -> int:
    """How many messages the workers have not finished. Raises Unreachable."""
    return sum(row["lag"] for row in broker_state(cluster_of(place))["topics"])


class Shared:
    """The parts of a console on a cluster."""

    LOOK_SECONDS = 10.0
    RETIRE_SECONDS = 3600.0

    def __init__(self, place: Workspace) -> None:
        self._place = place
        self.taking = Taking(place)
        self._telling = Telling(place)
        self._lock = threading.Lock()
        self._state: dict[str, Any] | None = None

    def look(self, on_duty: bool) -> None:
        """Look, tell Prometheus, and tell the node what this console handed in."""
        state = {**cluster_state(self._place), "on_duty": on_duty}
        with self._lock:
            self._state = state
        meters.DUTY.set(int(on_duty))
        for name in ("broker", "node"):
            meters.ENGINE_UP.labels(name).set(int(state[name]["ok"]))
        for row in state["topics"]:
            meters.LAG.labels(row["topic"], str(row["partition"])).set(row["lag"])
            if row["last"] is not None:
                meters.LAST_MESSAGE.labels(row["topic"], str(row["partition"])).set(row["last"] / 1000)
        if state["node"]["ok"]:
            meters.REFUSED_WRITES.set(state["node"]["rejected"])
        self._telling.tick()

    def state(self) -> dict[str, Any]:
        """The newest look; the first one is taken now."""
        with self._lock:
            if self._state is not None:
                return self._state
        return {**cluster_state(self._place), "on_duty": False}

    def retire(self) -> list[str]:
        """Delete the days of events that are over; gives their indices. Raises Unreachable."""
        store = self._place.store
        gone = store.retire() if isinstance(store, SearchStore) else []
        for name in gone:
            LOG.info("%s is older than cluster.event_days and was deleted", name)
            store.note(BY, "events.delete", name)
        return gone

    def close(self) -> None:
        """Tell the last counts and let go of the broker."""
        self._telling.tick()
        self._telling.close()
        self.taking.close()
