"""The grammar of conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.sigma.condition import ConditionError, parse_condition
from detectors.sigma.tree import AllOf, AnyOf, Item, Not

NAMES = ("sel_a", "sel_b", "filter_x", "_hidden", "other-one")
LEAVES = {name: Item(name, ()) for name in NAMES}


def value(node, true: set[str]) -> bool:
    match node:
        case Item(field):
            return field in true
        case Not(child):
            return not value(child, true)
        case AllOf(children):
            return all(value(child, true) for child in children)
        case AnyOf(children):
            return any(value(child, true) for child in children)


def holds(text: str, *true: str) -> bool:
    return value(parse_condition(text, LEAVES), set(true))


def test_and_binds_stronger_than_or():
    assert holds("sel_a or sel_b and filter_x", "sel_a")
    assert not holds("(sel_a or sel_b) and filter_x", "sel_a")


def test_not_binds_strongest():
    assert holds("not sel_a and sel_b", "sel_b")
    assert not holds("not (sel_a or sel_b)", "sel_b")
    assert holds("not not sel_a", "sel_a")


def test_keywords_may_be_written_in_capitals():
    assert holds("sel_a AND NOT filter_x", "sel_a")


def test_one_of_and_all_of_take_patterns():
    assert holds("1 of sel_*", "sel_b")
    assert holds("any of sel_*", "sel_b")
    assert not holds("all of sel_*", "sel_b")
    assert holds("all of sel_*", "sel_b", "sel_a")
    assert holds("1 of *_a", "sel_a")


def test_them_leaves_out_hidden_selections():
    assert not holds("1 of them", "_hidden")
    assert holds("1 of them", "filter_x")
    assert holds("1 of _*", "_hidden")


def test_a_name_may_have_a_dash():
    assert holds("other-one", "other-one")


def test_not_one_of_filters_without_filters_is_an_error():
    with pytest.raises(ConditionError):
        parse_condition("sel_a and not 1 of nothing_*", LEAVES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "sel_a and",
        "and sel_a",
        "sel_a sel_b",
        "(sel_a",
        "sel_a)",
        "unknown",
        "1 of",
        "2 of sel_*",
        "1 of sel-*",
        "sel_a | count() > 5",
        "not",
        "()",
        "(" * 200 + "sel_a" + ")" * 200,
        "sel_a or " * 5000 + "sel_a",
    ],
)
def test_what_cannot_be_read_is_an_error(text):
    with pytest.raises(ConditionError):
        parse_condition(text, LEAVES)


def test_an_old_aggregation_points_at_correlations():
    with pytest.raises(ConditionError, match="correlation"):
        parse_condition("sel_a | count() by user > 5", LEAVES)


@given(st.text(alphabet="sel_ab()*1 ofandrt|-", max_size=60))
def test_any_text_is_a_tree_or_an_error(text):
    try:
        parse_condition(text, LEAVES)
    except ConditionError:
        return
