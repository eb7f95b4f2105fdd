"""What is due: in the time zone, once, however long nobody ran."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.schedule import Calendar, Marks, due, happened, next_run
from yunshao.errors import BadConfiguration

ZONE = "Asia/Shanghai"


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


GOLDEN = frozenset({date(2026, 10, 1), date(2026, 10, 2)})
CALENDAR = Calendar(GOLDEN, frozenset({date(2026, 10, 10)}))


@pytest.mark.parametrize(
    ("after", "moved"),
    [
        ("2026-09-30T07:00", "2026-10-05T06:30"),  # two holidays and a weekend
        ("2026-10-09T07:00", "2026-10-10T06:30"),  # a Saturday that is worked
        ("2026-10-10T07:00", "2026-10-12T06:30"),
        ("2026-09-28T07:00", "2026-09-29T06:30"),
    ],
)
def test_what_falls_on_a_day_off_is_moved_to_the_next_working_day(after, moved):
    assert next_run("30 6 * * *", ms(after), ZONE, CALENDAR) == ms(moved)


def test_only_schedules_with_a_calendar_keep_it():
    last = {"daily": ms("2026-09-30T07:00"), "working": ms("2026-09-30T07:00")}
    plans = [("daily", "30 6 * * *"), ("working", "30 6 * * *")]
    assert due(plans, last, ms("2026-10-02T12:00"), ZONE, {"working": CALENDAR}) == ["daily"]


def test_a_year_of_days_off_ends_the_search():
    endless = Calendar(frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(400)))
    assert next_run("0 0 * * *", ms("2026-02-01T07:00"), ZONE, endless) == ms("2026-02-02T00:00")


@pytest.mark.parametrize(
    ("on", "systems", "exposures", "drills", "found"),
    [
        (("new_system",), {"a", "b"}, [], [], "new_system"),
        (("new_system",), {"a"}, [9], [9], ""),
        (("critical_exposure", "drill_finished"), {"a", "b"}, [], [6], "drill_finished"),
        (("critical_exposure",), {"a"}, [5], [], ""),
        (("critical_exposure",), {"a"}, [6], [], "critical_exposure"),
        ((), {"a", "b"}, [9], [9], ""),
    ],
)
def test_events_since_the_last_look_start_a_run(on, systems, exposures, drills, found):
    assert happened(on, Marks(frozenset({"a"}), 5), frozenset(systems), exposures, drills) == found
