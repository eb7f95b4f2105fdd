"""How many partitions, workers, nodes and disks a rate of events wants, from what was measured on one core.

    python -m bench.capacity            write docs/capacity.md
    python -m bench.capacity 20000      a plan for 20,000 events/s

Nothing is guessed here but what `Prices` says; the formulas are in the page, beside their figures.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "capacity.md"
MOST_PARTITIONS = 256
"""What `cluster.partitions` takes."""
HEADROOM = 0.6
"""The share of a core that is planned with: a burst, a rebalance and a node that is away must fit into the rest."""
DAY = 86_400
NODE_CORES, NODE_MEMORY, NODE_TERABYTES = 8, 32, 8.0
"""A node (GiB, TB): more on one is slow to copy to another when it fails."""
BROKER_CORES, BROKER_MEMORY = 4, 8
SHARD_BYTES, SHARD_EVENTS = 50e9, 1.5e9
"""A shard that is still moved well, and well under the 2^31 documents that Lucene counts in one."""
TERA, GIBI = 1e12, 1 << 30


@dataclass(frozen=True, slots=True)
class Measured:
    """Processor seconds and bytes of one event, and of one message, as `python -m bench.cluster` prints them."""

    collect: float
    """Processor seconds of a collector for sending an event and hearing that it is there."""
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
    """What a steady rate of events a second wants, in `clusters` side by side; counts are of all of them."""

    rate: int
    clusters: int
    partitions: int
    collectors: int
    workers: int
    fan_out: float
    """The share of the workers' time that goes into telling every shard of every envelope."""
    brokers: int
    nodes: int
    shards_a_day: int
    raw_terabytes: float
    stored_terabytes: float
    memory_gigabytes: float
    cores: int
    cost: float


@dataclass(frozen=True, slots=True)
class Limit:
    """One part that is at its end at a rate (events a second), and what is done about it."""

    what: str
    rate: float
    then: str


def worker_cores(rate: float, partitions: int, measured: Measured) -> float:
    """Cores of all workers: their events, and the messages by which every envelope tells every shard.

    rate * work + rate / envelope * partitions * message
    """
    return rate * measured.work + rate / measured.envelope * partitions * measured.message


def most_rate(measured: Measured, partitions: int = MOST_PARTITIONS) -> float:
    """The rate at which so many partitions, each with a worker of its own, are at `HEADROOM`.

    A partition carries rate / partitions events, but is told of every envelope, however many partitions there are.
    """
    return HEADROOM / (measured.work / partitions + measured.message / measured.envelope)


def partitions_for(rate: float, measured: Measured) -> int:
    """The least number whose `most_rate` is the rate or more; 0 where no number is enough."""
    left = HEADROOM - rate / measured.envelope * measured.message
    return max(1, math.ceil(rate * measured.work / left)) if left > 0 else 0


def shards_for(rate: float, measured: Measured) -> int:
    """`cluster.event_shards`: none above the size that is moved well, none above what Lucene counts."""
    size = rate * DAY * measured.stored_bytes / SHARD_BYTES
    return max(1, math.ceil(max(size, rate * DAY / SHARD_EVENTS)))


