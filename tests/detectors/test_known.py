"""Fields that a source cannot have are named; whatever may be there is left in peace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sigma.build import Builder
from detectors.sigma.fields import find_native
from detectors.sigma.known import Known, can_hold, paths_of, shown_in_tests
from detectors.sigma.modifiers import make_item
from detectors.sigma.tree import AllOf, AnyOf, Not
from yunshao.model.event import Event


@pytest.fixture
def unknown(read, rule):
    """(field, near) of the fields of a selection that its source does not have."""

    def ask(selection, logsource="{product: aws, service: cloudtrail}", records=()):
        (one,) = read(rule(f"selection: {selection}\ncondition: selection", logsource)).rules
        return [(each.field, each.near) for each in Known(records).unknown(one)]

    return ask


def test_a_slip_of_the_pen_is_named_with_what_was_meant(unknown):
    assert unknown("{eventNmae: Stop}") == [("eventNmae", "eventName")]
    assert unknown("{userIdentity.usrName: x}") == [("userIdentity.usrName", "userIdentity.userName")]


@pytest.mark.parametrize(
    "field", ["eventName", "userIdentity.arn", "userIdentity", "requestParameters.anything.at.all"]
)
def test_what_the_source_has_is_no_doubt(unknown, field):
    assert unknown(f"{{{field}: x}}") == []


def test_a_field_of_another_log_of_the_same_source_is_named(unknown):
    assert unknown("{uri: x}", "{product: zeek, service: dns}") == [("uri", "")]
    assert unknown("{uri: x}", "{product: zeek, service: http}") == []


def test_other_names_and_the_standard_form_count_as_there(unknown):
    assert unknown("{src_ip: 10.0.0.1, c-uri: x}", "{product: zeek, service: http}") == []
    assert unknown("{dst_port: 22}", "{category: firewall}") == []


def test_a_log_and_a_source_that_nobody_described_are_left_alone(unknown):
    assert unknown("{whatever: x}", "{product: zeek, service: my_own_script}") == []
    assert unknown("{whatever: x}", "{product: windows, service: security}") == []


def test_a_record_that_has_the_field_ends_the_doubt(unknown):
    record = {"eventName": "X", "brandNew": [{"part": 1}]}
    assert unknown("{brandNew.part: 1}") == [("brandNew.part", "")]
    assert unknown("{brandNew.part: 1}", records=[("aws.cloudtrail", record)]) == []


def test_the_test_events_of_rules_show_fields_of_their_kind_of_record(read, rule):
    more = "yunshao: {tests: [{fires: true, event: {odd: 1}}, {fires: false, event: {other: 1}}]}\n"
    rules = read(rule("s: {odd: 1}\ncondition: s", "{product: zeek, service: dns}", more=more)).rules
    assert list(shown_in_tests(rules)) == [("zeek", {"_path": "dns", "odd": 1})]


def test_paths_look_through_lists_and_stop_somewhere():
    assert set(paths_of({"a": [{"b": 1}, [{"c": 2}]], "d.e": 3})) == {"a", "a.b", "a.c", "d.e"}
    deep: dict = {}
    for _ in range(200):
        deep = {"x": deep}
    assert len(list(paths_of(deep))) < 50
    assert len(list(paths_of({str(n): n for n in range(100_000)}))) <= 100_000


FIELDS = ("a", "b", "c")


@st.composite
def nodes(draw, depth=0):
    kind = draw(st.sampled_from(["item", "and", "or", "not"])) if depth < 3 else "item"
    if kind == "item":
        field = draw(st.sampled_from(FIELDS))
        key, value = draw(
            st.sampled_from([("", "x"), ("|neq", "x"), ("|exists", False), ("|exists", True), ("", None)])
        )
        return make_item(field + key, value, {})
    if kind == "not":
        return Not(draw(nodes(depth=depth + 1)))
    children = tuple(draw(st.lists(nodes(depth=depth + 1), min_size=1, max_size=3)))
    return AllOf(children) if kind == "and" else AnyOf(children)


@settings(max_examples=150, deadline=None)
@given(nodes(), st.sets(st.sampled_from(FIELDS)), st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["x", "y"])))
def test_what_cannot_hold_without_fields_never_holds_without_them(tree, missing, native):
    record = {key: value for key, value in native.items() if key not in missing}
    event = Event("aws.cloudtrail", "u", 0, record, lambda _n, _i: {})
    if Builder(find_native("aws.cloudtrail")).build(tree)(record, event):
        assert can_hold(tree, missing)


def test_a_rule_that_needs_a_missing_field_cannot_fire_and_one_that_wants_it_absent_can(read, rule):
    known = Known()
    needs, wants_absent = (
        read(rule(f"s: {{eventName: x}}\no: {{nonsense: y}}\ncondition: {condition}")).rules[0]
        for condition in ("s and o", "s and not o")
    )
    assert not known.can_fire(needs)
    assert known.can_fire(wants_absent)
