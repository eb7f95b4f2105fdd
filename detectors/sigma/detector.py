"""The Sigma detector: rules on single events, and correlations of what they found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from detectors.entity import entity_of
from detectors.sigma.chain import Chains, Link, Links, fields_of, group_key
from detectors.sigma.exceptions import Ask, Exceptions, RuleException
from detectors.sigma.match import Matcher, view_of
from detectors.sigma.model import Correlation, Head, Loaded, Rule
from detectors.sigma.why import NO_NAMES, UnitNames, Why, correlated
from detectors.spec import SIGMA, heard
from detectors.windows import ENTITY, OWNER, SOURCE, TIME, UID, UP, VALUE, Conclusion, Row, Windows
from detectors.words import visible
from yunshao.model.event import Event, EventRef, Native, Owner
from yunshao.model.finding import CLOSING, STAGED, Finding, Observation, Step, finding_id

MAX_EVENTS = 100
MAX_CARRIED = 20
RULE_KEY = "rule|"
CORRELATED = "correlation"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to do when a rule fires on an event of one source."""

    rule: Rule
    why: Why
    alone: bool
    links: Links
    excepted: Ask


class SigmaDetector:
    """Judges by rules. Holds no state: what it remembers of a group goes in and out of `step`."""

    def __init__(
        self,
        loaded: Loaded,
        lateness: int = 0,
        units: UnitNames = NO_NAMES,
        exceptions: Iterable[RuleException] = (),
    ) -> None:
        """`lateness`: events may arrive out of order by less than this (ms of event time) and be judged in order.

        0 judges at once. `units`: what sentences call a unit, by id and language.
        """
        self._units = units
        self._exceptions = Exceptions(exceptions)
        self._matcher = Matcher(loaded.rules)
        self._rules = {rule.id: rule for rule in loaded.rules}
        self._chains = Chains(loaded.correlations)
        # What an inner correlation concludes about a moment must be there when an outer one judges the same moment.
        late = {each.id: lateness + self._chains.depth(each.id) if lateness else 0 for each in loaded.correlations}
        self._hears = {each.id: self._chains.sources(each, self._rules) for each in loaded.correlations}
        self._windows = {each.id: Windows(each, late[each.id]) for each in loaded.correlations}
        self._plans: dict[tuple[str, str], _Plan] = {}

    @property
    def name(self) -> str:
        """`sigma`."""
        return SIGMA

    @property
    def unread(self) -> tuple[Rule, ...]:
        """Rules that never fire, because nothing that the product reads is their log source."""
        return self._matcher.unread

    def observe(self, event: Event) -> Sequence[Observation]:
        """One observation for each rule that fires, and one for each correlation that it is counted by."""
        return self.observe_all((event,)).get(0, ())

    def observe_all(self, events: Sequence[Event]) -> dict[int, Sequence[Observation]]:
        """`observe` of each of these on which a rule fires, by its place; much quicker than one by one."""
        found: dict[int, Sequence[Observation]] = {}
        for place, fired in self._matcher.fired(events).items():
            event = events[place]
            native, entity = view_of(event), entity_of(event)
            plans = (self._plan(rule, event) for rule in fired)
            found[place] = [seen for plan in plans for seen in self._observed(plan, native, event, entity)]
        return found

    def hears(self, key: str) -> tuple[str, ...]:
        """The sources of the rules that a correlation stands on."""
        return self._hears.get(key.partition("|")[0], ())

    def _plan(self, rule: Rule, event: Event) -> _Plan:
        known = self._plans.get((rule.id, event.source))
        if known is None:
            why = Why(rule, fields_of(rule, event.source), self._units)
            links = self._chains.links(rule, event.source)
            excepted = self._exceptions.of_events(rule.id, fields_of(rule, event.source).__getitem__)
            known = _Plan(rule, why, self._chains.alerts_alone(rule.id), links, excepted)
            self._plans[rule.id, event.source] = known
        return known

    def _observed(self, plan: _Plan, native: Native, event: Event, entity: str) -> list[Observation]:
        found = []
        if plan.alone:
            facts = plan.why.matched(native, event)
            why = plan.why.words(native, event, entity, event.owner.unit, facts)
            values = {"rule": plan.rule.id, "entity": entity, "why": why, "facts": facts}
            values["excepted"] = plan.excepted(native, event)
            found.append(Observation(SIGMA, f"{RULE_KEY}{entity}", event.time, event.ref, event.owner, values))
        outer = {link.correlation.id: _carried(link, native, event) for link in plan.links.outer}
        for link in plan.links.direct:
            group = link.grouped(native, event)
            if group is None:
                continue
            row = [event.time, link.number, event.source, event.uid, link.valued(native, event), entity]
            row += [_owner_row(event.owner), {"group": group, "outer": outer}]
            found.append(_row_seen(link.correlation, group, row, event.ref, event.owner, heard(event)))
        return found

    def place(self, seen: Observation) -> str:
        """The key itself; correlations that name each other are judged in one place, whatever their groups."""
        if seen.key.startswith(RULE_KEY):
            return seen.key
        family = self._chains.family(seen.key.partition("|")[0])
        return family or seen.key

    def step(self, memory: Any, seen: Observation) -> Step:
        """A finding for a rule; for a correlation, the memory of the group and what it amounts to."""
        if seen.key.startswith(RULE_KEY):
            return Step(memory, tuple(self._found(seen)))
        windows = self._windows.get(seen.key.partition("|")[0])
        if windows is None:
            return Step(None)
        row = None if seen.tick else seen.values["row"]
        advance = windows.advance(memory, row, seen.time, closing=bool(seen.values.get(CLOSING)))
        correlation = self._chains.by_id[seen.key.partition("|")[0]]
        findings: list[Finding] = []
        onward: list[Observation] = []
        for conclusion in advance.conclusions:
            if self._chains.alerts_alone(correlation.id):
                findings.append(self._exceptions.marked(_concluded(correlation, conclusion, self._units)))
            onward.extend(self._handed_up(correlation, conclusion, seen.time - advance.put_off))
        return Step(
            advance.memory,
            tuple(findings),
            advance.due,
            tuple(onward),
            advance.let_go,
            advance.put_off,
            advance.reached,
        )

    def _found(self, seen: Observation) -> list[Finding]:
        rule = self._rules.get(str(seen.values.get("rule")))
        if rule is None or seen.event is None or seen.tick:
            return []
        values = seen.values
        about = (seen.time, values["entity"], (seen.event,), seen.owner, values["why"], values["facts"])
        return [_finding(rule, *about, excepted=values.get("excepted", ""))]

    def _handed_up(self, correlation: Correlation, conclusion: Conclusion, now: int) -> list[Observation]:
        """The conclusion as a row of each correlation that names this one."""
        last = conclusion.rows[-1]
        carried = last[UP]["outer"]
        found = []
        for above in self._chains.above(correlation.id):
            held = carried.get(above.id)
            if held is None:
                continue
            refs = _refs(conclusion.rows)
            uid = finding_id(correlation.id, refs)
            number = above.rules.index(correlation.id)
            rest = {"group": held["group"], "outer": carried, "events": [list(ref) for ref in refs[-MAX_CARRIED:]]}
            row = [conclusion.time, number, CORRELATED, uid, held["value"], last[ENTITY], last[OWNER], rest]
            found.append(_row_seen(above, held["group"], row, refs[-1], _owner(last), min(conclusion.time, now)))
        return found


