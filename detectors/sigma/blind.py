"""Rules that are there and see nothing, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from detectors.sigma.build import Builder
from detectors.sigma.known import Known, can_hold, kinds_of
from detectors.sigma.match import finder_of, view_of
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.route import Feed, feeds, sources_of
from detectors.sigma.values import MISSING
from yunshao.model.event import Event

NO_SOURCE, NOT_READ, NO_RECORDS, NO_FIELDS = "no_source", "source_not_read", "no_records", "fields_never_seen"
NO_BASE, NOT_YET, NEVER = "bases_blind", "fields_not_yet_seen", "never_fired"
HARD = (NO_SOURCE, NOT_READ, NO_RECORDS, NO_FIELDS, NO_BASE)
"""Reasons for which a rule cannot fire. With the two others all may be well: nobody has made such a call yet, or
nobody has done what the rule looks for."""


@dataclass(frozen=True, slots=True)
class Blind:
    """One rule and one reason. `about` is the sources or the fields that are missing; `sampled` how many events of
    its sources were looked at."""

    entry: Rule | Correlation
    why: str
    about: tuple[str, ...] = ()
    sampled: int = 0


def blind(
    loaded: Loaded, read: Iterable[str], sample: Iterable[Event], fired: Mapping[str, int], known: Known
) -> Iterator[Blind]:
    """Every rule that is blind, in the order of loading, with the first reason that applies.

    `read`: sources that the workspace reads or has read; `sample`: events of the last days; `fired`: alerts by rule.
    """
    sources, sight = frozenset(read), _Sight(sample, known)
    found: dict[str, Blind] = {}
    for rule in loaded.rules:
        one = _of_rule(rule, sources, sight)
        if one is not None:
            found[rule.id] = one
    counted = _counted(loaded, fired)
    for correlation in loaded.correlations:
        lost = [found[name] for name in correlation.rules if name in found and found[name].why in HARD]
        needs_all = correlation.kind.startswith("temporal") and correlation.condition is None
        if lost and (needs_all or len(lost) == len(correlation.rules)):
            found[correlation.id] = Blind(correlation, NO_BASE, tuple(_name(one.entry) for one in lost))
    entries: list[Rule | Correlation] = [*loaded.rules, *loaded.correlations]
    for each in entries:
        if each.id in found:
            yield found[each.id]
        elif each.id not in counted:
            yield Blind(each, NEVER)


def _name(entry: Rule | Correlation) -> str:
    return entry.name or entry.title


def _counted(loaded: Loaded, fired: Mapping[str, int]) -> set[str]:
    """The ids of rules that alerted, and of those that a correlation which alerted counted."""
    found = {name for name, count in fired.items() if count}
    inner = {each.id: each for each in loaded.correlations}
    waiting = [inner[name] for name in found if name in inner]
    while waiting:
        for name in waiting.pop().rules:
            if name not in found:
                found.add(name)
                if name in inner:
                    waiting.append(inner[name])
    return found


def _of_rule(rule: Rule, read: frozenset[str], sight: _Sight) -> Blind | None:
    names = sources_of(rule.logsource)
    if not names:
        return Blind(rule, NO_SOURCE, (str(rule.logsource),))
    mine = [feed for feed in feeds(rule.logsource) if feed.source in read]
    if not mine:
        return Blind(rule, NOT_READ, names)
    events = sum(sight.records(feed) for feed in mine)
    if not events:
        return Blind(rule, NO_RECORDS, tuple(dict.fromkeys(map(_records_of, mine))))
    mine = [feed for feed in mine if sight.records(feed)]
    lacking = [[field for field in rule.fields if not sight.has(feed, field)] for feed in mine]
    if any(can_hold(rule.tree, set(fields)) for fields in lacking):
        return None
    waits = any(can_hold(rule.tree, sight.fixed(feed, fields)) for feed, fields in zip(mine, lacking, strict=True))
    unseen = tuple(field for field in rule.fields if all(field in fields for fields in lacking))
    return Blind(rule, NOT_YET if waits else NO_FIELDS, unseen, events)


def _records_of(feed: Feed) -> str:
    """`zeek ssh`: the source, and which of its kinds of record."""
    return " ".join((feed.source, *kinds_of(feed)))


class _Sight:
    """What the sampled events show: how many each feed lets through, and which fields any of these has."""

    def __init__(self, sample: Iterable[Event], known: Known) -> None:
        self._known = known
        self._of: dict[str, list[Event]] = {}
        for event in sample:
            self._of.setdefault(event.source, []).append(event)
        self._through: dict[Feed, list[Event]] = {}
        self._seen: dict[tuple[Feed, str], bool] = {}

    def _events(self, feed: Feed) -> list[Event]:
        if feed not in self._through:
            events = self._of.get(feed.source, [])
            if feed.guard is not None:
                holds = Builder(finder_of(feed)).build(feed.guard)
                events = [event for event in events if holds(view_of(event), event)]
            self._through[feed] = events
        return self._through[feed]

    def records(self, feed: Feed) -> int:
        """How many of the events the feed lets through."""
        return len(self._events(feed))

    def fixed(self, feed: Feed, fields: Iterable[str]) -> set[str]:
        """Those of the fields that do not depend on what kind of event it is."""
        return {field for field in fields if not self._known.is_free(feed.source, field)}

    def has(self, feed: Feed, field: str) -> bool:
        """Whether any of them has the field."""
        if (feed, field) not in self._seen:
            get = finder_of(feed)(field)
            found = any(get(view_of(event), event) is not MISSING for event in self._events(feed))
            self._seen[feed, field] = found
        return self._seen[feed, field]
