"""Grades of incidents and the clocks of their reports, by the worked examples of the standard and of the measures."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunshao.errors import WrongUse
from yunshao.model.gbt20986 import HARMS, KINDS, LOSSES, OBJECTS, category_name, check_category, classification_grade
from yunshao.model.incident_duty import CRITERIA, Duty, duties, reminders, reporting_grade, status

HOUR, DAY = 3_600_000, 86_400_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


KNOWN = ms("2026-03-01T22:30+08:00")


def test_an_important_object_with_a_serious_loss_is_grade_three():
    assert classification_grade("important", "serious", "general") == 3


def test_social_harm_alone_can_make_the_grade():
    assert classification_grade("general", "smaller", "major") == 2


@given(st.sampled_from([*OBJECTS]), st.sampled_from([*LOSSES]), st.sampled_from([*HARMS]))
def test_more_harm_never_makes_an_incident_lighter(affected, loss, harm):
    grade = classification_grade(affected, loss, harm)
    assert 1 <= grade <= list(HARMS).index(harm) + 1
    assert grade >= classification_grade(affected, "especially_serious", harm)
    assert grade >= classification_grade("especially_important", loss, harm)


def test_the_standard_has_ten_categories_and_their_kinds():
    assert len({key.partition(".")[0] for key in KINDS}) == 10
    counts = {"MP": 10, "NA": 21, "DS": 12, "IC": 8, "DE": 5, "RO": 8, "SHE": 3, "AB": 3, "FOC": 5}
    assert {key: sum(one.startswith(f"{key}.") for one in KINDS) for key in counts} == counts


def test_a_category_has_a_name_in_both_languages():
    assert category_name("NA.09", "zh") == "网络攻击事件：网页篡改"
    assert category_name("NA.09", "en") == "network attack: defacement"
    assert category_name("OTH", "en") == "other"


@pytest.mark.parametrize("key", ["NA.22", "NA", "na.01", "", "<b>"])
def test_a_category_that_is_none_is_refused(key):
    with pytest.raises(WrongUse, match="no category"):
        check_category(key)


@pytest.mark.parametrize(
    ("facts", "grade"),
    [
        ({"personal_records": 1_000_000}, 3),
        ({"personal_records": 999_999}, 4),
        ({"cii_main_minutes": 360}, 2),
        ({"loss_yuan": 20_000_000}, 2),
        ({}, 4),
        ({"loss_yuan": 5_000_000, "personal_records": 100_000_000}, 1),
    ],
)
def test_the_guide_grades_its_worked_examples(facts, grade):
    assert reporting_grade(facts)[0] == grade


def test_each_criterion_is_met_at_its_bound_and_not_below():
    for key, row in CRITERIA.items():
        for grade, bound in row.bounds.items():
            assert reporting_grade({key: bound})[0] == grade
            assert reporting_grade({key: bound * 0.999})[0] > grade or bound in {0}


@pytest.mark.parametrize("facts", [{"mood": 3}, {"people": -1}, {"people": float("nan")}, {"people": float("inf")}])
def test_a_fact_that_cannot_be_is_refused(facts):
    with pytest.raises(WrongUse):
        reporting_grade(facts)


def test_another_operator_reports_within_four_hours_and_sums_up_within_thirty_days():
    owed = {one.key: one for one in duties(3, "other", KNOWN, ms("2026-03-10T09:00+08:00"), {})}
    assert owed["first"].due == ms("2026-03-02T02:30+08:00")
    assert owed["summary"].due == ms("2026-04-09T09:00+08:00")
    assert "onward" not in owed


@pytest.mark.parametrize(("operator", "first", "onward"), [("cii", 1, 0.5), ("organ", 2, 1), ("other", 4, 1)])
def test_a_major_incident_is_sent_on_after_its_first_report(operator, first, onward):
    sent = {"first": KNOWN + 20 * 60_000}
    owed = {one.key: one for one in duties(2, operator, KNOWN, None, sent)}
    assert owed["first"].due - KNOWN == first * HOUR
    assert owed["onward"].due == sent["first"] + onward * HOUR
    assert not owed["onward"].ours


def test_a_grade_that_rises_restarts_no_clock():
    lower, higher = duties(3, "other", KNOWN, None, {}), duties(1, "other", KNOWN, None, {})
    assert lower[0].due == higher[0].due


def test_below_grade_three_and_before_the_measures_nothing_is_owed():
    assert duties(4, "cii", KNOWN, KNOWN + DAY, {}) == []
    assert duties(1, "cii", ms("2025-10-31T23:59+08:00"), None, {}) == []
    assert [one.key for one in duties(1, "cii", ms("2025-11-01T00:00+08:00"), None, {})] == ["first", "onward"]


def test_a_suspected_crime_goes_to_public_security_whatever_the_grade():
    assert [one.key for one in duties(4, "other", KNOWN, None, {}, crime=True)] == ["police"]


def test_the_state_of_a_duty_follows_the_clock():
    duty = Duty("first", {}, 0, 100)
    assert [status(duty, None, at) for at in (0, 49, 50, 100, 101)] == [
        "not_due", "not_due", "due_soon", "due_soon", "overdue",
    ]  # fmt: skip
    assert status(duty, 100, 500) == "sent"
    assert status(duty, 101, 500) == "sent_late"


def test_reminders_come_at_half_at_four_fifths_and_at_the_end_until_it_is_sent():
    owed = duties(3, "other", KNOWN, None, {})
    assert [at - KNOWN for at, _, _ in reminders(owed, {})] == [2 * HOUR, int(3.2 * HOUR), 4 * HOUR]
    assert reminders(owed, {"first": KNOWN}) == []
