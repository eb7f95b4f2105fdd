"""Alerts fold: in any order and any bracketing, within bounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from contract.samples import NOON, alert, event, finding
from hypothesis import given, settings
from hypothesis import strategies as st

from yunshao.errors import WrongUse
from yunshao.model.alert import (
    KEPT_EACH_END,
    SKETCH,
    Alert,
    as_row,
    close,
    fold,
    gathered,
    raise_alert,
    raise_flood,
    shown_events,
    to_ocsf,
)
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import ALONE, GROUP_FIELDS, HOUR_MS, LEVELS, Finding, Grouping, finding_id, group_key, key_id

HOUR = NOON // HOUR_MS * HOUR_MS


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Findings of one group; some share their moment, some their events."""
    time = HOUR + draw(st.integers(0, 2)) * 20 * 60_000
    refs = draw(st.lists(st.builds(EventRef, st.just("s"), st.sampled_from("abcdefgh"), st.just(time)), max_size=130))
    return Finding(
        rule_id="r", rule_name="r", title={"zh": "r", "en": "r"}, level=draw(st.sampled_from(LEVELS)), time=time,
        entity="e", events=tuple(refs), owner=Owner("u", draw(st.sampled_from(["", "tickets"]))),
        why={"zh": "w", "en": draw(st.sampled_from(["w", "v"]))}, facts={"n": draw(st.integers(0, 1))},
    )  # fmt: skip


alerts = st.builds(raise_alert, findings(), st.integers(0, 9))


@settings(max_examples=150)
@given(alerts, alerts)
def test_folding_is_the_same_from_either_side(one: Alert, other: Alert) -> None:
    assert fold(one, other) == fold(other, one)


@settings(max_examples=150)
@given(alerts, alerts, alerts)
def test_folding_is_the_same_in_any_bracketing(a: Alert, b: Alert, c: Alert) -> None:
    assert fold(fold(a, b), c) == fold(a, fold(b, c))


@given(st.lists(findings(), min_size=1, max_size=8))
def test_gathering_at_once_is_folding_one_by_one(given_: list[Finding]) -> None:
    one_by_one = raise_alert(given_[0], 7)
    for each in given_[1:]:
        one_by_one = fold(one_by_one, raise_alert(each, 7))
    assert gathered(one_by_one.id, given_, 7, "") == one_by_one


@given(st.sets(st.integers(0, HOUR_MS - 1), min_size=1, max_size=300), st.integers(1, 50))
def test_the_earliest_and_latest_events_are_kept_and_no_more(times: set[int], size: int) -> None:
    ordered = [HOUR + time for time in sorted(times)]
    parts = [alert(event(f"e{time}", time=time)) for time in ordered]
    folded = parts[0]
    for start in range(1, len(parts), size):
        block = parts[start]
        for each in parts[start + 1 : start + size]:
            block = fold(each, block)
        folded = fold(block, folded)
    expected = ordered if len(ordered) <= 2 * KEPT_EACH_END else ordered[:KEPT_EACH_END] + ordered[-KEPT_EACH_END:]
    assert [ref.time for ref in folded.events] == expected
    assert (folded.count, sum(folded.spread)) == (len(ordered), len(ordered))


def test_the_highest_level_stands_and_the_earliest_speaks() -> None:
    low = alert(event("a"), level="low", facts={"n": 1})
    critical = alert(event("b", time=NOON + 1), level="critical", facts={"n": 2})
    folded = fold(critical, low)
    assert (folded.level, folded.severity_id, folded.finding.facts) == ("critical", 5, {"n": 1})


def test_findings_of_one_moment_are_led_by_content() -> None:
    parts = [alert(event(uid), facts={"of": uid}) for uid in "abcd"]
    leaders = {fold(fold(fold(a, b), c), d).finding.facts["of"] for a, b, c, d in permutations(parts)}
    assert len(leaders) == 1


SAME: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"time": HOUR + HOUR_MS - 1}, True),
    ({"time": HOUR + HOUR_MS}, False),
    ({"time": HOUR - 1}, False),
    ({"entity": "another"}, False),
    ({"owner": Owner("rural")}, False),
    ({"owner": Owner("metro", "another")}, True),
    ({"rule": "another"}, False),
    ({"staged": True}, False),
    ({"level": "low"}, True),
]


