"""Every topic of the product, its key, partitions and retention, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from yunshao.settings import ClusterSettings

RAW, OBSERVED, FOUND, DEAD = "raw", "observed", "found", "dead"
TABLES = ("worked", "judged", "queued")
DAY_MS = 86_400_000
MAX_MESSAGE = 21 << 20
HOP_DAYS = 3
DEAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it should be; `key` says in words what decides the partition."""

    name: str
    partitions: int
    key: str
    settings: dict[str, str] = field(default_factory=dict)


def topics_of(cluster: ClusterSettings) -> list[Topic]:
    """What this cluster needs. All topics of the pipeline have one number of partitions: tables and streams meet."""
    prefix, count = cluster.prefix, cluster.partitions

    def passing(name: str, key: str, days: int) -> Topic:
        kept = {"retention.ms": str(days * DAY_MS), "max.message.bytes": str(MAX_MESSAGE), "cleanup.policy": "delete"}
        return Topic(f"{prefix}.{name}", count, key, kept)

    def changelog(table: str) -> Topic:
        # Compact only: what a worker remembers must never be deleted by age.
        kept = {
            "cleanup.policy": "compact",
            "max.message.bytes": str(MAX_MESSAGE),
            "segment.bytes": str(64 << 20),
            "min.cleanable.dirty.ratio": "0.2",
        }
        return Topic(f"{prefix}-worker-{prefix}-{table}-changelog", count, "the partition of its stream", kept)

    return [
        passing(RAW, "intake and source, so that the order of a source holds", cluster.raw_days),
        passing(OBSERVED, "what is judged together: the group of a correlation, the account of an actor", HOP_DAYS),
        passing(FOUND, "the rule", HOP_DAYS),
        passing(DEAD, "none", DEAD_DAYS),
        *(changelog(table) for table in TABLES),
    ]
