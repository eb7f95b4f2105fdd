"""A unit's readiness is 100 less printed deductions, and each of them can be undone."""

from __future__ import annotations

from typing import Any

import pytest
from drilling import T0, begun, played

from playbooks.drill.grade import set_aside
from playbooks.drill.readiness import readiness
from yunshao.errors import WrongUse
from yunshao.model import rectification as words

HOUR, DAY = 3_600_000, 86_400_000


def finished(**more: Any) -> dict[str, Any]:
    """A small drill that nothing noticed, of one unit."""
    document = begun()
    for minutes in range(0, 180, 2):
        document = played(document, T0 + minutes * 60_000)
    assert document["phase"] == "over"
    return {**document, "alerts": [{"unit": "a"}], **more}


def test_without_a_drill_in_a_year_a_unit_is_not_ready():
    found = readiness(["a"], [], [], T0)
    assert found["score"] == 80
    assert [one["points"] for one in found["deductions"]] == [20]
    assert readiness(["b"], [finished()], [], T0)["score"] == 80
    assert readiness(["a"], [finished()], [], T0 + 366 * DAY)["score"] == 80


def test_what_a_drill_missed_costs_points_and_each_is_printed():
    found = readiness(["a"], [finished()], [], T0 + DAY)
    assert found["score"] == 100 - sum(one["points"] for one in found["deductions"])
    assert [one["points"] for one in found["deductions"]] == [10, 5]
    assert all(one["ref"] == "drill-1" for one in found["deductions"])


def test_a_drill_that_is_set_aside_counts_no_more_and_then_counts_again():
    document = finished()
    before = readiness(["a"], [document], [], T0 + DAY)
    aside = set_aside(document, "lead", T0 + DAY, "the feed was cut by works")
    assert readiness(["a"], [aside], [], T0 + DAY) == readiness(["a"], [], [], T0 + DAY)
    assert readiness(["a"], [set_aside(aside, "lead", T0 + DAY, "")], [], T0 + DAY) == before


def test_only_a_finished_drill_is_set_aside():
    with pytest.raises(WrongUse, match="abort"):
        set_aside(begun(), "lead", T0, "x")


def test_the_latest_run_of_a_playbook_stands_for_it():
    better = finished(id="drill-2", started=T0 + DAY, expectations=[], steps=[])
    assert readiness(["a"], [finished(), better], [], T0 + 2 * DAY)["score"] == 100
    assert readiness(["a"], [better, finished()], [], T0 + 2 * DAY)["score"] == 100


def test_an_overdue_item_costs_points_until_it_is_mended():
    (item,) = words.items_of_drill(
        {"id": "d", "alerts": [{"unit": "a"}],
         "improvements": [{"action": {"zh": "改", "en": "mend"}, "problem": {"zh": "错", "en": "wrong"},
                           "post": {"zh": "", "en": ""}, "due": T0}]}, "a", T0,
    )  # fmt: skip
    good = finished(expectations=[], steps=[])
    assert readiness(["a"], [good], [item], T0 + 1)["score"] == 95
    assert readiness(["a"], [good], [words.done(item, (), "x", T0 + 1, "there")], T0 + 2)["score"] == 100
    many = [{**item, "id": str(n)} for n in range(50)]
    assert readiness(["a"], [good], many, T0 + 1)["score"] == 60
