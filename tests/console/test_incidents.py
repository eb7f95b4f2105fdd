"""Real incidents through the real store: opened, worked, timed, reported; nothing of a drill among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from contract.samples import alert
from small_city import SmallCity

from console.roles.incidents import Incidents
from console.roles.notices import Notices
from console.roles.reporting import build_report, file_of
from console.roles.runs import Runs
from console.wiring import Workspace, wall_clock
from playbooks.incident.rows import brief
from playbooks.scenes import demo_estate
from yunshao.errors import CheckFailed, NotFound, WrongUse
from yunshao.model.alert import AlertQuery
from yunshao.ports import Batch

HOUR = 3_600_000
ONCALL = """
channels: {hook: {kind: webhook, url: "http://127.0.0.1:1"}}
people: {duty: {reach: [{channel: hook}]}}
posts: {on_call: "person:duty"}
"""


class Town:
    """A workspace whose clock is set by hand."""

    def __init__(self, folder: Path) -> None:
        (folder / "yunshao.yaml").write_text("language: zh\n", encoding="utf-8")
        (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
        (folder / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
        self.place = Workspace(folder)
        self.now = wall_clock()
        self.notices = Notices(self.place, self.clock)
        self.desk = Incidents(self.place, self.notices, self.clock)
        first = alert()
        rows = [replace(first, id=f"alert{n}", detected=self.now - HOUR) for n in range(5)]
        self.place.store.commit(Batch(alerts=[*rows, replace(first, id="rehearsed", drill="drill-1")]))

    def clock(self) -> int:
        return self.now

    def trail(self) -> list[str]:
        return [one["did"] for one in self.place.store.trail(1000)]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_an_alert_belongs_to_one_incident(town: Town):
    first = town.desk.open(["alert0", "alert1"], "duty")
    assert town.desk.of_alert("alert1") == first
    with pytest.raises(WrongUse, match=first):
        town.desk.open(["alert1", "alert2"], "duty")
    assert town.desk.of_alert("alert2") == ""
    town.desk.add_alerts(first, ["alert2"], "duty")
    assert town.desk.of_alert("alert2") == first


def test_nothing_of_a_drill_becomes_an_incident(town: Town):
    with pytest.raises(WrongUse, match="drill"):
        town.desk.open(["rehearsed"], "duty")
    real = town.desk.open(["alert0"], "duty")
    with pytest.raises(WrongUse, match="drill"):
        town.desk.add_alerts(real, ["rehearsed"], "duty")
    assert [one["id"] for one in town.desk.find()] == [real]
    assert town.desk.of_alert("rehearsed") == ""


def test_two_are_merged_and_their_alerts_lead_to_the_one_that_stays(town: Town):
    keep, other = town.desk.open(["alert0"], "duty"), town.desk.open(["alert1"], "duty")
    town.desk.merge(keep, other, "duty")
    town.desk.merge(keep, other, "duty")
    assert town.desk.get(keep)["alerts"] == ["alert0", "alert1"]
    assert town.desk.get(other)["state"] == "merged"
    assert town.desk.of_alert("alert1") == keep


def test_evidence_is_kept_by_its_hash_and_a_changed_file_is_found(town: Town):
    key = town.desk.open(["alert0"], "duty")
    digest = town.desk.keep_file(key, "disk.img", b"bytes", "duty", "from the host")
    town.desk.keep_events(key, "duty")
    assert town.desk.check_evidence(key) == []
    assert town.desk.evidence(key, "E-01")[1] == b"bytes"
    path = next((town.place.data / "evidence").rglob(digest))
    path.write_bytes(b"other")
    assert [piece for piece, _ in town.desk.check_evidence(key)] == ["E-01"]
    with pytest.raises(CheckFailed, match="changed"):
        town.desk.evidence(key, "E-01")
    path.unlink()
    with pytest.raises(CheckFailed, match="gone"):
        town.desk.evidence(key, "E-01")
    assert town.trail().count("incident.evidence") == 2


def test_whoever_must_report_is_paged_once_at_each_mark_and_no_more_when_it_has_gone(town: Town):
    key = town.desk.open(["alert0"], "duty")
    town.desk.grade_reporting(key, {"personal_records": 1_000_000}, "duty")
    assert town.desk.tick() == 0
    town.now += 2 * HOUR
    assert town.desk.tick() == 1
    assert town.desk.tick() == 0
    assert [one["about"]["kind"] for one in town.notices.open_pages()] == ["duty"]
    town.now += HOUR
    town.desk.sent(key, "first", "duty", note="by fax")
    assert town.notices.open_pages() == []
    town.now += 9 * HOUR
    assert town.desk.tick() == 0
    assert brief(town.desk.get(key), town.now)["next_report"] is None


def test_a_playbook_works_in_the_incident_it_was_begun_for(town: Town):
    key = town.desk.open(["alert0"], "duty")
    runs = Runs(town.place, town.notices, town.clock)
    run = runs.start_for(key, "incident_first_hours", {}, "duty")
    for _ in range(5):
        runs.tick()
    runs.answer(run, "real", "reported", "duty")
    for _ in range(4):
        runs.tick()
    kept = town.desk.get(key)
    assert kept["runs"] == [run]
    assert [one["post"] for one in kept["tasks"]] == ["data_security", "operations", "on_call"]
    assert [one["kind"] for one in kept["evidence"]] == ["events"]
    assert town.place.store.get("run", run)["state"] == "done"
    with pytest.raises(NotFound):
        runs.start_for("inc-none", "incident_first_hours", {}, "duty")


def test_every_change_stands_in_the_trail(town: Town):
    key = town.desk.open(["alert0"], "duty", title="a matter")
    town.desk.classify(key, "DS.05", "duty")
    town.desk.grade(key, "important", "serious", "general", "duty")
    town.desk.set_clock(key, "duty", operator="cii", crime=True)
    task = town.desk.task(key, "look", "duty", "operations", town.now + HOUR)
    town.desk.end_task(key, task, "done", "duty")
    town.desk.comment(key, "cause: a key in a repository", "duty")
    town.desk.lead(key, "duty", "duty")
    town.desk.move(key, "false_positive", "duty", "a test of ours")
    town.desk.reopen(key, "duty", "it was none of ours")
    did = [one.removeprefix("incident.") for one in reversed(town.trail())]
    assert did == [
        "open",
        "classify",
        "grade",
        "clock",
        "task",
        "task_done",
        "comment",
        "lead",
        "false_positive",
        "reopen",
    ]


def test_what_is_not_there_is_one_clear_line(town: Town):
    with pytest.raises(NotFound, match="no incident"):
        town.desk.comment("inc-none", "x", "duty")
    with pytest.raises(NotFound):
        town.desk.open(["no such alert"], "duty")
    with pytest.raises(WrongUse, match="operator"):
        town.desk.open([], "duty", title="x", operator="nobody")


def test_the_report_tells_the_incident_in_both_languages(town: Town):
    key = town.desk.open(["alert0", "alert1"], "duty")
    town.desk.grade_reporting(key, {"loss_yuan": 20_000_000}, "duty")
    town.desk.keep_file(key, "<b>log</b>.txt", b"x", "duty")
    town.desk.comment(key, "原因：<script>密钥</script>写在代码里", "duty")
    town.desk.task(key, "look", "duty", "operations")
    build_report(town.place, key, "duty", ("html", "json"), ("zh", "en"))
    zh = file_of(town.place, key, "incident.zh.html").decode()
    en = file_of(town.place, key, "incident.en.html").decode()
    assert "网络安全事件报告" in zh
    assert "重大（Ⅱ级）" in zh
    assert "II, major" in en
    assert "<script>密钥" not in zh
    assert "密钥" in zh
    assert "<b>log" not in en


def test_what_a_city_saw_can_be_opened(city: SmallCity):
    desk = Incidents(city.place)
    # Other tests of this process may have opened incidents of the same city.
    found = [one for one in city.place.store.alerts(AlertQuery(limit=60)) if not desk.of_alert(one.id)][:3]
    key = desk.open([one.id for one in found], "duty")
    kept = desk.get(key)
    assert kept["category"] != ""
    assert kept["techniques"]
    assert desk.document(key)["unit_names"]
    desk.move(key, "false_positive", "duty", "a test")