def plan(
    rate: int, measured: Measured, raw_days: int = 7, event_days: int = 180, copies: int = 2,
    prices: Prices | None = None,
) -> Plan:  # fmt: skip
    """The machines for a rate. Where one cluster is not enough, as many as it takes, each with its own sources."""
    clusters = max(1, math.ceil(rate / most_rate(measured)))
    share = rate / clusters
    partitions = min(MOST_PARTITIONS, partitions_for(share, measured))
    busy = worker_cores(share, partitions, measured)
    workers = min(partitions, max(1, math.ceil(busy / HEADROOM)))
    raw = rate * DAY * raw_days * measured.raw_bytes * copies / TERA
    stored = rate * DAY * event_days * measured.stored_bytes * copies / TERA
    nodes = max(copies, _many(rate * measured.node * copies, NODE_CORES), math.ceil(stored / NODE_TERABYTES))
    brokers = max(copies, _many(rate * measured.broker * copies, BROKER_CORES), math.ceil(raw / NODE_TERABYTES))
    collectors = max(clusters, _many(rate * measured.collect, 1))
    cores = collectors + workers * clusters + nodes * NODE_CORES + brokers * BROKER_CORES
    memory = workers * clusters * measured.worker_memory / GIBI + nodes * NODE_MEMORY + brokers * BROKER_MEMORY
    money = prices or Prices()
    return Plan(
        rate=rate, clusters=clusters, partitions=partitions * clusters, collectors=collectors,
        workers=workers * clusters, fan_out=share / measured.envelope * partitions * measured.message / busy,
        brokers=brokers, nodes=nodes, shards_a_day=shards_for(share, measured) * clusters, raw_terabytes=raw,
        stored_terabytes=stored, memory_gigabytes=memory, cores=cores,
        cost=cores * money.core + (raw + stored) * money.terabyte,
    )  # fmt: skip


def _many(cores: float, each: int) -> int:
    return max(1, math.ceil(cores / HEADROOM / each))


def limits(measured: Measured) -> list[Limit]:
    """What gives way, the first first."""
    found = [
        Limit(
            "one shard a day in the node",
            SHARD_BYTES / DAY / measured.stored_bytes,
            "set `cluster.event_shards` before the day begins",
        ),
        Limit(
            "one worker on one core",
            HEADROOM / measured.work,
            "start more workers, up to `cluster.partitions`",
        ),
        Limit(
            "one source of one collector, which keeps its order in one partition",
            HEADROOM / measured.work,
            "cut it into several sources, by sender or by folder",
        ),
        Limit("one collector on one core", HEADROOM / measured.collect, "more workspaces, each with its sources"),
        Limit(
            f"one node of {NODE_CORES} cores with a copy elsewhere",
            HEADROOM * NODE_CORES / measured.node,
            "more nodes and shards",
        ),
        Limit(
            f"one broker of {BROKER_CORES} cores with a copy elsewhere",
            HEADROOM * BROKER_CORES / measured.broker,
            "more brokers",
        ),
        Limit(
            f"{MOST_PARTITIONS} partitions: every shard is told of every envelope",
            most_rate(measured),
            "several clusters side by side, each with its own `cluster.prefix` and sources",
        ),
    ]
    return sorted(found, key=lambda limit: limit.rate)


MEASURED = Measured(
    collect=10.0e-6, work=186e-6, message=0.335e-3, node=1058e-6, broker=153e-6, envelope=500,
    raw_bytes=123.0, stored_bytes=973.0, worker_memory=231 << 20,
)  # fmt: skip
"""What `python -m bench.cluster` measured over 12,000 events; the figures are in docs/performance.md too. Node and broker had
just been started: warm ones take less, so their counts are upper bounds."""

RATES = {"10 units": 1_000, "100 units": 10_000, "1,000 units": 100_000, "10,000 units (a province)": 1_000_000}
HEAD = """# How large

Computed by `python -m bench.capacity` from what one core did in [performance](performance.md); `python -m bench.capacity 20000` plans
for 20,000 events/s. All rates are steady; a part is planned to {headroom:.0%} of its cores, so that a burst, a rebalance or a machine
that is away fits into the rest.

"""
FORMULAS = """
- cores of workers = rate x {work:.0f} us + rate / {envelope} x partitions x {message:.2f} ms: each envelope tells every shard;
- cores of collectors = rate x {collect:.0f} us, of the node = rate x {node:.0f} us x copies, of the broker = rate x {broker:.0f} us x copies;
- raw topic = rate x 86,400 s x days x {raw_bytes:.0f} bytes x copies (zstd); indices = rate x 86,400 s x days x {stored_bytes:.0f} bytes x copies;
- a worker holds {memory:.0f} MiB; a node is {node_cores} cores, {node_memory} GiB and {node_disk:.0f} TB, a broker {broker_cores} cores and {broker_memory} GiB;
- shards a day = indices of a day / {shard:.0f} GB, at most {shard_events:.1f} thousand million events in one.
"""


