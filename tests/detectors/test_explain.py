"""An explanation says what the matcher says, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.catalog import PARSERS
from detectors.catalog import library
from detectors.sigma.explain import Piece, explain
from detectors.sigma.explain_many import explain_many, needed
from detectors.sigma.match import Matcher
from detectors.sigma.model import LogSource, Rule
from detectors.sigma.modifiers import make_item
from detectors.sigma.prove import event_of
from detectors.sigma.route import sources_of
from detectors.sigma.tree import AllOf, AnyOf, Not
from yunshao.model.event import Event

LIBRARY = library()
FIELDS = ("a", "b", "c.d")
WORDS = ("alpha", "Beta", "x", "12", "mid", "10.1.2.3", "2026-01-02T03:04:05Z")
KEYS = (
    *("", "|contains", "|startswith", "|endswith", "|neq", "|cased", "|re", "|contains|all", "|exists", "|cidr"),
    *("|gt", "|lte", "|hour", "|fieldref", "|fieldref|contains", "|null"),
)
SINGLE = {"|exists": True, "|cidr": "10.0.0.0/8", "|gt": 3, "|lte": 12, "|hour": 3, "|fieldref": "b", "|null": None}
SOURCES = (
    *(("aws", "", "cloudtrail", "aws.cloudtrail"), ("zeek", "", "dns", "zeek"), ("", "dns", "", "suricata.eve")),
    ("windows", "process_creation", "", "windows.event"),
)


@st.composite
def nodes(draw, depth=0):
    kind = draw(st.sampled_from(["item", "item", "and", "or", "not", "words"])) if depth < 3 else "item"
    if kind == "words":
        return make_item("|contains", draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2)), {})
    if kind == "item":
        field, key = draw(st.sampled_from(FIELDS)), draw(st.sampled_from(KEYS))
        if key.startswith("|fieldref") or key in SINGLE:
            name = field + ("" if key == "|null" else key)
            return make_item(name, SINGLE.get(key, "b"), {})
        size = 2 if key.endswith("all") else 1
        words = draw(st.lists(st.sampled_from([*WORDS, "al*a", "?eta", "*"]), min_size=size, max_size=3))
        return make_item(field + key, ["mid"] if key == "|re" else words, {})
    if kind == "not":
        return Not(draw(nodes(depth=depth + 1)))
    children = tuple(draw(st.lists(nodes(depth=depth + 1), min_size=1, max_size=3)))
    return AllOf(children) if kind == "and" else AnyOf(children)


values = st.sampled_from([*WORDS, 12, None, True, 3.5, ["alpha", "mid"], ["x", None], {"k": "mid"}, []])
natives = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "c": st.fixed_dictionaries({}, optional={"d": values}),
        "_path": st.sampled_from(["dns", "conn"]),
        "event_type": st.sampled_from(["dns", "alert"]),
        "Channel": st.sampled_from(["Microsoft-Windows-Sysmon/Operational", "Security"]),
        "EventID": st.sampled_from([1, 4688, 3]),
    },
)


def consistent(piece: Piece) -> bool:
    """Whether each verdict follows from those below it."""
    held = [each.held for each in piece.pieces]
    match piece.kind:
        case "all":
            follows = piece.held == all(held) or piece.left_out
        case "any":
            follows = piece.held == any(held) or piece.left_out
        case "not":
            follows = piece.held != held[0]
        case _ if piece.more:
            follows = True
        case _:
            asked = [each.held for each in piece.asked]
            follows = (all(asked) if piece.every else any(asked)) != piece.negated if asked else True
            follows = follows == piece.held
    return bool(follows) and all(map(consistent, piece.pieces))


@settings(max_examples=150, deadline=None)
@given(nodes(), st.lists(natives, min_size=1, max_size=4), st.sampled_from(SOURCES))
def test_the_verdict_is_the_matchers_and_follows_from_its_parts(tree, records, where):
    product, category, service, source = where
    rule = Rule(id="r", title="t", level="low", logsource=LogSource(product, category, service), tree=tree)
    matcher = Matcher([rule])
    for native in records:
        event = Event(source, "u", 0, native, lambda _n, _i: {})
        said = explain(rule, event)
        assert said.fires == bool(matcher.matches(event))
        for look in said.readings:
            assert consistent(look.tree)


@pytest.mark.parametrize("rule", LIBRARY.rules, ids=lambda rule: rule.name)
def test_the_tests_of_the_rules_that_ship_are_explained_as_they_end(rule):
    for case in rule.cases:
        source = case.source or sources_of(rule.logsource)[0]
        log = rule.logsource.service or rule.logsource.category
        events = [event_of(PARSERS[source], native, n, case.hint, log) for n, native in enumerate(case.events)]
        assert any(explain(rule, event).fires for event in events) == case.fires


@pytest.mark.parametrize("correlation", LIBRARY.correlations, ids=lambda each: each.name)
def test_the_tests_of_the_correlations_that_ship_are_explained_as_they_end(correlation):
    bases = needed(correlation, LIBRARY).rules
    for case in correlation.cases:
        source = case.source or sources_of(bases[0].logsource)[0]
        log = bases[0].logsource.service or bases[0].logsource.category
        events = [event_of(PARSERS[source], native, n, case.hint, log) for n, native in enumerate(case.events)]
        assert explain_many(correlation, LIBRARY, events).fires == case.fires


RULE = """
selection: {eventName: [Stop, Delete], user.name|startswith: adm}
failed: {errorCode|exists: true}
condition: selection and not failed
"""


def told(read, rule, event, detection, native, **more):
    return explain(read(rule(detection, **more)).rules[0], event(native))


def test_each_part_is_called_as_in_the_file_and_shows_value_and_wish(read, rule, event):
    said = told(read, rule, event, RULE, {"eventName": "Stop", "user": {"name": "bob"}, "errorCode": "AccessDenied"})
    assert said.rule.condition == "selection and not failed"
    (look,) = said.readings
    selection, failed = look.tree.pieces
    assert (selection.name, selection.held, failed.held, failed.pieces[0].name) == ("selection", False, False, "failed")
    name, user = selection.pieces
    assert (name.field, name.value, name.held) == ("eventName", "Stop", True)
    assert [(each.text, each.held) for each in name.asked] == [("Stop", True), ("Delete", False)]
    assert (user.value, user.asked[0].way, user.asked[0].text, user.held) == ("bob", "starts", "adm", False)


def test_a_field_that_the_event_lacks_has_no_value(read, rule, event):
    said = told(read, rule, event, RULE, {"eventName": "Stop"})
    assert said.readings[0].tree.pieces[0].pieces[1].value is None


def test_an_event_of_another_source_is_never_looked_at(read, rule, event):
    said = explain(read(rule(RULE)).rules[0], event({"eventName": "Stop"}, "zeek"))
    assert (said.fires, said.readings, said.reads) == (False, (), ("aws.cloudtrail",))


def test_the_kind_of_record_is_said_apart_from_the_rule(read, rule, event):
    text = rule("selection: {query: x}\ncondition: selection", "{product: zeek, service: dns}")
    (look,) = explain(read(text).rules[0], event({"query": "x", "_path": "http"}, "zeek")).readings
    assert (look.guard.held, look.tree.held, look.fires) == (False, True, False)
    assert (look.guard.field, look.guard.value) == ("_path", "http")


def test_a_long_list_is_cut_and_what_held_is_shown_first(read, rule, event):
    wanted = ", ".join(f"v{number}" for number in range(100))
    said = told(read, rule, event, f"selection: {{eventName: [{wanted}]}}\ncondition: selection", {"eventName": "v77"})
    item = said.readings[0].tree
    assert (item.asked[0].text, item.asked[0].held, len(item.asked) + item.more) == ("v77", True, 100)


def test_what_a_field_must_equal_of_another_is_shown_with_its_value(read, rule, event):
    said = told(read, rule, event, "s: {a|fieldref: b}\ncondition: s", {"a": "x", "b": "y"})
    assert said.readings[0].tree.asked[0].text == "b (y)"


COUNTED = """
title: Many
id: 00000000-0000-4000-8000-000000000099
correlation: {type: event_count, rules: [counted], group-by: [user], timespan: 10m, condition: {gte: 3}}
"""
BASE = "selection: {eventName: Stop}\ncondition: selection"


@pytest.fixture
def many(read, rule):
    return read(rule(BASE, more="name: counted\n"), COUNTED)


def stops(event, *users, name="Stop"):
    return [event({"eventName": name, "user": user}, time=60_000 * n) for n, user in enumerate(users)]


def test_a_correlation_says_how_many_it_counted_for_whom(many, event):
    said = explain_many(many.correlations[0], many, stops(event, "bob", "eve", "bob"))
    assert (said.fires, said.group, said.counted.events, said.counted.figure) == (False, {"user": "bob"}, 2, 2.0)
    assert explain_many(many.correlations[0], many, stops(event, "bob", "bob", "bob")).fires


def test_anothers_conclusion_is_not_this_events(many, event):
    events = stops(event, "bob", "bob", "bob", "eve")
    assert not explain_many(many.correlations[0], many, events, events[-1]).fires
    assert explain_many(many.correlations[0], many, events, events[0]).fires


def test_an_event_without_the_field_to_group_by_is_counted_nowhere(many, event):
    said = explain_many(many.correlations[0], many, [event({"eventName": "Stop"})])
    assert (said.group, said.counted) == ({"user": None}, None)


def test_an_event_on_which_no_base_fires_takes_no_part(many, event):
    said = explain_many(many.correlations[0], many, stops(event, "bob", name="Start"))
    assert (said.fires, said.group, said.counted, said.bases[0].fires) == (False, {}, None, False)


def test_rules_that_are_missing_from_a_sequence_are_named(read, rule, event):
    texts = [
        rule(f"s: {{eventName: {name}}}\ncondition: s", number=n, more=f"name: {name}\n") for n, name in enumerate("AB")
    ]
    order = "{type: temporal_ordered, rules: [A, B], group-by: [user], timespan: 10m}"
    loaded = read(*texts, f"title: T\nid: 00000000-0000-4000-8000-000000000099\ncorrelation: {order}\n")
    events = [event({"eventName": "A", "user": "bob"}, time=1)]
    said = explain_many(loaded.correlations[0], loaded, events)
    assert (said.names, said.counted.present, said.counted.missing) == (("A", "B"), (0,), (1,))


def test_a_correlation_over_correlations_explains_those(read, rule, event, many):
    above = replace(many.correlations[0], id="above", rules=(many.correlations[0].id,), bounds=(("gte", 1.0),))
    loaded = replace(many, correlations=(*many.correlations, above))
    said = explain_many(above, loaded, stops(event, "bob", "bob", "bob"))
    assert (said.fires, said.nested[0].fires, said.counted) == (True, True, None)
