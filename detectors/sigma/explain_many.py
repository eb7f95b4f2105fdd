"""Why a correlation did or did not conclude something over events: whom it groups, what it counted, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detectors.replay import replay
from detectors.sigma.chain import Chains, Link
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.explain import Explained, explain
from detectors.sigma.match import Matcher, view_of
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.windows import RULE, TIME, Row, figure_of, ordered
from yunshao.model.event import Event
from yunshao.model.finding import Finding

MAX_EVENTS = 20_000
MAX_WINDOWS = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """The best window of the event's group: its first and last moment, how many events, what they amount to.

    `present` and `missing` are numbers of the correlation's rules.
    """

    since: int
    until: int
    events: int
    figure: float | None
    present: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExplainedMany:
    """What a correlation says of an event among others.

    `bases` are its rules with what they say of the event, `nested` the correlations among them. `group` gives the
    event's value for each field that it groups by (None: the event lacks it); empty where no rule fires on the event.
    `counted` is None where there is no row to count.
    """

    correlation: Correlation
    event: Event
    events: int
    fires: bool
    bases: tuple[Explained, ...]
    nested: tuple[ExplainedMany, ...]
    names: tuple[str, ...]
    group: dict[str, str | None]
    counted: Counted | None


def needed(entry: Rule | Correlation, loaded: Loaded) -> Loaded:
    """The rule alone, or the correlation with all that it is made of."""
    known: dict[str, Rule | Correlation] = {rule.id: rule for rule in loaded.rules}
    known.update({each.id: each for each in loaded.correlations})
    rules: dict[str, Rule] = {}
    correlations: dict[str, Correlation] = {}
    waiting = [entry]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Rule):
            rules[here.id] = here
        elif here.id not in correlations:
            correlations[here.id] = here
            waiting.extend(known[name] for name in here.rules)
    return Loaded(tuple(rules.values()), tuple(correlations.values()))


def explain_many(
    correlation: Correlation, loaded: Loaded, events: Sequence[Event], event: Event | None = None
) -> ExplainedMany:
    """The correlation over the events, judged as the stream would: in the order of time.

    Without a chosen `event` it is the last of a conclusion, else the last that is counted, else the last.
    """
    parts = needed(correlation, loaded)
    around = {(each.source, each.uid): each for each in (*events[:MAX_EVENTS], *((event,) if event else ()))}
    listed = sorted(around.values(), key=lambda each: (each.time, each.source, each.uid))
    found = [each for each in replay(SigmaDetector(parts), listed) if each.rule_id == correlation.id]
    counting = _Counting(correlation, parts)
    chosen = event or _chosen(found, listed, counting)
    rules = {rule.id: rule for rule in parts.rules}
    inner = {each.id: each for each in parts.correlations}
    nested = tuple(explain_many(inner[name], parts, listed, chosen) for name in correlation.rules if name in inner)
    titles = {each.id: each.name or each.title for each in (*parts.rules, *parts.correlations)}
    group, counted = counting.of(chosen, listed)
    counts = bool(nested) or counting.counts(chosen)
    return ExplainedMany(
        correlation=correlation,
        event=chosen,
        events=len(listed),
        fires=counts and any(nested or each.facts["group"] == group for each in found),
        bases=tuple(explain(rules[name], chosen) for name in correlation.rules if name in rules),
        nested=nested,
        names=tuple(titles[name] for name in correlation.rules),
        group=group,
        counted=None if nested else counted,
    )


def _chosen(found: Sequence[Finding], events: Sequence[Event], counting: _Counting) -> Event:
    concluded = {(ref.source, ref.uid) for finding in found[-1:] for ref in finding.events}
    inside = [event for event in events if (event.source, event.uid) in concluded]
    return (inside or [event for event in events if counting.counts(event)] or list(events))[-1]


class _Counting:
    """Counts for one correlation what its windows would."""

    def __init__(self, correlation: Correlation, parts: Loaded) -> None:
        self._correlation = correlation
        self._matcher = Matcher(parts.rules)
        self._chains = Chains(parts.correlations)
        self._links: dict[tuple[str, str], list[Link]] = {}

    def of(self, event: Event, events: Sequence[Event]) -> tuple[dict[str, str | None], Counted | None]:
        """The event's group, and the best window that it is in."""
        link = next(iter(self._links_of(event)), None)
        if link is None:
            return {}, None
        group = _group(link, event)
        if None in group.values():
            return group, None
        span = self._correlation.timespan
        near = (each for each in events if abs(each.time - event.time) <= span)
        rows = [row for each in near for row in self._rows(each, list(group.values()))]
        ends = [row[TIME] for row in rows if row[TIME] >= event.time]
        ends = list(dict.fromkeys(ends[:: len(ends) // MAX_WINDOWS + 1]))
        windows = [_window(self._correlation, rows, end) for end in ends]
        return group, max(windows, key=lambda each: (len(each.present), each.figure or 0.0), default=None)

    def counts(self, event: Event) -> bool:
        """Whether a rule of the correlation fires on the event."""
        return bool(self._links_of(event))

    def _links_of(self, event: Event) -> list[Link]:
        """The places in the correlation of its rules that fire on the event."""
        return [link for rule in self._matcher.matches(event) for link in self._linked(rule, event.source)]

    def _linked(self, rule: Rule, source: str) -> list[Link]:
        if (rule.id, source) not in self._links:
            direct = self._chains.links(rule, source).direct
            self._links[rule.id, source] = [link for link in direct if link.correlation.id == self._correlation.id]
        return self._links[rule.id, source]

    def _rows(self, event: Event, group: list[str | None]) -> Iterator[Row]:
        native = view_of(event)
        for link in self._links_of(event):
            if link.grouped(native, event) == group:
                yield [event.time, link.number, event.source, event.uid, link.valued(native, event), "", [], {}]


def _group(link: Link, event: Event) -> dict[str, str | None]:
    native = view_of(event)
    found: dict[str, str | None] = {}
    for field, get in zip(link.correlation.group_by, link.group, strict=True):
        alone = Link(link.correlation, link.number, (get,), ()).grouped(native, event)
        found[field] = alone[0] if alone else None
    return found


def _window(correlation: Correlation, rows: Sequence[Row], end: int) -> Counted:
    since = end - correlation.timespan
    inside = [row for row in rows if since <= row[TIME] <= end]
    numbers = range(len(correlation.rules))
    present = {row[RULE] for row in inside}
    if correlation.kind == "temporal_ordered":
        present &= set(range(ordered(inside, numbers)))
    missing = tuple(number for number in numbers if number not in present)
    return Counted(since, end, len(inside), figure_of(correlation, inside), tuple(sorted(present)), missing)