def page(measured: Measured) -> str:
    """docs/capacity.md."""
    prices = Prices()
    rows = [
        "| for | events/s | collectors | partitions | workers | brokers | nodes | shards a day | raw, 7 days | indices, 180 days "
        "| indices, 7 days | memory | cores | a month |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, rate in RATES.items():
        one, short = plan(rate, measured), plan(rate, measured, event_days=7)
        rows.append(
            f"| {name} | {rate:,} | {one.collectors} | {one.partitions}{_in(one.clusters)} | {one.workers} | {one.brokers} "
            f"| {one.nodes:,} ({short.nodes:,} for 7 days) | {one.shards_a_day:,} | {one.raw_terabytes:,.1f} TB "
            f"| {one.stored_terabytes:,.0f} TB | {short.stored_terabytes:,.1f} TB | {one.memory_gigabytes:,.0f} GiB "
            f"| {one.cores:,} ({short.cores:,}) | {one.cost:,.0f} ({short.cost:,.0f}) |"
        )
    gives = ["| events/s | what is at its end | then |", "|---|---|---|"]
    gives += [f"| {limit.rate:,.0f} | {limit.what} | {limit.then} |" for limit in limits(measured)]
    province = plan(RATES["10,000 units (a province)"], measured)
    text = HEAD.format(headroom=HEADROOM) + "\n".join(rows) + "\n\n" + "## What is computed\n"
    text += FORMULAS.format(
        work=measured.work * 1e6, envelope=measured.envelope, message=measured.message * 1e3,
        collect=measured.collect * 1e6, node=measured.node * 1e6, broker=measured.broker * 1e6,
        raw_bytes=measured.raw_bytes, stored_bytes=measured.stored_bytes, memory=measured.worker_memory / (1 << 20),
        node_cores=NODE_CORES, node_memory=NODE_MEMORY, node_disk=NODE_TERABYTES, broker_cores=BROKER_CORES,
        broker_memory=BROKER_MEMORY, shard=SHARD_BYTES / 1e9, shard_events=SHARD_EVENTS / 1e9,
    )  # fmt: skip
    text += (
        f"\nTwo copies of everything. The money is an assumption to be replaced: {prices.core:.0f} a core and "
        f"{prices.terabyte:.0f} a TB each month.\n\n## What gives way first\n\n" + "\n".join(gives) + "\n\n"
        f"So in the order of growth it is the shard of a day, then the workers, which are added one by one, and from some "
        f"{most_rate(measured):,.0f} events/s the fan-out: {province.clusters} clusters carry a province, where telling every shard takes "
        f"{province.fan_out:.0%} of the workers' time. Long before that the disk of half a year's events is most of the money: "
        f"`cluster.event_days` is the setting that decides what a large estate costs.\n\nFigures of one machine, CloudTrail "
        f"records of 0.9 KB, the rules that ship; brokers and nodes by processor time on a single machine, just started and so still slow, not by a run "
        f"of many: their counts are upper bounds. Measure your own.\n"
    )
    return text


def _in(clusters: int) -> str:
    return f" in {clusters} clusters" if clusters > 1 else ""


def main() -> None:
    """Write the page, or print a plan."""
    asked = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    asked.add_argument("rate", nargs="?", type=int, help="events a second")
    asked.add_argument("--raw-days", type=int, default=7)
    asked.add_argument("--event-days", type=int, default=180)
    asked.add_argument("--copies", type=int, default=2)
    given = asked.parse_args()
    if given.rate is None:
        PAGE.write_text(page(MEASURED), encoding="utf-8")
        return
    made = plan(given.rate, MEASURED, given.raw_days, given.event_days, given.copies)
    for name, value in asdict(made).items():
        sys.stdout.write(f"{name:18} {value:,.2f}\n" if isinstance(value, float) else f"{name:18} {value:,}\n")


if __name__ == "__main__":
    main()