@pytest.mark.parametrize(("changes", "same"), SAME, ids=[str(changes) for changes, _ in SAME])
def test_a_group_is_a_rule_an_entity_a_unit_and_an_hour(changes: dict[str, Any], same: bool) -> None:
    first = raise_alert(finding(event("a"), time=HOUR, owner=Owner("metro")), 0)
    second = raise_alert(finding(event("b"), **{"time": HOUR, "owner": Owner("metro"), **changes}), 0)
    assert (first.id == second.id) is same


def test_a_drill_is_a_group_of_its_own() -> None:
    here = finding(event("a"))
    assert len({raise_alert(here, 0, drill).id for drill in ("", "drill-1", "drill-2")}) == 3


@pytest.mark.parametrize("name", GROUP_FIELDS)
def test_a_rule_groups_by_what_it_names_alone(name: str) -> None:
    grouping = Grouping((name,), HOUR_MS)
    one = finding(event("a"), grouping=grouping, entity="e1", owner=Owner("u1", "s1", "c1"))
    other = finding(event("b", source="zeek"), grouping=grouping, entity="e2", owner=Owner("u2", "s2", "c2"))
    alike = {
        "entity": {"entity": "e1"},
        "unit": {"owner": Owner("u1", "s2", "c2")},
        "system": {"owner": Owner("u2", "s1", "c2")},
        "cloud": {"owner": Owner("u2", "s2", "c1")},
        "source": {"events": one.events},
    }
    assert group_key(one) != group_key(other)
    assert group_key(one) == group_key(replace(other, **alike[name]))


def test_without_grouping_each_finding_is_known_by_its_rule_and_events() -> None:
    one, again, other = (raise_alert(finding(event(uid), grouping=ALONE), 0) for uid in "aab")
    assert one.id == again.id != other.id
    assert one.spread == ()


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_no_two_keys_are_one(one: list[str], other: list[str]) -> None:
    assert (key_id(one) == key_id(other)) is (one == other)


def test_a_finding_is_its_rule_and_events_in_any_order() -> None:
    refs = event("a").ref, event("b").ref
    assert finding_id("r", refs) == finding_id("r", refs[::-1]) != finding_id("q", refs)


def test_what_came_after_closing_is_counted_while_it_is_closed() -> None:
    closed = close(alert(event("a")), "benign", "wang", NOON, "known")
    assert fold(closed, alert(event("b"))).since_closed == 1
    assert fold(alert(event("a")), alert(event("b"))).since_closed == 0


def test_a_flood_counts_its_groups_exactly_and_then_nearly() -> None:
    flood = raise_flood(finding(event("f")), 0)
    for number in range(1, SKETCH - 1):
        flood = fold(flood, raise_flood(finding(event("f"), entity=f"e{number}"), 0))
    assert flood.groups == SKETCH - 1
    for number in range(SKETCH - 1, 3000):
        flood = fold(flood, raise_flood(finding(event("f"), entity=f"e{number}"), 0))
    assert flood.groups == pytest.approx(3000, rel=0.15)
    assert len(flood.sketch) == SKETCH
    assert flood.count == 3000


def test_the_same_group_twice_in_a_flood_is_one_group() -> None:
    flood = fold(raise_flood(finding(event("a")), 0), raise_flood(finding(event("b")), 0))
    assert (flood.groups, flood.count) == (1, 2)


def test_shown_evidence_is_both_ends() -> None:
    many = alert(*(event(f"e{n:02}", time=NOON + n) for n in range(30)))
    assert [ref.uid for ref in shown_events(many)] == [f"e{n:02}" for n in (*range(10), *range(20, 30))]


def test_the_row_and_the_ocsf_form_tell_the_fold() -> None:
    folded = fold(alert(event("a")), alert(event("b", time=NOON + 5)))
    row, ocsf = as_row(folded), to_ocsf(folded)
    assert (row["count"], row["first"], row["last"], row["event_ids"]) == (2, NOON, NOON + 5, ["a", "b"])
    assert (ocsf["count"], ocsf["finding_info"]["last_seen_time"]) == (2, NOON + 5)


def test_an_alert_of_nothing_cannot_be() -> None:
    with pytest.raises(WrongUse):
        gathered("x", [], 0, "")
