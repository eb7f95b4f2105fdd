"""What is due: in the time zone, once, however long nobody ran."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.schedule import due, next_run
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
