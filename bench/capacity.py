"""How many partitions, workers, nodes and disks a rate of events wants, from what was measured on one core.

    python -m bench.capacity            write docs/capacity.md
    python -m bench.capacity 20000      a plan for 20,000 events/s

Nothing is guessed here but what `Prices` says; the formulas are in the page, beside their figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "capacity.md"
MOST_PARTITIONS = 256
"""What `cluster.partitions` takes."""
HEADROOM = 0.6
"""The share of a core that is planned with: a burst, a rebalance and a node that is away must fit into the rest."""
DAY = 86_400
HOP_DAYS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Processor seconds and bytes of one event, and of one message, as `python -m bench --cluster` prints them."""

    collect: float
    """Processor seconds of the collector for an event, from a file to the acknowledgement."""
    work: float
    """Of a worker for an event: read, understand, match, hand to the node, judge."""
    message: float
    """Of all workers for one message from the first stage to one shard: each envelope tells every shard."""
    node: float
    """Of the node for an event."""
    broker: float
    """Of the broker for an event."""
    envelope: int
    """Events of an envelope when much comes."""
    raw_bytes: float
    """In the raw topic, an event."""
    stored_bytes: float
    """In the index, an event, one copy."""
    worker_memory: int
    """Bytes that a worker holds."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a month, in whatever money: an assumption that you replace by your own."""

    core: float = 100.0
    terabyte: float = 150.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rate wants. `gives_way` says in words what is at its end first, and at which rate."""

    rate: int
    partitions: int
    collectors: int
    workers: int
    worker_cores: float
    fan_out: float
    brokers: int
    nodes: int
    node_cores: float
    raw_terabytes: float
    stored_terabytes: float
    memory_gigabytes: float
    cost: float
    gives_way: str
    most: int


NODE_CORES, BROKER_CORES = 8, 4
NODE_TERABYTES = 8.0
"""What is kept on one node: more is slow to copy to another when it fails."""
MIB, TB, GIB = 1 << 20, 1e12, 1 << 30


def worker_cores(rate: float, partitions: int, measured: Measured) -> float:
    """Cores of all workers: their events, and the messages by which every envelope tells every shard.

    rate * work + rate / envelope * partitions * message
    """
    return rate * measured.work + rate / measured.envelope * partitions * measured.message


def partitions_for(rate: float, measured: Measured) -> int:
    """The least number with which no worker of one partition needs more than `HEADROOM` of its core; 0 for none.

    A partition carries rate / partitions events; what it is told of the others stays, however many there are:
    so each costs rate / envelope * message, and beyond a rate no number is enough.
    """
    told = rate / measured.envelope * measured.message
    left = HEADROOM - told
    if left <= 0:
        return 0
    return max(1, math.ceil(rate * measured.work / left))


def most_rate(measured: Measured, partitions: int = MOST_PARTITIONS) -> float:
    """The rate at which this many partitions, each a core, are at `HEADROOM`."""
    return HEADROOM / (measured.work / partitions + measured.message / measured.envelope)


def plan(rate: int, measured: Measured, raw_days: int = 7, event_days: int = 180, copies: int = 2,
         prices: Prices = Prices()) -> Plan:  # fmt: skip
    """The plan for a steady rate of events a second. Where one cluster is not enough, that of as many as it takes."""
    most = most_rate(measured)
    clusters = max(1, math.ceil(rate / most))
    share = rate / clusters
    partitions = min(MOST_PARTITIONS, max(1, partitions_for(share, measured)))
    cores = worker_cores(share, partitions, measured) * clusters
    workers = min(partitions, max(1, math.ceil(cores / clusters / HEADROOM))) * clusters
    node_cores = rate * measured.node * copies
    raw = rate * DAY * raw_days * measured.raw_bytes * copies / TB
    stored = rate * DAY * event_days * measured.stored_bytes * copies / TB
    nodes = max(copies, math.ceil(node_cores / HEADROOM / NODE_CORES), math.ceil(stored / NODE_TERABYTES))
    broker_cores = rate * measured.broker * copies
    brokers = max(copies, math.ceil(broker_cores / HEADROOM / BROKER_CORES), math.ceil(raw / NODE_TERABYTES))
    collectors = max(1, math.ceil(rate * measured.collect / HEADROOM))
    all_cores = collectors + workers + nodes * NODE_CORES + brokers * BROKER_CORES
    memory = (workers * measured.worker_memory + nodes * 32 * GIB + brokers * 8 * GIB) / GIB
    fan_out = share / measured.envelope * partitions * measured.message * clusters
    return Plan(
        rate=rate, partitions=partitions * clusters, collectors=collectors, workers=workers, worker_cores=cores,
        fan_out=fan_out / cores if cores else 0.0, brokers=brokers, nodes=nodes, node_cores=node_cores,
        raw_terabytes=raw, stored_terabytes=stored, memory_gigabytes=memory,
        cost=all_cores * prices.core + (raw + stored) * prices.terabyte,
        gives_way=gives_way(rate, clusters, nodes, node_cores), most=int(most),
    )  # fmt: skip


def gives_way(rate: int, clusters: int, nodes: int, node_cores: float) -> str:
    """What is at its end first, in words."""
    if clusters > 1:
        return f"the fan-out to shards: {clusters} clusters side by side, each with its own prefix and sources"
    if nodes > 20 or node_cores > 20:
        return "the nodes: most of all machines are theirs"
    if rate < 1_000:
        return "nothing: one process does this by itself"
    return "the workers"
