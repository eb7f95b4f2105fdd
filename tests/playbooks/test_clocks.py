"""The clocks of a drill: planted delays, pauses, and what people judged."""

from __future__ import annotations

import pytest
from drilling import T0, begun, fact, played

from playbooks.drill import run
from playbooks.drill.metrics import drill_figures, held_apart
from yunshao.errors import WrongUse

MINUTE = 60_000


def test_every_expected_alert_has_its_time_to_acknowledge_not_the_first_alone():
    document = begun()
    document["expectations"].insert(1, {**document["expectations"][0], "index": 2, "rule": "r2"})
    document = played(document, T0)
    two = [
        fact("a", T0 + 5_000, T0 + 9_000),
        run.AlertFact("alert-c", "r2", T0 + 6_000, None, "", False, frozenset({"c"})),
    ]
    document = played(document, T0 + 121_000, *two)
    document = run.answer(document, 1, "x", T0 + 130_000)
    document = played(document, T0 + 140_000, *two)
    assert document["phase"] == "run", "the second may yet be taken"
    document = played(document, T0 + 17 * MINUTE, *two)
    assert document["phase"] == "over"
    assert (document["metrics"]["mtta"]["n"], document["metrics"]["mtta"]["unfinished"]) == (1, 1)


def test_a_pause_counts_for_nobodys_time():
    document = played(begun(), T0)
    document = played(document, T0 + 5_000, fact(detected=T0 + 5_000))
    document = run.resume(run.pause(document, "x", T0 + 10_000), "x", T0 + 30 * MINUTE)
    document = played(document, T0 + 31 * MINUTE, fact(detected=T0 + 5_000, acknowledged=T0 + 30 * MINUTE + 15_000))
    assert document["expectations"][1]["state"] == "met"
    assert [one["took"] for one in document["expectations"]] == [20_000, 20_000], "pages and reports print this"
    figures = drill_figures(document["expectations"], document["steps"], document["pauses"])
    assert figures["mtta"]["mean"] == 20
    assert held_apart(0, 100, [[10, 20], [90, 200]]) == 80


def test_containment_counts_from_the_detection_that_it_answers():
    steps = [
        {"does": "contain", "planned": 60_000, "done": 90_000, "state": "done"},
        {"does": "contain", "planned": 60_000, "done": None, "state": "unanswered"},
        {"does": "recover", "planned": 400_000, "done": 500_000, "state": "done"},
    ]
    alerts = [
        {"type": "alert", "injected": 0, "detected": at, "acknowledged": None} for at in (10_000, 30_000, 300_000)
    ]
    found = drill_figures(alerts, steps)
    assert (found["mttc"]["mean"], found["mttc"]["unfinished"], found["mttr"]["mean"]) == (60, 1, 200)


def test_what_people_judge_is_graded_even_after_the_end_and_what_failed_is_to_be_mended():
    document = played(run.abort(begun(), "x", T0), T0 + 1)
    assert document["phase"] == "over"
    before = len(document["improvements"])
    document = run.rate(document, 0, "U", "evaluator", T0 + 2)
    document = run.score(document, "command", 5, "evaluator", T0 + 3)
    scores = {one["item"]: one["score"] for one in document["evaluation"]}
    assert (scores["goals"], scores["command"]) == (1, 5)
    assert len(document["improvements"]) == before + 1
    for wrong in ((1, "P"), (-1, "P"), (0, "X")):
        with pytest.raises(WrongUse):
            run.rate(document, *wrong, "evaluator", T0)
    for wrong in (("command", 4), ("colour", 5)):
        with pytest.raises(WrongUse):
            run.score(document, *wrong, "evaluator", T0)
