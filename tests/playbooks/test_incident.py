"""An incident goes forward through its states, keeps what was said, and owes its reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contract.samples import alert
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from playbooks.incident import book, work
from yunshao.errors import NotFound, WrongUse

NOW = 1_780_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
NOBODY = {"zh": "", "en": ""}


def made(*alerts: Any, **more: Any) -> book.Incident:
    return book.open_incident("inc-1", {"zh": "事", "en": "matter"}, alerts, "other", "duty", NOW, **more)


def through(incident: book.Incident, *states: str) -> book.Incident:
    for step, state in enumerate(states, start=1):
        incident = book.move(incident, state, "duty", NOW + step * HOUR, "because")
    return incident


def test_an_alert_of_a_drill_opens_nothing_and_joins_nothing():
    rehearsed = replace(alert(), drill="drill-1")
    with pytest.raises(WrongUse, match="drill"):
        made(rehearsed)
    with pytest.raises(WrongUse, match="drill"):
        book.add_alerts(made(), [rehearsed], "duty", NOW)


def test_it_takes_title_owner_and_times_from_its_alerts():
    one = alert()
    found = book.open_incident("inc-1", NOBODY, [one], "other", "duty", NOW)
    assert found["title"] == dict(one.finding.title)
    assert found["units"] == [one.finding.owner.unit]
    assert found["stamps"]["detected"] == one.detected
    assert found["occurred"] == one.first


def test_without_title_and_alert_there_is_no_incident():
    with pytest.raises(WrongUse, match="title"):
        book.open_incident("inc-1", NOBODY, [], "other", "duty", NOW)


def test_it_is_not_known_before_it_is():
    with pytest.raises(WrongUse, match="known"):
        made(known=NOW + 1)


def test_forward_it_goes_step_by_step_and_each_step_is_stamped():
    found = through(made(), "triaged", "confirmed", "contained", "eradicated", "recovered", "reported", "closed")
    assert found["state"] == "closed"
    assert [one["did"] for one in found["timeline"][1:]] == list(book.ORDER[1:])
    assert found["handled"] == found["stamps"]["recovered"] == NOW + 5 * HOUR


@pytest.mark.parametrize(
    ("at", "to"),
    [("contained", "triaged"), ("new", "closed"), ("contained", "false_positive"), ("new", "new"), ("new", "merged")],
)
def test_back_or_past_what_must_be_it_does_not_go(at, to):
    found = made() if at == "new" else through(made(), "triaged", "confirmed", at)
    with pytest.raises(WrongUse, match="cannot become"):
        book.move(found, to, "duty", NOW, "because")


def test_it_ends_with_a_reason_alone():
    with pytest.raises(WrongUse, match="reason"):
        book.move(made(), "false_positive", "duty", NOW, " ")


def test_what_is_closed_is_reopened_with_a_reason_and_counts_on():
    found = book.reopen(through(made(), "confirmed", "recovered", "closed"), "duty", NOW + 9 * HOUR, "again")
    assert found["state"] == "triaged"
    assert found["handled"] is None
    assert "recovered" not in found["stamps"]
    with pytest.raises(WrongUse):
        book.reopen(found, "duty", NOW, "again")


def test_it_does_not_close_over_an_open_task():
    found, task = work.add_task(through(made(), "confirmed", "recovered"), "look", "operations", None, "duty", NOW)
    with pytest.raises(WrongUse, match="T-01"):
        book.move(found, "closed", "duty", NOW, "because")
    found = work.end_task(found, task, "done", "operations", NOW)
    assert book.move(found, "closed", "duty", NOW, "because")["state"] == "closed"


def test_it_does_not_close_over_a_report_that_is_owed():
    found = book.grade_reporting(made(), {"personal_records": 1_000_000}, "duty", NOW)
    found = through(found, "confirmed", "recovered")
    with pytest.raises(WrongUse, match="first, summary"):
        book.move(found, "closed", "duty", NOW + DAY, "because")
    for duty in ("first", "summary"):
        found = book.report_sent(found, duty, NOW + 3 * HOUR, "duty", NOW + DAY, "by mail")
    assert book.move(found, "closed", "duty", NOW + DAY, "because")["state"] == "closed"


def test_a_report_goes_once_and_not_before_it_was_known():
    found = book.grade_reporting(made(), {"loss_yuan": 5e6}, "duty", NOW)
    with pytest.raises(WrongUse, match="known"):
        book.report_sent(found, "first", NOW - 1, "duty", NOW)
    with pytest.raises(WrongUse, match="future"):
        book.report_sent(found, "first", NOW + 1, "duty", NOW)
    with pytest.raises(WrongUse, match="owed"):
        book.report_sent(found, "summary", NOW, "duty", NOW)
    found = book.report_sent(found, "first", NOW, "duty", NOW)
    with pytest.raises(WrongUse, match="already"):
        book.report_sent(found, "first", NOW, "duty", NOW)
    assert [one["state"] for one in book.clocks(found, NOW + 9 * HOUR)] == ["sent"]


def test_reminders_come_once_each_and_end_with_the_report():
    found = book.grade_reporting(made(), {"loss_yuan": 5e6}, "duty", NOW)
    assert found["wakes"] == NOW + 2 * HOUR
    found, said = book.reminded(found, NOW + 2 * HOUR)
    assert said == [("first", 0.5)]
    assert book.reminded(found, NOW + 2 * HOUR)[1] == []
    found, said = book.reminded(found, NOW + 5 * HOUR)
    assert said == [("first", 0.8), ("first", 1.0)]
    assert found["wakes"] is None
    sent = book.report_sent(found, "first", NOW + 5 * HOUR, "duty", NOW + 5 * HOUR)
    assert book.reminded(sent, NOW + 9 * HOUR)[1] == []
    assert book.clocks(sent, NOW + 9 * HOUR)[0]["state"] == "sent_late"


def test_a_false_positive_owes_nothing():
    found = book.grade_reporting(made(), {"loss_yuan": 5e6}, "duty", NOW)
    found = book.move(found, "false_positive", "duty", NOW + HOUR, "a test of ours")
    assert book.owed(found) == []
    assert found["wakes"] is None


def test_two_are_merged_once_and_the_earlier_clock_counts():
    one, other = alert(), replace(alert(), id="other")
    keep = made(one)
    away = {**made(other, known=NOW - HOUR), "id": "inc-2"}
    away = work.comment(work.add_evidence(away, "a.txt", 1, "00", "file", "duty", NOW), "mind this", "duty", NOW)
    away, _ = work.add_task(away, "look", "", None, "duty", NOW)
    keep, _ = work.add_task(keep, "first of all", "", None, "duty", NOW)
    joined = book.merge(keep, away, [other], "duty", NOW)
    assert joined["known"] == NOW - HOUR
    assert joined["alerts"] == [one.id, "other"]
    assert [(task["id"], task["title"]) for task in joined["tasks"]] == [("T-01", "first of all"), ("T-02", "look")]
    assert joined["comments"][0]["from"] == "inc-2"
    assert book.merge(joined, away, [other], "duty", NOW) == joined
    gone = book.merged_away(away, "inc-1", "duty", NOW)
    assert book.merged_away(gone, "inc-1", "duty", NOW) == gone
    with pytest.raises(WrongUse, match="inc-1"):
        book.move(gone, "triaged", "duty", NOW)
    with pytest.raises(WrongUse):
        book.merge(joined, gone | {"id": "inc-3"}, [], "duty", NOW)


def test_the_same_content_is_evidence_once():
    found = work.add_evidence(made(), "a.txt", 1, "00", "file", "duty", NOW)
    assert work.add_evidence(found, "b.txt", 1, "00", "file", "duty", NOW) == found


def test_a_playbook_that_says_it_twice_said_it_once():
    found = work.comment(made(), "seen", "playbook", NOW, "run:1")
    assert work.comment(found, "seen", "playbook", NOW, "run:1") == found
    found, first = work.add_task(found, "look", "", None, "playbook", NOW, "run:2")
    assert work.add_task(found, "look", "", None, "playbook", NOW, "run:2") == (found, first)


def test_a_task_that_is_not_there_or_over_is_one_clear_line():
    found, task = work.add_task(made(), "look", "", None, "duty", NOW)
    with pytest.raises(NotFound):
        work.end_task(found, "T-09", "done", "duty", NOW)
    with pytest.raises(WrongUse, match="reason"):
        work.end_task(found, task, "dropped", "duty", NOW)
    found = work.end_task(found, task, "done", "duty", NOW)
    with pytest.raises(WrongUse, match="already"):
        work.end_task(found, task, "done", "duty", NOW)


STEPS = st.lists(st.tuples(st.sampled_from(["move", "reopen", "grade", "send"]), st.sampled_from(book.STATES),
                           st.sampled_from(["first", "onward", "summary"])), max_size=25)  # fmt: skip


@hypothesis_settings(max_examples=200, deadline=None)
@given(STEPS)
def test_whatever_is_tried_the_timeline_tells_it_all_and_a_closed_one_owes_nothing(steps):
    found, count = made(), 1
    for number, (verb, state, duty) in enumerate(steps, start=1):
        now = NOW + number * HOUR
        try:
            if verb == "move":
                found = book.move(found, state, "duty", now, "because")
            elif verb == "reopen":
                found = book.reopen(found, "duty", now, "because")
            elif verb == "grade":
                found = book.grade_reporting(found, {"people": 10 ** (number % 8)}, "duty", now)
            else:
                found = book.report_sent(found, duty, now, "duty", now)
            count += 1
        except WrongUse:
            pass
        assert len(found["timeline"]) == count
        if found["state"] == "closed":
            assert not [one for one in book.clocks(found, now) if one["ours"] and one["sent"] is None]
            assert found["wakes"] is None
