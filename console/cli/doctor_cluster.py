"""What `yunshao doctor` looks at on a cluster: broker, topics, workers, node, and whether checksums are quick."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from console.cli.common import moment
from console.wiring import Workspace, wall_clock

MANY_MESSAGES = 1_000
LOW_DISK_BYTES = 10 << 30
MOST_PARTITIONS = 8
SILENT_MS = 60_000


class Found(NamedTuple):
    """One thing looked at: `state` is ok, warning or wrong."""

    what: str
    state: str
    found: str
    mend: str = ""


def look(place: Workspace) -> Iterator[Found]:
    """Everything about the engines; nothing where the workspace is on none."""
    cluster = place.settings.cluster
    if cluster is None:
        return
    state: dict[str, Any] = importlib.import_module("console.roles.watch").cluster_state(place)
    if not state["quick"]:
        mend = "pip install 'yunshao[cluster]'"
        yield Found("checksums", "warning", "summed in Python: a broker is thirty times slower to speak to", mend)
    yield from _broker(state["broker"], state["topics"], cluster.partitions)
    yield from _workers(place, state)
    yield from _node(state["node"], cluster.replicas)


def _broker(broker: dict[str, Any], topics: list[dict[str, Any]], partitions: int) -> Iterator[Found]:
    if not broker["ok"]:
        yield Found("broker", "wrong", broker["trouble"])
        return
    dead = f", {broker['dead']} messages in the dead-letter topic" if broker["dead"] else ""
    yield Found("broker", "ok", f"{broker['address']}: {broker['brokers']} brokers{dead}")
    by_topic: dict[str, list[dict[str, Any]]] = {}
    for row in topics:
        by_topic.setdefault(row["topic"], []).append(row)
    if len(by_topic) < 3:
        yield Found("topics", "wrong", f"{len(by_topic)} of 3 are there", "yunshao topics apply")
    for topic, rows in by_topic.items():
        lag = sum(row["lag"] for row in rows)
        behind = [f"{row['partition']}: {row['lag']}" for row in rows if row["lag"]]
        shown = f" ({', '.join(behind[:MOST_PARTITIONS])}{' …' if len(behind) > MOST_PARTITIONS else ''})"
        last = max((row["last"] for row in rows if row["last"] is not None), default=None)
        said = f"{lag} messages behind{shown if behind else ''}, newest {moment(last) or 'never'}"
        many = lag >= MANY_MESSAGES
        wrong = len(rows) != partitions
        yield Found(
            f"topic {topic}",
            "wrong" if wrong else "warning" if many else "ok",
            f"{len(rows)} partitions, {said}",
            "yunshao topics apply" if wrong else "more workers, up to the partitions" if many else "",
        )


def _workers(place: Workspace, state: dict[str, Any]) -> Iterator[Found]:
    if state["broker"]["ok"]:
        names = state["broker"]["workers"]
        none = "" if names else "yunshao worker"
        yield Found("workers", "ok" if names else "warning", ", ".join(names) or "none reads", none)
    if not state["node"]["ok"]:
        return
    for one in place.store.find("worker", 256):
        if one["left"] and wall_clock() - one["at"] < SILENT_MS:
            share = 100 * (one["of"] - one["left"]) // one["of"]
            said = f"reads its tables back: {share} % of {one['of']} messages, {one['left']} left"
            yield Found(f"worker {one['name']}", "warning", said, "it works when that is done")


def _node(node: dict[str, Any], replicas: int) -> Iterator[Found]:
    if not node["ok"]:
        yield Found("node", "wrong", node["trouble"])
        return
    said = f"{node['address']}: OpenSearch {node['version']}, {node['nodes']} nodes, {node['status']}"
    bad = {"green": "ok", "yellow": "ok" if replicas == 1 else "warning"}.get(node["status"], "wrong")
    yield Found("node", bad, said, "" if bad == "ok" else "shards are missing: look at the node's log")
    low = node["free"] < LOW_DISK_BYTES
    yield Found(
        "node's disk",
        "warning" if low else "ok",
        f"{node['free'] / 2**30:.1f} GiB free",
        "make room, or fewer cluster.event_days" if low else "",
    )
    refused = node["rejected"]
    yield Found(
        "back-pressure",
        "warning" if refused else "ok",
        f"the node had no room for {refused} writes since it started; they were tried again",
        "fewer workers, or a larger node" if refused else "",
    )
