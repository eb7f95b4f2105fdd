"""Planned moments and working days: in the time zone, once, however long nobody ran."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunshao.errors import BadConfiguration
from yunshao.model.calendar import (
    Blackout,
    WorkDays,
    after_blackouts,
    blackout_at,
    blackout_of,
    day_of,
    days_of,
    deadline,
    due,
    next_run,
    runs_between,
    start_of,
    work_days,
)

ZONE = "Asia/Shanghai"
# The week of the national day, with a Saturday worked in exchange.
AUTUMN = work_days(["2026-10-01..2026-10-07"], ["2026-10-10"])


def ms(text: str, zone: str = ZONE) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def test_the_hour_is_that_of_the_zone():
    assert next_run("30 6 * * 1", ms("2026-11-24T00:00"), ZONE) == ms("2026-11-30T06:30")


def test_a_missed_run_is_caught_up_once():
    last = {"weekly": ms("2026-10-01T00:00")}
    assert due([("weekly", "30 6 * * 1")], last, ms("2026-11-24T12:00"), ZONE) == ["weekly"]


def test_what_ran_after_its_moment_is_not_due():
    last = {"weekly": ms("2026-11-23T07:00")}
    assert due([("weekly", "30 6 * * 1")], last, ms("2026-11-24T12:00"), ZONE) == []


def test_what_never_ran_waits_for_its_next_moment():
    assert due([("weekly", "30 6 * * 1")], {}, ms("2026-11-24T12:00"), ZONE) == []


def test_a_leap_day_comes():
    assert next_run("0 0 29 2 *", ms("2026-11-24T00:00"), ZONE) == ms("2028-02-29T00:00")


@pytest.mark.parametrize("cron", ["", "every day", "61 * * * *", "0 0 31 2 *", "* * * *"])
def test_a_plan_that_cannot_be_is_refused(cron):
    with pytest.raises(BadConfiguration):
        next_run(cron, ms("2026-11-24T00:00"), ZONE)


@given(st.integers(0, 4_000_000_000), st.sampled_from(["UTC", ZONE, "America/New_York", "Asia/Kathmandu"]))
def test_the_next_run_is_always_later(seconds, zone):
    assert next_run("15 3 * * *", seconds * 1000, zone) > seconds * 1000


def test_a_holiday_is_not_worked_and_a_weekend_worked_in_exchange_is():
    assert not AUTUMN.works(date(2026, 10, 5))
    assert AUTUMN.works(date(2026, 10, 10))
    assert not AUTUMN.works(date(2026, 10, 11))


def test_three_working_days_after_the_last_of_september():
    assert AUTUMN.add(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert AUTUMN.add(date(2026, 10, 10), -3) == date(2026, 9, 30)
    assert AUTUMN.add(date(2026, 10, 3), 0) == date(2026, 10, 3)


def test_a_deadline_is_the_end_of_its_day_in_the_zone():
    assert deadline(ms("2026-09-30T23:59"), 1, ZONE, AUTUMN) == ms("2026-10-09T00:00")


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(1, 60))
def test_working_days_that_are_added_are_counted_again(day, count):
    later = AUTUMN.add(day, count)
    assert AUTUMN.works(later)
    assert AUTUMN.between(day, later) == count
    assert AUTUMN.between(later, day) == -count


def test_a_moment_on_a_day_off_moves_falls_out_or_stays():
    noon = "0 12 1 * *"
    after = ms("2026-09-15T00:00")
    assert next_run(noon, after, ZONE, AUTUMN) == ms("2026-10-01T12:00")
    assert next_run(noon, after, ZONE, AUTUMN, "next") == ms("2026-10-08T12:00")
    assert next_run(noon, after, ZONE, AUTUMN, "previous") == ms("2026-09-30T12:00")
    assert next_run(noon, after, ZONE, AUTUMN, "skip") == ms("2026-12-01T12:00")


def test_a_moment_that_has_moved_is_still_to_come_on_its_day():
    assert next_run("0 12 1 * *", ms("2026-10-08T11:59"), ZONE, AUTUMN, "next") == ms("2026-10-08T12:00")
    assert next_run("0 12 1 * *", ms("2026-10-08T12:00"), ZONE, AUTUMN, "next") == ms("2026-11-02T12:00")


def test_of_several_that_move_to_one_day_the_earliest_hour_comes_first():
    runs = runs_between("0 9 3 10 *", ms("2026-10-01T00:00"), ms("2026-10-31T00:00"), ZONE, AUTUMN, "next")
    assert runs == [ms("2026-10-08T09:00")]
    several = runs_between("0 8,9 1-7 10 *", ms("2026-10-01T00:00"), ms("2026-10-31T00:00"), ZONE, AUTUMN, "next")
    assert several == [ms("2026-10-08T08:00"), ms("2026-10-08T09:00")]


def test_a_plan_for_weekends_alone_never_comes_where_days_off_fall_out():
    with pytest.raises(BadConfiguration, match="never comes"):
        next_run("0 9 * * 0", ms("2026-11-01T00:00"), ZONE, WorkDays(), "skip")


@given(st.integers(0, 400 * 24), st.sampled_from(["next", "previous", "skip"]))
def test_the_moments_of_a_plan_come_in_order_and_on_working_days(hours, off):
    runs = runs_between("30 7 1,2,3,15,28 * *", ms("2026-01-01T00:00") + hours * 3_600_000, ms("2027-12-31T00:00"),
                        ZONE, AUTUMN, off, limit=8)  # fmt: skip
    assert runs == sorted(set(runs))
    assert all(AUTUMN.works(day_of(at, ZONE)) for at in runs)


def test_a_list_of_days_is_read_with_both_ends_of_a_stretch():
    assert len(days_of(["2026-10-01..2026-10-07", "2026-12-25"], "here")) == 8


@pytest.mark.parametrize("text", ["soon", "2026-02-30", "2026-10-07..2026-10-01", "2026-01-01..2030-01-01", ".."])
def test_a_day_that_is_none_is_refused(text):
    with pytest.raises(BadConfiguration, match="is no"):
        days_of([text], "here")


def test_a_calendar_without_working_days_is_refused_and_does_not_search_for_ever():
    nothing = WorkDays(frozenset(date(2026, 1, 1) + timedelta(days=i) for i in range(4000)))
    with pytest.raises(BadConfiguration):
        nothing.on_or_after(date(2026, 1, 1))


def test_a_moment_in_a_blackout_waits_for_the_end_of_the_last_one():
    periods = [Blackout(100, 200, "release"), Blackout(150, 300, "freeze"), Blackout(300, 400, "holidays")]
    held = blackout_at(160, periods)
    assert held is not None
    assert held.why == "freeze"
    assert after_blackouts(160, periods) == 400
    assert after_blackouts(99, periods) == 99
    assert blackout_at(400, periods) is None


def test_a_day_begins_where_its_zone_says():
    assert start_of(date(2026, 11, 1), "America/New_York") == ms("2026-11-01T00:00", "America/New_York")


def test_a_blackout_by_days_holds_its_last_day_and_one_by_moments_ends_at_its_last():
    days = blackout_of("2026-10-01", "2026-10-02", "national day", ZONE)
    assert (days.start, days.end) == (ms("2026-10-01T00:00"), ms("2026-10-03T00:00"))
    assert blackout_of("2026-10-01T18:00", "2026-10-01T20:00", "", ZONE).end == ms("2026-10-01T20:00")


@pytest.mark.parametrize(("start", "end"), [("x", "y"), ("2026-10-02", "2026-09-01"), ("2026-10-01T09:00", "")])
def test_a_blackout_that_cannot_be_is_refused(start, end):
    with pytest.raises(BadConfiguration):
        blackout_of(start, end, "", ZONE)
