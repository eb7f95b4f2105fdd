"""Conclusions of the self-check and points of the scorecard, by the worked examples."""

from __future__ import annotations

import pytest

from yunshao.errors import WrongUse
from yunshao.model.controls import answer, conclusion_2021, conclusion_2025, pass_rate, score_2021
from yunshao.model.scorecard import grade, points, total, value_of


@pytest.mark.parametrize(
    ("met", "major", "said"),
    [
        (182, 0, "met"),
        (182, 1, "basically_met"),
        (118, 0, "not_met"),
        (120, 0, "basically_met"),
        (179, 0, "basically_met"),
    ],
)
def test_the_template_of_2025_goes_by_the_pass_rate(met: int, major: int, said: str) -> None:
    states = ["met"] * met + ["not_met"] * (200 - met) + ["not_applicable"] * 11
    assert conclusion_2025(pass_rate(states), major) == said


def test_the_template_of_2021_loses_weight_by_item() -> None:
    lost = [
        *[("technical", "partly", 1)] * 8, *[("technical", "partly", 2)] * 5, *[("technical", "not_met", 3)] * 2,
        *[("managerial", "not_met", 1)] * 4, *[("managerial", "partly", 2)] * 3,
    ]  # fmt: skip
    items = [*lost, *[("technical", "met", 1)] * (200 - len(lost)), ("technical", "not_applicable", 3)]
    score = score_2021(items)
    assert score == pytest.approx(89.0)
    assert (conclusion_2021(score, 0, 0), conclusion_2021(score, 1, 0)) == ("good", "poor")
    assert [conclusion_2021(n, 0, m) for n, m in ((90, 0), (90, 1), (70, 0), (69.9, 0))] == [
        "excellent", "good", "fair", "poor",
    ]  # fmt: skip


def test_what_is_not_known_is_no_pass_and_nothing_applicable_is_no_rate() -> None:
    assert pass_rate(["met", "unknown"]) == 0.5
    assert pass_rate(["met", "partly"], partly=0.5) == 0.75
    assert pass_rate(["not_applicable"]) is None
    assert score_2021([]) is None
    assert conclusion_2025(None, 0) == conclusion_2021(None, 0, 0) == "unknown"


@pytest.mark.parametrize(("state", "reason"), [("partly", ""), ("not_applicable", " "), ("unknown", "x"), ("", "x")])
def test_an_answer_needs_a_state_and_a_reason(state: str, reason: str) -> None:
    with pytest.raises(WrongUse):
        answer("c", "s", state, "me", reason)


CARD = [
    (20, 0.7667, 0.75),
    (15, 0.55, 0.5),
    (10, 0.8, 1),
    (15, 0.862, 1),
    (10, 0.75, 1),
    (12, 0.7708, 1),
    (8, 0.9, 1),
    (10, 0.82, 1),
]


def test_the_scorecard_of_the_brief() -> None:
    rows = [{"weight": float(w), "value": v, "target": t} for w, v, t in CARD]
    assert total(rows) == pytest.approx(88.08, abs=0.005)
    assert (grade(88.08), grade(90), grade(69.9), grade(None)) == ("B", "A", "D", "")


def test_an_indicator_that_does_not_apply_drops_out() -> None:
    rows = [{"weight": 30.0, "value": None, "target": 1.0}, {"weight": 20.0, "value": 0.5, "target": 1.0}]
    assert points(rows) == [None, 50.0]
    assert total(rows[:1]) is None
    assert (value_of(3, 0), value_of(3, 4)) == (None, 0.75)