def _carried(link: Link, native: Native, event: Event) -> dict[str, Any] | None:
    group = link.grouped(native, event)
    return None if group is None else {"group": group, "value": link.valued(native, event)}


def _row_seen(
    correlation: Correlation, group: list[str], row: Row, event: EventRef, owner: Owner, now: int
) -> Observation:
    return Observation(SIGMA, group_key(correlation.id, group), now, event, owner, {"row": row})


def _owner_row(owner: Owner) -> list[str]:
    return [owner.unit, owner.system, owner.cloud]


def _owner(row: Row) -> Owner:
    return Owner(*row[OWNER])


def _refs(rows: Sequence[Row]) -> tuple[EventRef, ...]:
    """The events behind the rows, oldest first, each once, the newest where there are too many."""
    found: dict[EventRef, None] = {}
    for row in rows:
        if row[SOURCE] == CORRELATED:
            found.update((EventRef(*each), None) for each in row[UP]["events"])
        else:
            found[EventRef(row[SOURCE], row[UID], row[TIME])] = None
    return tuple(sorted(found, key=lambda ref: (ref.time, ref.source, ref.uid)))[-MAX_EVENTS:]


def _concluded(rule: Correlation, conclusion: Conclusion, units: UnitNames) -> Finding:
    rows = conclusion.rows
    last = rows[-1]
    group = last[UP]["group"]
    entities = list(dict.fromkeys(row[ENTITY] for row in rows))
    entity = entities[0] if len(entities) == 1 else visible(", ".join(group or entities[:3]))
    figure = conclusion.figure
    facts = {
        "count": len(rows),
        "figure": figure,
        "timespan_ms": rule.timespan,
        "group": dict(zip(rule.group_by, group, strict=False)),
        "values": [row[VALUE] for row in rows if row[VALUE] is not None][:10],
    }
    if conclusion.let_go:
        facts["let_go"] = conclusion.let_go
    known = {
        **dict(zip(rule.group_by, group, strict=False)),
        "unit": _owner(last).unit,
        "entity": entity,
        "count": str(len(rows)),
        "figure": f"{figure:,.15g}",
        "group": visible(", ".join(group)),
    }
    why = correlated(rule, known, units)
    return _finding(rule, conclusion.time, entity, _refs(rows), _owner(last), why, facts)


def _finding(
    rule: Head,
    time: int,
    entity: str,
    events: tuple[EventRef, ...],
    owner: Owner,
    why: dict[str, str],
    facts: dict[str, Any],
    excepted: str = "",
) -> Finding:
    said = rule.words
    more: dict[str, Any] = {"gbt20986": said.gbt20986} if said.gbt20986 else {}
    if said.weakness:
        more["weakness"] = said.weakness
    return Finding(
        rule_id=rule.id,
        rule_name=rule.name or rule.id,
        title=rule.titles,
        level=rule.level,
        time=time,
        entity=entity,
        events=events,
        owner=owner,
        why=why,
        kind="correlation" if isinstance(rule, Correlation) else "rule",
        techniques=rule.techniques,
        facts={**facts, **more},
        triage=rule.triage,
        weakness=str(said.weakness.get("id", "")),
        grouping=rule.grouping,
        staged=rule.stage == STAGED,
        excepted=excepted,
    )
