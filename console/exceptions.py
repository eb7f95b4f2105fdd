"""Would an exception hide something that is known to be true? Asked of rules, stored alerts and drills together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from collectors.catalog import PARSERS
from console.clock import wall_clock
from console.held import Held
from detectors.replay import replay
from detectors.sigma.chain import Chains, fields_of
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.exceptions import OWN_FIELDS, Exceptions, RuleException, parse_exceptions
from detectors.sigma.match import view_of
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.prove import case_events, needed
from playbooks.scenes import city_of, rehearsed
from playbooks.words import Playbook
from yunshao.errors import BadContent, Rejection, YunshaoError
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.estate import Estate
from yunshao.model.event import Event, Owner
from yunshao.ports import AlertStore, StoredEvent

MAX_CLOSED = 2000
SEED = "exceptions"


class Site(Protocol):
    """What of a workspace decides over an exception."""

    @property
    def rules(self) -> Loaded: ...

    @property
    def estate(self) -> Estate: ...

    @property
    def playbooks(self) -> dict[str, Playbook]: ...

    @property
    def store(self) -> AlertStore: ...


def held_exceptions(workspace: Site, files: Sequence[tuple[str, str]]) -> tuple[Held, ...]:
    """The exceptions of (file, text) pairs, each with whether it may be applied, and why not."""
    now = wall_clock()
    seen: set[str] = set()
    found: list[Held] = []
    for name, text in files:
        for one in parse_exceptions(text, name):
            if isinstance(one, BadContent):
                found.append(Held(None, "refused", one.where, (_reason(one),)))
            elif one.id in seen:
                found.append(Held(one, "refused", f"{one.file}:{one.line}", (f"the id {one.id} is taken",)))
            else:
                seen.add(one.id)
                found.append(held(workspace, one, now))
    return tuple(found)


def held(workspace: Site, exception: RuleException, now: int) -> Held:
    """One exception, with its rule's id in the place of the name, and whether it may be applied."""
    place = f"{exception.file}:{exception.line}"
    if exception.ends <= now:
        return Held(exception, "expired", place, (f"since {exception.expires}",))
    rule = workspace.rules.by_name().get(exception.rule)
    if rule is None:
        return Held(exception, "refused", place, (f"no rule has the id or name {exception.rule[:80]!r}",))
    resolved = replace(exception, rule=rule.id)
    why = tuple(objections(workspace, resolved, rule))
    return Held(resolved, "refused" if why else "applied", place, why)


def _reason(error: BadContent) -> str:
    return f"{error.what} ({error.mend})" if error.mend else error.what


def objections(workspace: Site, exception: RuleException, rule: Rule | Correlation) -> Iterator[str]:
    """Why this exception of this rule may not be applied: every known true positive that it would hide."""
    loaded = workspace.rules
    chains = Chains(loaded.correlations)
    if not chains.alerts_alone(rule.id):
        above = ", ".join(each.name or each.id for each in chains.above(rule.id)[:5])
        yield f"{rule.name or rule.id} alerts nobody by itself: except the correlations that count it ({above})"
        return
    if isinstance(rule, Correlation):
        strange = [field for field in exception.fields if field not in (*rule.group_by, *OWN_FIELDS)]
        if strange:
            known = ", ".join((*rule.group_by, *OWN_FIELDS))
            yield f"{strange[0][:80]!r} is no field that the correlation groups by (it knows {known})"
            return
    yield from _hidden_tests(exception, rule, loaded)
    yield from _hidden_alerts(workspace, exception, rule)
    yield from _hidden_drills(workspace, exception, rule)


def _detector(exception: RuleException, rule: Rule | Correlation, loaded: Loaded) -> SigmaDetector:
    """The rule with all that it is made of, and the exception without its end."""
    bases, correlations = needed(rule, loaded.by_name())
    return SigmaDetector(Loaded((*bases,), (*correlations,)), exceptions=[_endless(exception)])


def _endless(exception: RuleException) -> RuleException:
    return replace(exception, expires=date.max.replace(day=30))


def _hides(detector: SigmaDetector, rule: Rule | Correlation, events: Sequence[Event]) -> bool:
    return any(each.rule_id == rule.id and each.excepted for each in replay(detector, events))


def _hidden_tests(exception: RuleException, rule: Rule | Correlation, loaded: Loaded) -> Iterator[str]:
    detector = _detector(exception, rule, loaded)
    bases, _ = needed(rule, loaded.by_name())
    for number, case in enumerate(rule.cases, start=1):
        if not case.fires:
            continue
        try:
            events = case_events(case, bases, PARSERS)
        except Rejection:
            continue
        if _hides(detector, rule, events):
            yield f"it would hide test {number} of {rule.name or rule.id} ({rule.file}:{case.line})"


def _hidden_alerts(workspace: Site, exception: RuleException, rule: Rule | Correlation) -> Iterator[str]:
    """Alerts that somebody closed as true positive, by the evidence that is shown of them."""
    compiled = Exceptions([_endless(exception)])
    query = AlertQuery(rule=rule.id, status=("closed",), drill="any", staged="any", limit=MAX_CLOSED)
    for alert in workspace.store.alerts(query):
        if alert.verdict == "true_positive" and _hides_alert(workspace, compiled, rule, alert):
            yield f"it would hide alert {alert.id[:12]}, which was closed as true positive"


def _hides_alert(workspace: Site, compiled: Exceptions, rule: Rule | Correlation, alert: Alert) -> bool:
    if isinstance(rule, Correlation):
        return bool(compiled.marked(replace(alert.finding, excepted="")).excepted)
    for stored in workspace.store.evidence(alert.id):
        event = _event(stored)
        ask = compiled.of_events(rule.id, fields_of(rule, event.source).__getitem__)
        if ask(view_of(event), event):
            return True
    return False


def _event(stored: StoredEvent) -> Event:
    owner = Owner(stored.unit, stored.system, stored.cloud)
    return Event(stored.source, stored.uid, stored.time, stored.native, lambda *_: stored.ocsf, owner=owner)


def _hidden_drills(workspace: Site, exception: RuleException, rule: Rule | Correlation) -> Iterator[str]:
    names = {rule.id, rule.name} - {""}
    expecting = [
        playbook
        for playbook in workspace.playbooks.values()
        if playbook.kind == "drill" and any(one.type == "alert" and one.rule in names for one in playbook.expect)
    ]
    if not expecting:
        return
    detector = _detector(exception, rule, workspace.rules)
    for playbook in expecting:
        try:
            hides = _hides(detector, rule, drill_events(workspace, playbook))
        except YunshaoError as error:
            yield f"the drill {playbook.id} cannot be asked: {error.line()}"
            continue
        if hides:
            yield f"it would hide an alert that the drill {playbook.id} expects"


def drill_events(workspace: Site, playbook: Playbook) -> list[Event]:
    """The events that a drill would send now, in order of time."""
    now = wall_clock()
    planned = {stage.part: now + stage.at for stage in playbook.stages if stage.part}
    found = []
    for line in rehearsed(playbook.story, city_of(workspace.estate), now, SEED, 1.0, planned):
        parser = PARSERS[line.source]
        try:
            native = parser.decode(line.raw, "")
            identity = parser.identify(native)
        except Rejection:
            continue
        found.append(Event(line.source, identity.uid, identity.time, native, parser.normalise, received=now))
    return sorted(found, key=lambda event: event.time)
