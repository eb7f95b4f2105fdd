"""Expressions that are searched for together are found just where each is found alone."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sigma.expression import can_be_together, finder, together
from detectors.sigma.pattern import Expression

SMALL = (
    Expression(r"\s[a-f0-9]{4}\s"), Expression(r"[ab]{2,}\.c?$"), Expression(r"^\W+"), Expression(r"a.b", dot_all=True),
    Expression(r"[a-b]+C", ignore_case=True), Expression(r"^b$", multi_line=True), Expression(r"é|\d{3}"),
)  # fmt: skip
MANY = [Expression(rf"[{low}-z]{{40}}|[0-9]{{{count}}}[{low}x]") for low in "abcdefgh" for count in range(1, 40)]
TEXTS = st.text(alphabet="abcC.123 \n\\é\ud800", max_size=40)


def alone(expressions, text):
    return [place for place, expression in enumerate(expressions) if finder(expression)(text)]


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_few_are_found_as_each_alone(text):
    assert sorted(together(SMALL)(text)) == alone(SMALL, text)


def test_more_than_one_automaton_holds_are_found_as_each_alone():
    assert all(map(can_be_together, MANY))
    found, dice = together(MANY), random.Random(1)
    for _ in range(40):
        text = "".join(dice.choice("0123456789abcdefghxyz ") for _ in range(600))
        assert sorted(found(text)) == alone(MANY, text)


def test_a_text_that_makes_states_without_end_is_still_answered_rightly():
    dice = random.Random(2)
    text = "".join(dice.choice("az09") for _ in range(60_000)) + " " + "h" * 40
    assert sorted(together(MANY)(text)) == alone(MANY, text)


def test_a_large_expression_stays_alone():
    assert not can_be_together(Expression("x(?:a{500}|b{500})"))
    assert not can_be_together(Expression(".{2000,}"))
