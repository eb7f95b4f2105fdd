"""The calendar through the real store: begins, announces, waits, is seen by whom it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_city import SmallCity, form

from console.cli.main import run
from console.roles.calendar import DrillCalendar
from console.roles.drills import Drills
from console.roles.notices import Notices
from console.wiring import Workspace, wall_clock
from playbooks.scenes import demo_estate
from yunshao.errors import NotFound, WrongUse, YunshaoError

HOUR, DAY = 3_600_000, 86_400_000
ONCALL = """
channels: {hook: {kind: webhook, url: "http://127.0.0.1:1"}}
people: {duty: {reach: [{channel: hook}]}}
posts: {on_call: "person:duty"}
"""


class Town:
    """A workspace whose calendar has a clock that is set by hand."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        (folder / "yunshao.yaml").write_text(f"language: zh\n{settings}", encoding="utf-8")
        (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
        (folder / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
        self.place = Workspace(folder)
        self.now = wall_clock()
        self.notices = Notices(self.place, self.clock)
        self.drills = Drills(self.place, self.place.spool, self.notices)
        self.desk = DrillCalendar(self.place, self.drills, self.notices, self.clock)

    def clock(self) -> int:
        return self.now


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def planned(town: Town, **more: object) -> str:
    """A drill every night, so that any day of the year can test it."""
    return town.desk.add("audit_switched_off", "lead", cron="0 3 * * *", off="keep", **more)  # type: ignore[arg-type]


def test_an_announced_drill_is_told_of_and_then_begun_as_the_calendars(town: Town):
    key = planned(town, notice_days=0, units=["big-data-bureau"])
    town.now = town.desk.plans()[0]["next"]
    assert town.desk.tick() == 1
    assert town.desk.tick() == 0
    (drill,) = town.place.store.find("drill", 5)
    assert (drill["plan"], drill["units"], drill["by"]) == (key, ["big-data-bureau"], "calendar")
    assert town.desk.plans()[0]["next"] > town.now


def test_whoever_has_a_post_in_it_is_told_and_the_message_says_drill(town: Town):
    planned(town, notice_days=1)
    town.now = town.desk.plans()[0]["wakes"]
    assert town.desk.tick() == 0
    told = town.notices.deliveries(10)
    assert told
    assert all(one["drill"] for one in told)
    assert town.desk.tick() == 0
    assert len(town.notices.deliveries(10)) == len(told)


def test_an_unannounced_one_tells_nobody(town: Town):
    planned(town, announced=False)
    town.now = town.desk.plans()[0]["next"]
    assert town.desk.tick() == 1
    assert town.notices.deliveries(10) == []


def test_a_second_of_the_same_unit_waits(town: Town):
    planned(town, announced=False, units=["big-data-bureau"])
    planned(town, announced=False, units=["big-data-bureau"])
    town.now = town.desk.plans()[0]["next"]
    assert town.desk.tick() == 1
    assert len(town.place.store.find("drill", 5)) == 1
    town.now += HOUR
    assert town.desk.tick() == 0
    town.drills.abort_all("lead")
    for one in town.place.store.find("drill", 5):
        town.drills.advance(one["id"])
    town.now += HOUR
    assert town.desk.tick() == 1
    assert len(town.place.store.find("drill", 5)) == 2


def test_a_removed_plan_begins_nothing(town: Town):
    key = planned(town, announced=False)
    town.now = town.desk.plans()[0]["next"]
    town.desk.remove(key, "lead")
    assert town.desk.plans() == []
    assert town.desk.tick() == 0
    with pytest.raises(NotFound):
        town.desk.remove("plan-none", "lead")


def test_in_a_blackout_a_drill_is_begun_by_hand_only_anyway(tmp_path: Path):
    period = "calendar: {blackouts: [{start: '2020-01-01', end: '2090-01-01', why: closing}]}\n"
    town = Town(tmp_path, period)
    with pytest.raises(WrongUse, match="closing"):
        town.drills.start("audit_switched_off", "lead")
    assert town.drills.start("audit_switched_off", "lead", anyway=True)


@pytest.mark.parametrize(
    "more", [{"cron": "x"}, {"every": "year"}, {"cron": "0 9 1 * *", "every": "year", "first": 1}, {"cron": "0 9 1 * *",
                                                                                                  "units": ["none"]}],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(town: Town, more: dict[str, object]):
    with pytest.raises(YunshaoError):
        town.desk.add("audit_switched_off", "lead", **more)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        town.desk.add("nothing", "lead", cron="0 9 1 * *")
    assert town.desk.plans() == []


def test_it_is_planned_and_looked_at_from_the_command_line(town: Town, capfd):
    place = ("-w", str(town.place.folder))
    add = ("drill", "calendar", "add", "leaked_cloud_key", "--every", "quarter", "--first", "2031-02-03T09:30")
    assert run([*add, "--unit", "big-data-bureau", "--unannounced", *place]) == 0
    key = capfd.readouterr().out.strip()
    assert run(["drill", "calendar", "show", "--days", "3660", *place]) == 0
    assert "leaked_cloud_key" in capfd.readouterr().out
    assert run(["drill", "calendar", "coverage", "--format", "ndjson", *place]) == 0
    assert '"kind":"technique"' in capfd.readouterr().out
    assert run(["drill", "calendar", "proved", "--never", *place]) == 0
    assert "audit_log_switched_off" in capfd.readouterr().out
    assert run(["drill", "calendar", "remove", key, *place]) == 0
    assert run(["drill", "calendar", "add", "leaked_cloud_key", *place]) == 2


def test_those_on_call_do_not_see_what_nobody_is_told_of(city: SmallCity):
    client = city.visitor("operator")
    fields = {"playbook": "insider_misuses_rights", "every": "year", "first": "2031-03-05T09:30", "off": "next"}
    assert form(client, "/calendar/add", **fields, announced="no") == 303
    mine = [one["playbook"] for one in client.get("/calendar.json").json()["plans"]]
    theirs = [one["playbook"] for one in city.visitor("oncall").get("/calendar.json").json()["plans"]]
    assert "insider_misuses_rights" in mine
    assert "insider_misuses_rights" not in theirs
    assert form(client, "/calendar/add", **{**fields, "first": "soon"}) == 400
    assert form(city.visitor("auditor"), "/calendar/add", **fields) == 403
    assert city.visitor("chief").get("/calendar").status_code == 403
    plan = next(one["id"] for one in client.get("/calendar.json").json()["plans"])
    assert form(client, f"/calendar/{plan}/remove") == 303
