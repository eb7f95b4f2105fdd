"""The conservation ledger balanced: whatever was taken is stored, rejected or a repeat, source by source."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.roles.shared import waiting
from console.wiring import Workspace

if TYPE_CHECKING:
    from yunshao.adapters.stores.search.store import SearchStore

FOREVER = 1 << 62
COUNTS = ("received", "processed", "rejected", "repeated")
# Letters of these stand for a message or a judgement, which no source counts as a record of its own.
LETTERS_ALONE = frozenset({"envelope", "internal"})
TRIES, PAUSE_SECONDS = 5, 1.0
ALL = "all"


@dataclass(slots=True)
class Counted:
    """What every hop counted. `minutes`: ledger rows; the others by source. `taken`: handed to a broker, None where one
    process does all; `waiting`: messages that the workers have not finished. `kept`: how many letters the store holds
    of each source, and under an empty name how many it ever held."""

    minutes: list[dict[str, Any]]
    stored: Mapping[str, int]
    kept: Mapping[str, int]
    retired: Mapping[str, int] = field(default_factory=dict)
    taken: int | None = None
    waiting: int = 0


def balance(counted: Counted) -> list[dict[str, Any]]:
    """A row a source, then one of all: its counts, `off` (what does not balance, in words) and `state`: balances, off,
    or moving (something is on its way, which may explain it)."""
    sums: dict[str, Counter[str]] = {}
    off: dict[str, list[str]] = {}
    for row in counted.minutes:
        sums.setdefault(row["source"], Counter()).update({name: row[name] for name in COUNTS})
        apart = row["received"] - row["processed"] - row["rejected"] - row["repeated"]
        if apart:
            off.setdefault(row["source"], []).append(
                f"minute {row['minute']}: {apart:+d} of {row['received']} received"
            )
    rows = []
    for source in sorted({*sums, *counted.stored, *counted.retired}):
        counts = sums.get(source, Counter())
        hard = off.get(source, [])
        soft = _of_source(source, counts, counted)
        rows.append(_row(source, counts, counted, hard, soft))
    whole = Counter[str]()
    for counts in sums.values():
        whole.update(counts)
    rows.append(_row(ALL, whole, counted, [], _of_all(whole, counted)))
    return rows


def _of_source(source: str, counts: Counter[str], counted: Counted) -> list[str]:
    found = []
    apart = counted.stored.get(source, 0) + counted.retired.get(source, 0) - counts["processed"]
    if apart:
        found.append(f"{apart:+d} events in the store against processed")
    if counted.taken is not None and source not in LETTERS_ALONE:
        letters = counted.kept.get(source, 0) - counts["rejected"]
        if letters:
            found.append(f"{letters:+d} dead letters against rejected")
    return found


def _of_all(whole: Counter[str], counted: Counted) -> list[str]:
    if counted.taken is None:
        apart = counted.kept.get("", 0) - whole["rejected"]
        return [f"{apart:+d} dead letters against rejected"] if apart else []
    # More received than taken is no loss: what was told again is counted as repeated.
    missing = counted.taken - whole["received"]
    return [f"{missing} records were handed to the broker and not received"] if missing > 0 else []


def _row(source: str, counts: Counter[str], counted: Counted, hard: list[str], soft: list[str]) -> dict[str, Any]:
    everything = source == ALL
    stored, retired = (
        sum(part.values()) if everything else part.get(source, 0) for part in (counted.stored, counted.retired)
    )
    state = "off" if hard or (soft and not counted.waiting) else "moving" if soft else "balances"
    return {
        "source": source,
        "taken": counted.taken if everything else None,
        **{name: counts[name] for name in COUNTS},
        "stored": stored,
        "retired": retired,
        "letters": counted.kept.get("" if everything else source, 0),
        "waiting": counted.waiting if everything else None,
        "state": state,
        "off": "; ".join([*hard[:20], *soft]),
    }


def verify(place: Workspace, pause: Callable[[float], object] = time.sleep) -> list[dict[str, Any]]:
    """`balance` of a workspace as it stands; looked at again while something moves. Raises Unreachable."""
    for left in range(TRIES - 1, -1, -1):
        found = balance(_counted(place))
        if not left or all(row["state"] == "balances" for row in found):
            break
        pause(PAUSE_SECONDS)
    return found


def _counted(place: Workspace) -> Counted:
    if place.settings.cluster is None:
        store = place.local
        minutes = store.ledger(0, FOREVER)
        rows = store.hunt("SELECT source, count(*) AS n FROM events GROUP BY source", 10_000)
        stored = {row["source"]: row["n"] for row in rows}
        return Counted(minutes, stored, store.letters_ever())
    store_of_all: Any = place.store
    return _on_cluster(store_of_all, waiting(place))


def _on_cluster(store: SearchStore, messages: int) -> Counted:
    """The counts before what they count: what is stored meanwhile is on its way, and the next look sees it."""
    minutes = store.ledger(0, FOREVER)
    taken = sum(row["received"] for row in store.ledger(0, FOREVER, "taken"))
    retired = _by_source(store.ledger(0, FOREVER, "retired"))
    return Counted(minutes, store.count_in(store.every_event), store.letters_ever(), retired, taken, messages)


def _by_source(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found = Counter[str]()
    for row in rows:
        found[row["source"]] += row["processed"]
    return dict(found)
