"""A rule's own tests, run through the source's parser and the real detector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from detectors.replay import replay
from detectors.sigma.boilerplate import BEGIN_MS, completed
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.model import Case, Correlation, Loaded, Rule
from detectors.sigma.route import feeds, sources_of
from yunshao.errors import Rejection
from yunshao.model.event import Event, Native
from yunshao.ports import Parser

RAW = "raw"


@dataclass(frozen=True, slots=True)
class Proof:
    """One test of one rule: what was expected, and why it failed (empty when it passed)."""

    rule_id: str
    rule_name: str
    file: str
    line: int
    number: int
    fires: bool
    passed: bool
    reason: str = ""


def prove(loaded: Loaded, parsers: Mapping[str, Parser]) -> list[Proof]:
    """Every test of every rule and correlation, in order.

    A test event is a native record of the rule's source (`source` in the test when the rule has several); what every
    record has (ids, times) may be left out. For sources that are lines of text, `{raw: "the line"}`.
    """
    known: dict[str, Rule | Correlation] = {rule.id: rule for rule in loaded.rules}
    known.update({correlation.id: correlation for correlation in loaded.correlations})
    return [proof for each in known.values() for proof in _proofs(each, known, parsers)]


def _proofs(
    rule: Rule | Correlation, known: Mapping[str, Rule | Correlation], parsers: Mapping[str, Parser]
) -> Iterator[Proof]:
    if not rule.cases:
        return
    bases, correlations = needed(rule, known)
    detector = SigmaDetector(Loaded((*bases,), (*correlations,)))
    for number, case in enumerate(rule.cases, start=1):
        reason = _failure(rule, case, bases, detector, parsers)
        yield Proof(rule.id, rule.name, rule.file, case.line, number, case.fires, not reason, reason)


def needed(rule: Rule | Correlation, known: Mapping[str, Rule | Correlation]) -> tuple[list[Rule], list[Correlation]]:
    """The rule alone, or the correlation with all that it is made of."""
    bases: dict[str, Rule] = {}
    correlations: dict[str, Correlation] = {}
    waiting: list[Rule | Correlation] = [rule]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Rule):
            bases[here.id] = here
        elif here.id not in correlations:
            correlations[here.id] = here
            waiting.extend(known[name] for name in here.rules)
    return list(bases.values()), list(correlations.values())


def _failure(
    rule: Rule | Correlation,
    case: Case,
    bases: Sequence[Rule],
    detector: SigmaDetector,
    parsers: Mapping[str, Parser],
) -> str:
    """Why the case failed; empty when it passed."""
    source = _source(case, bases)
    if source not in parsers:
        return f"no parser reads {source or rule.file!r}"
    try:
        events = case_events(case, bases, parsers)
    except Rejection as rejection:
        return f"the parser of {source} rejects a test event: {rejection}"
    fired = any(finding.rule_id == rule.id for finding in replay(detector, events))
    return "" if fired == case.fires else "fired" if fired else "did not fire"


def case_events(case: Case, bases: Sequence[Rule], parsers: Mapping[str, Parser]) -> list[Event]:
    """The events of a test, none where no parser reads them. Raises Rejection."""
    source = _source(case, bases)
    parser = parsers.get(source)
    if parser is None:
        return []
    log = next((base.logsource.service or base.logsource.category for base in bases if _logs(base, source)), "")
    return [event_of(parser, native, number, case.hint, log) for number, native in enumerate(case.events)]


def _source(case: Case, bases: Sequence[Rule]) -> str:
    return case.source or next((name for base in bases for name in sources_of(base.logsource)), "")


def _logs(rule: Rule, source: str) -> bool:
    return any(feed.source == source for feed in feeds(rule.logsource))


def event_of(parser: Parser, native: Native, number: int, hint: str = "", log: str = "") -> Event:
    """An event made of a test record as if it had come in. Raises Rejection."""
    if set(native) == {RAW}:
        read = parser.decode(str(native[RAW]).encode(), hint)
    else:
        whole = completed(parser.source, native, number, log)
        read = _decoded(parser, whole, hint)
    identity = parser.identify(read)
    return Event(parser.source, identity.uid, identity.time, read, parser.normalise, received=BEGIN_MS)


def _decoded(parser: Parser, whole: Native, hint: str) -> Native:
    """The record as the parser reads it; as it stands where the source is no JSON."""
    try:
        return parser.decode(orjson.dumps(whole, option=orjson.OPT_NON_STR_KEYS), hint)
    except Rejection:
        parser.identify(whole)
        return whole
