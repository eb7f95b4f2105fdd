"""Drills come on working days, outside blackouts, one at a time per unit, and never hours after their time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks import calendar
from playbooks.words import Playbook
from yunshao.errors import WrongUse
from yunshao.model.calendar import Blackout, blackout_at, blackout_of, day_of, work_days

ZONE = "Asia/Shanghai"
HOUR, DAY = 3_600_000, 86_400_000
DAYS = work_days(["2026-10-01..2026-10-07"], ["2026-10-10"])
FREEZE = (blackout_of("2026-12-01", "2026-12-20", "year-end closing", ZONE),)
SAID = {"zh": "一", "en": "one"}


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def plan(cron: str = "30 9 1 * *", now: str = "2026-09-15T00:00", **more: Any) -> calendar.Plan:
    made = calendar.new_plan("plan-1", "small", cron, "lead", ms(now), **more)
    return calendar.planned(made, ZONE, DAYS, FREEZE)


def test_a_recurrence_becomes_a_cron_from_its_first_moment_on():
    first = ms("2026-11-05T09:30")
    assert calendar.cron_of("month", first, ZONE) == "30 9 5 * *"
    assert calendar.cron_of("quarter", first, ZONE) == "30 9 5 2,5,8,11 *"
    assert calendar.cron_of("half_year", first, ZONE) == "30 9 5 5,11 *"
    assert calendar.cron_of("year", first, ZONE) == "30 9 5 11 *"
    with pytest.raises(WrongUse, match="28"):
        calendar.cron_of("month", ms("2026-11-30T09:30"), ZONE)
    with pytest.raises(WrongUse):
        calendar.cron_of("fortnight", first, ZONE)


def test_on_a_holiday_it_moves_to_the_next_working_day_at_its_hour():
    assert plan()["next"] == ms("2026-10-08T09:30")
    assert plan(off="keep")["next"] == ms("2026-10-01T09:30")


def test_in_a_blackout_it_waits_for_the_first_free_working_day_or_falls_out():
    assert plan(now="2026-11-15T00:00")["next"] == ms("2026-12-21T09:30")
    assert plan(now="2026-11-15T00:00", off="skip")["next"] == ms("2027-01-01T09:30")


def test_it_is_announced_once_and_begins_once():
    found = plan(notice_days=3)
    assert found["wakes"] == ms("2026-10-05T09:30")
    found, did = calendar.step(found, [], found["wakes"])
    assert did == "tell"
    found = calendar.planned(found, ZONE, DAYS, FREEZE)
    assert found["wakes"] == found["next"]
    started, did = calendar.step(found, [], found["next"])
    assert did == "start"
    started = calendar.begun(calendar.planned(started, ZONE, DAYS, FREEZE), "drill-1", started["since"])
    assert started["next"] == ms("2026-11-02T09:30")
    assert [one["note"] for one in started["log"]] == ["drill-1"]


def test_unannounced_it_wakes_at_its_moment_alone():
    found = plan(announced=False)
    assert found["wakes"] == found["next"]
    assert calendar.step(found, [], found["next"])[1] == "start"


def test_a_crash_between_the_note_and_the_start_loses_one_and_begins_none_twice():
    found = plan(announced=False)
    noted, _ = calendar.step(found, [], found["next"])
    again, did = calendar.step(noted, [], found["next"] + 1000)
    assert did == ""
    assert [one["did"] for one in again["log"]] == ["missed"]


def test_hours_after_its_time_it_does_not_begin():
    found = plan(announced=False)
    late, did = calendar.step(found, [], found["next"] + 3 * HOUR)
    assert did == ""
    assert [one["did"] for one in late["log"]] == ["missed"]
    assert calendar.planned(late, ZONE, DAYS, FREEZE)["next"] == ms("2026-11-02T09:30")


@pytest.mark.parametrize(
    ("units", "running", "waits"),
    [
        (("a",), {"units": ["a"]}, True),
        (("a",), {"units": ["b"]}, False),
        ((), {"units": ["b"]}, True),
        (("a",), {}, True),
        (("a",), {"units": ["b"], "alerts": [{"unit": "a"}]}, True),
    ],
)
def test_it_waits_while_another_of_its_units_runs(units, running, waits):
    found = plan(announced=False, units=units)
    held, did = calendar.step(found, [{"id": "drill-0", **running}], found["next"])
    assert did == ("wait" if waits else "start")
    if waits:
        assert held["wakes"] > found["next"]
        assert calendar.step(held, [], found["next"] + 5 * HOUR)[1] == "start"
        given_up, did = calendar.step(held, [{"id": "drill-0", **running}], found["next"] + 9 * HOUR)
        assert did == ""
        assert given_up["log"][-1]["note"] == "drill-0"
        beside = plan(announced=False, units=units, beside=True)
        assert calendar.step(beside, [{"id": "drill-0", **running}], beside["next"])[1] == "start"


@given(
    st.sampled_from(["next", "previous", "keep", "skip"]), st.integers(0, 500), st.integers(1, 28), st.integers(0, 23)
)
def test_no_drill_ever_begins_in_a_blackout_or_on_a_day_off_that_counts(off, start, day, hour):
    periods = (*FREEZE, Blackout(ms("2026-10-08T00:00"), ms("2026-10-09T12:00"), "works"))
    made = calendar.new_plan("p", "small", f"0 {hour} {day} * *", "lead", ms("2026-09-01T00:00") + start * DAY, off=off)
    found = calendar.planned(made, ZONE, DAYS, periods)
    moments = calendar.ahead(found, found["next"] + 200 * DAY, ZONE, DAYS, periods)
    assert moments == sorted(set(moments))
    assert moments[0] > made["since"]
    assert all(blackout_at(at, periods) is None for at in moments)
    if off != "keep":
        assert all(DAYS.works(day_of(at, ZONE)) for at in moments)


def drill(started: int, unit: str, technique: str, noticed: int = 1, **more: Any) -> dict[str, Any]:
    row = {"technique": technique, "expected": 1, "noticed": noticed}
    return {"id": f"d{started}", "state": "done", "started": started, "playbook": {"id": "small"},
            "alerts": [{"unit": unit}], "techniques": [row], **more}  # fmt: skip


def test_what_was_not_drilled_for_too_long_is_named():
    now = ms("2026-11-29T12:00")
    small = Playbook("small", "drill", "1", SAID, SAID, "f", every="quarter")
    other = Playbook("other", "drill", "1", SAID, SAID, "f", every="year")
    drills = [drill(now - 100 * DAY, "a", "T1"), drill(now - 400 * DAY, "b", "T2"), drill(now, "c", "T3", noticed=0)]
    drills[2]["set_aside"] = {"by": "x"}
    found = calendar.coverage([small, other], ["a", "b", "c"], ["T1", "T2", "T3"], drills, now)
    assert {one["id"]: one["last"] is None for one in found["units"]} == {"b": False, "c": True}
    assert [one["id"] for one in found["techniques"]] == ["T2", "T3"]
    assert [one["id"] for one in found["scenarios"]] == ["small", "other"]


@pytest.mark.parametrize("more", [{"off": "never"}, {"notice_days": 91}, {"notice_days": -1}])
def test_a_plan_that_cannot_be_is_refused(more):
    with pytest.raises(WrongUse):
        calendar.new_plan("p", "small", "0 9 1 * *", "lead", 0, **more)
