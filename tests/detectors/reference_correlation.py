"""Correlations read a second time: all events at hand, every window looked at, nothing remembered.

From the correlation specification. The choices that a stream needs are ours and stand here in words: a window slides
and ends at an event, both ends belong to it; a condition that no event at all would meet is looked at just after an
event has left the window; after a conclusion a group is silent for one timespan; a conclusion stands for its
newest event.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import yaml
from reference import ABSENT, Condition, nested, number, printed, read_rules

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
BOUNDS = {
    "gt": lambda figure, bound: figure > bound,
    "gte": lambda figure, bound: figure >= bound,
    "lt": lambda figure, bound: figure < bound,
    "lte": lambda figure, bound: figure <= bound,
    "eq": lambda figure, bound: figure == bound,
    "neq": lambda figure, bound: figure != bound,
}


@dataclass(frozen=True)
class Hit:
    """A rule or correlation that holds at a time: over which events, of which the last is its newest."""

    rule: str
    time: int
    uids: tuple[str, ...]
    newest: Any
    path: tuple[str, ...]
    order: tuple[Any, ...]


def correlate(text: str, events: list[tuple[int, str, dict[str, Any]]]) -> set[tuple[str, int, frozenset[str]]]:
    """(id of the correlation, time, its events) of everything that is concluded and that nobody else only counts."""
    documents = [each for each in yaml.safe_load_all(text) if each]
    rules = read_rules(text)
    ids = {str(each[key]): str(each["id"]) for each in documents for key in ("id", "name") if key in each}
    once = {uid: (time, uid, native) for time, uid, native in events}
    hits: dict[str, list[Hit]] = {
        rule.id: [
            Hit(rule.id, time, (uid,), native, (rule.id, rule.name), ("", uid))
            for time, uid, native in sorted(once.values(), key=lambda event: event[:2])
            if rule.holds(native)
        ]
        for rule in rules
    }
    waiting = [each for each in documents if "correlation" in each]
    while waiting:
        ready = next(each for each in waiting if all(ids[name] in hits for name in names(each, ids)))
        waiting.remove(ready)
        hits[str(ready["id"])] = concluded(ready, hits, ids)
    return {
        (str(each["id"]), hit.time, frozenset(hit.uids))
        for each in documents
        if "correlation" in each and alone(str(each["id"]), documents, ids)
        for hit in hits[str(each["id"])]
    }


def names(document: dict[str, Any], ids: dict[str, str]) -> list[str]:
    return [str(name) for name in document["correlation"]["rules"]]


def alone(rule: str, documents: list[dict[str, Any]], ids: dict[str, str]) -> bool:
    naming = [each for each in documents if "correlation" in each and rule in {ids[name] for name in names(each, ids)}]
    return not naming or any(each["correlation"].get("generate") for each in naming)


def concluded(document: dict[str, Any], hits: dict[str, list[Hit]], ids: dict[str, str]) -> list[Hit]:
    """Everything that one correlation concludes, group by group."""
    block, own = document["correlation"], (str(document["id"]), str(document.get("name", "")))
    rules = [ids[name] for name in names(document, ids)]
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for place, rule in enumerate(rules):
        for hit in hits[rule]:
            group = tuple(value_of(hit, field, block) for field in block.get("group-by", ()))
            if None not in group:
                groups.setdefault(group, []).append((hit.time, place, *hit.order, hit))
    found = []
    for rows in groups.values():
        found += of_group(sorted(rows, key=lambda row: row[:-1]), block, rules, own)
    return sorted(found, key=lambda hit: (hit.time, hit.order))


def value_of(hit: Hit, field: str, block: dict[str, Any]) -> str | None:
    """A field of the hit's newest event; an alias may be given for what the hit is, or for what it is made of."""
    aliases = {str(name): named for name, named in block.get("aliases", {}).get(field, {}).items()}
    name = next((aliases[step] for step in hit.path if step in aliases), field)
    found = nested(hit.newest, name)
    return None if found is ABSENT else printed(found)


def of_group(rows: list[tuple[Any, ...]], block: dict[str, Any], rules: list[str], own: tuple[str, str]) -> list[Hit]:
    span = 1000 * int(block["timespan"][:-1]) * UNITS[block["timespan"][-1]]
    silent = nothing_is_enough(block)
    found: list[Hit] = []
    fired: int | None = None
    for time in sorted({row[0] for row in rows}):
        end = time + span + 1 if silent else time
        if fired is not None and end - fired <= span:
            continue
        window = [row for row in rows if end - span <= row[0] <= end]
        if not holds(window, block, rules):
            continue
        fired = end
        shown = window or [row for row in rows if row[0] == time]
        last = shown[-1][-1]
        uids = tuple(dict.fromkeys(uid for row in shown for uid in row[-1].uids))
        found.append(Hit(own[0], end, uids, last.newest, (*own, *last.path), ("c", tuple(sorted(uids)))))
    return found


def nothing_is_enough(block: dict[str, Any]) -> bool:
    wanted = block.get("condition")
    if block["type"] not in ("event_count", "value_count") or not isinstance(wanted, dict):
        return False
    return all(BOUNDS[key](0, bound) for key, bound in wanted.items() if key in BOUNDS)


def holds(window: list[tuple[Any, ...]], block: dict[str, Any], rules: list[str]) -> bool:
    wanted, kind = block.get("condition"), block["type"]
    present = [place for place in range(len(rules)) if any(row[1] == place for row in window)]
    if isinstance(wanted, str):
        words = [str(name) for name in block["rules"]]
        met = Condition(wanted, words).holds(lambda name: words.index(name) in present)
        return met and (kind == "temporal" or in_order(window, present) == len(present))
    found = figure(window, block, rules, present)
    if wanted is None:
        return found == len(rules)
    return found is not None and all(BOUNDS[key](found, bound) for key, bound in wanted.items() if key in BOUNDS)


def figure(window: list[tuple[Any, ...]], block: dict[str, Any], rules: list[str], present: list[int]) -> float | None:
    kind = block["type"]
    if kind == "event_count":
        return len(window)
    if kind == "temporal":
        return len(present)
    if kind == "temporal_ordered":
        return in_order(window, list(range(len(rules))))
    fields = block["condition"]["field"]
    fields = fields if isinstance(fields, list) else [fields]
    values = [tuple(value_of(row[-1], field, block) for field in fields) for row in window]
    if kind == "value_count":
        return len({each for each in values if None not in each})
    numbers = [found for (value,) in values if (found := number(value)) is not None]
    if not numbers:
        return None
    if kind == "value_sum":
        return sum(numbers)
    if kind == "value_avg":
        return statistics.fmean(numbers)
    return percentile(numbers, 50 if kind == "value_median" else block["condition"].get("percentile", 50))


def percentile(numbers: list[float], wanted: float) -> float:
    """Between the two nearest, in proportion."""
    ranked = sorted(numbers)
    place = (len(ranked) - 1) * wanted / 100
    below, above = ranked[int(place)], ranked[min(int(place) + 1, len(ranked) - 1)]
    return below + (above - below) * (place - int(place))


def in_order(window: list[tuple[Any, ...]], places: list[int]) -> int:
    """How many of the rules stand one after the other, the first first; what is at the same time may be either way."""
    times = [[row[0] for row in window if row[1] == place] for place in places]
    after, met = -(1 << 62), 0
    for of_rule in times:
        later = [time for time in of_rule if time >= after]
        if not later:
            break
        after, met = min(later), met + 1
    return met
