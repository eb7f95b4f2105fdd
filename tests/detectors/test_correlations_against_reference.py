"""Correlations in a stream against the brute-force reading: the same conclusions, whatever the order of arrival."""

from __future__ import annotations

import os
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_correlation import correlate

from detectors.replay import replay
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_texts
from yunshao.model.event import Event

EXAMPLES = int(os.environ.get("YUNSHAO_REFERENCE_EXAMPLES", "150"))
LATENESS = 20_000
SOURCE = {"product": "aws", "service": "cloudtrail"}
BASES = ("one", "two", "three")
FIELDS = ("user", "ip", "target.name")
Moment = tuple[int, str, dict[str, Any]]


def numbered(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def base(number: int, name: str) -> dict[str, Any]:
    detection = {"s": {"op": name}, "condition": "s"}
    return {"title": name, "id": numbered(number), "name": name, "logsource": SOURCE, "detection": detection}


@st.composite
def bounds(draw, highest: int) -> dict[str, int]:
    """One bound or two: `gte` alone most of the time, ranges, and those that silence meets."""
    wanted = draw(st.integers(1, highest))
    return draw(
        st.sampled_from(
            [
                {"gte": wanted},
                {"gte": wanted},
                {"gt": wanted - 1},
                {"eq": wanted},
                {"gt": wanted - 1, "lte": wanted + 1},
                {"gte": wanted, "lt": wanted + 2},
                {"lt": wanted},
                {"lte": wanted},
                {"neq": wanted},
            ]
        )
    )


@st.composite
def conditions(draw, kind: str, rules: list[str]) -> Any:
    if kind.startswith("temporal"):
        joined = " and ".join(rules)
        either = f"({' or '.join(rules[:-1])}) and not {rules[-1]}" if len(rules) > 1 else rules[0]
        return draw(st.sampled_from([None, None, joined, either, " or ".join(rules), {"gte": min(2, len(rules))}]))
    if kind == "event_count":
        return draw(bounds(4))
    if kind == "value_count":
        field = draw(st.sampled_from(["amount", "ip", ["ip", "user"]]))
        return {"field": field, **draw(bounds(3))}
    more = {"percentile": draw(st.sampled_from([0, 25, 90, 100]))} if kind == "value_percentile" else {}
    return {"field": "amount", **more, **draw(bounds(12))}


KINDS = ("event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_median")


@st.composite
def correlations(draw, number: int, known: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from([*KINDS, "value_percentile"]))
    rules = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    block: dict[str, Any] = {
        "type": kind,
        "rules": rules,
        "timespan": draw(st.sampled_from(["1s", "5s", "10s"])),
        "group-by": draw(st.lists(st.sampled_from([*FIELDS, "who"]), max_size=2, unique=True)),
        "aliases": {"who": {rule: draw(st.sampled_from(FIELDS)) for rule in rules}},
    }
    wanted = draw(conditions(kind, rules))
    if wanted is not None:
        block["condition"] = wanted
    if draw(st.integers(0, 3)) == 0:
        block["generate"] = True
    return {"title": "c", "id": numbered(number), "name": f"c{number}", "correlation": block}


@st.composite
def rule_sets(draw) -> str:
    """Three rules on single events and one to three correlations; a later one may name an earlier one."""
    documents = [base(number, name) for number, name in enumerate(BASES, 1)]
    known = list(BASES)
    for number in range(10, 10 + draw(st.integers(1, 3))):
        made = draw(correlations(number, known))
        documents.append(made)
        known.append(made["name"])
    return yaml.safe_dump_all(documents)


people = st.sampled_from(["ann", "bob", "Ann"])
natives = st.fixed_dictionaries(
    {"op": st.sampled_from([*BASES, "none"])},
    optional={
        "user": people,
        "ip": st.sampled_from(["10.0.0.1", "10.0.0.2", 7]),
        "target": st.fixed_dictionaries({}, optional={"name": people}),
        "amount": st.sampled_from([0, 1, 5, "7", 12.5, "many", -3]),
    },
)


@st.composite
def streams(draw) -> list[Moment]:
    """Events on a coarse clock, so that many are at the same time or at the very edge of a window."""
    drawn = draw(st.lists(st.tuples(st.integers(0, 40), natives), min_size=1, max_size=25))
    return [(1_000_000 + 500 * half, f"e{number:02d}", native) for number, (half, native) in enumerate(drawn)]


def told(text: str, events: list[Moment], lateness: int) -> set[tuple[str, int, frozenset[str]]]:
    loaded = load_texts([("rules.yml", text.encode())], {})
    assert not loaded.refused
    detector = SigmaDetector(loaded, lateness)
    found = replay(
        detector, [Event("aws.cloudtrail", uid, time, native, lambda _n, _i: {}) for time, uid, native in events]
    )
    kept = [finding for finding in found if finding.kind == "correlation"]
    told = {(each.rule_id, each.time, frozenset(ref.uid for ref in each.events)) for each in kept}
    # Two groups of one correlation may stand on the same events, through an inner one.
    grouped = {(each.rule_id, each.time, str(each.facts["group"]), tuple(each.events)) for each in kept}
    assert len(grouped) == len(kept)
    return told


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(rule_sets(), streams(), st.randoms(use_true_random=False), st.data())
def test_a_stream_concludes_what_looking_at_everything_concludes(text, events, dice, data):
    expected = correlate(text, events)
    assert told(text, sorted(events, key=lambda event: event[:2]), LATENESS + 1) == expected
    # Each event is held up by less than the lateness; some come twice.
    held_up = sorted(events, key=lambda event: (event[0] + dice.randrange(LATENESS), dice.random()))
    again = data.draw(st.lists(st.sampled_from(events), max_size=5))
    assert told(text, held_up + again, LATENESS + 1) == expected
