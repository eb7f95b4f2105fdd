"""What is found in a text does not depend on its length, its neighbours in a block, or what was asked before."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sigma.facts import CHUNK, EQUALS, INSIDE, Ask, Table, ask_of
from detectors.sigma.group import as_written, written
from detectors.sigma.pattern import parse_text
from detectors.sigma.values import MISSING, every_text

PATTERNS = (
    "alpha",
    "*beta*",
    "gam*",
    "*delta",
    "al*pha",
    "*^^*",
    "*🦆*",
    "",
    "x",
    *(f"*word{n:02}*" for n in range(20)),
)
TEXTS = st.sampled_from(
    ("alpha", "ALPHA", "beta", "a beta b", "gamma", "xdelta", "alxpha", "^^", "a🦆b", "", "x", "word07")
)
VALUES = st.one_of(TEXTS, st.sampled_from((MISSING, None, 12, True, ["alpha", "word11"], [["beta"]], {"a": "beta"})))


def table(patterns=PATTERNS):
    asks = [ask for number, raw in enumerate(patterns) if (ask := ask_of(number, parse_text(raw)))]
    return Table(asks, {ask.number: [ask.number] for ask in asks})


def facts(known):
    return set() if known is None else set(known.facts)


@pytest.mark.parametrize("place", [0, CHUNK - 4, CHUNK - 1, CHUNK, 3 * CHUNK + 5])
def test_a_literal_is_found_wherever_it_stands_in_a_long_text(place):
    text = "." * place + "word13" + "." * (4 * CHUNK)
    assert facts(table().of(text)) == {PATTERNS.index("*word13*")}


def answered(asked, column):
    known = asked.resolve(column)
    return [facts(each) for each in ([None] * len(column) if known is None else known)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(VALUES, max_size=30), max_size=4))
def test_a_block_is_answered_as_its_values_are_one_by_one(blocks):
    asked = table()
    for block in blocks:
        assert answered(asked, block) == [facts(table().of(value)) for value in block]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="ab^🦆", max_size=4), min_size=20, max_size=40))
def test_fresh_texts_that_hold_nothing_are_passed_over_together(texts):
    patterns = ("*beta*", "*^^*", "*🦆*")
    assert answered(table(patterns), texts) == [facts(table(patterns).of(t)) for t in texts]


@pytest.mark.parametrize(("pattern", "kind"), [("alpha", EQUALS), ("*alpha*", INSIDE), ("*a*", None), ("*^*", INSIDE)])
def test_what_stands_in_nearly_every_text_is_no_fact(pattern, kind):
    ask = ask_of(0, parse_text(pattern))
    assert (ask and ask.kind) == kind


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.dictionaries(st.text(max_size=3), st.one_of(st.text(max_size=6), st.integers(), st.booleans()), max_size=3),
        lambda inner: st.dictionaries(st.text(max_size=3), st.one_of(inner, st.lists(inner, max_size=2)), max_size=3),
        max_leaves=6,
    )
)
def test_a_record_as_written_holds_each_of_its_texts(native):
    whole = written(native)
    assert all(as_written(text) in whole for text in every_text(native))


def test_an_answer_names_the_rules_to_try():
    known = Table([Ask(7, INSIDE, "beta")], {7: [3, 4]}).of("a BETA b")
    assert sorted(known.rules) == [3, 4]
