"""The schedule at work, questionnaires and approvals, and a site's own report texts, on a real workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_city import SmallCity, form, small_city

from console.roles import approvals, schedule
from console.roles.custom import check_reports, custom_reports
from console.roles.questions import answer_control, ask_units, open_questions
from console.roles.reporting import bundle_path, file_of
from console.roles.reviews import make_review
from console.roles.schedule import run_due
from console.wiring import Workspace, wall_clock
from yunshao.errors import BadConfiguration, BadContent, NotFound, WrongUse
from yunshao.model.calendar import work_days
from yunshao.settings import Settings, parse_settings

HOUR = 3_600_000


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCity]:
    """A city of its own: these tests change its register and its schedule."""
    made = small_city(Path(tmp_path_factory.mktemp("scheduled")))
    yield made
    made.up.pipeline.stop()


def place_with(town: SmallCity, monkeypatch: pytest.MonkeyPatch, text: str) -> Workspace:
    """The same workspace with another schedule, nothing run yet, and reports that are quick to build."""
    settings: Settings = parse_settings(f"timezone: Asia/Shanghai\nschedule:\n{text}", "test")
    place = Workspace(town.place.folder)
    for name, value in (("settings", settings), ("estate", town.place.estate), ("store", town.place.store)):
        object.__setattr__(place, name, value)
    for one in settings.schedule:
        place.store.put(schedule.KIND, one.key, {"playbook": one.key, "at": wall_clock() - 400 * 24 * HOUR})
    real = schedule.build_report
    monkeypatch.setattr(schedule, "build_report", lambda ws, doc, by: real(ws, doc, by, ("json",), ("en",)))
    return place


def kept(place: Workspace, key: str) -> dict[str, Any]:
    return place.store.get(schedule.KIND, key)


def test_a_missed_review_is_caught_up_once_and_sealed(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_with(town, monkeypatch, "  - {report: audit, cron: '0 8 1 * *'}\n")
    (made,) = run_due(place)
    assert bundle_path(place, made).is_file()
    assert kept(place, "audit")["phase"] == "done"
    assert run_due(place) == []


def test_a_run_that_broke_off_goes_on_with_the_document_it_had(
    town: SmallCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_with(town, monkeypatch, "  - {report: scorecard, cron: '0 8 1 1 *'}\n")
    began = wall_clock()
    document = make_review(place, "scorecard", "schedule")
    place.store.put(schedule.KIND, "scorecard", {**kept(place, "scorecard"), "phase": "running", "at": began,
                                                 "document": "", "tries": 1})  # fmt: skip
    assert run_due(place) == [document]
    assert kept(place, "scorecard")["result"] == document


def test_a_run_that_fails_ends_after_three_turns(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_with(town, monkeypatch, "  - {playbook: no_such_playbook, cron: '0 8 * * *'}\n")
    for phase in ("running", "running", "done"):
        assert run_due(place) == []
        assert kept(place, "no_such_playbook")["phase"] == phase
    assert run_due(place) == []
    assert kept(place, "no_such_playbook")["tries"] == 3


def test_one_process_runs_at_a_time(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_with(town, monkeypatch, "  - {report: audit, cron: '0 8 1 * *'}\n")
    place.store.put(schedule.KIND, schedule.LOCK, {"token": "other", "until": wall_clock() + HOUR})
    assert run_due(place) == []
    place.store.put(schedule.KIND, schedule.LOCK, {"token": "other", "until": wall_clock() - 1})
    assert len(run_due(place)) == 1


def test_a_report_waits_for_its_approval(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_with(town, monkeypatch, "  - {report: mlps, cron: '0 8 1 * *', approve: true}\n")
    (document,) = run_due(place)
    assert run_due(place) == []
    assert not bundle_path(place, document).exists()
    client = town.visitor("operator")
    assert document in client.get("/assessments").text
    with pytest.raises(WrongUse):
        approvals.approve(place, document, "me", declined=True)
    assert (
        form(client, "/assessments/decide", **{"document": document, "verdict": "approve", "reason": "read it"}) == 303
    )
    assert run_due(place) == [document]
    assert b'"approval"' in file_of(place, document, "mlps.json")
    with pytest.raises(NotFound):
        approvals.approve(place, document, "me")


def test_what_is_declined_becomes_no_report(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_with(town, monkeypatch, "  - {report: posture, cron: '0 8 1 * *', approve: true}\n")
    (document,) = run_due(place)
    approvals.approve(place, document, "me", declined=True, reason="figures of last month")
    assert run_due(place) == []
    assert "declined" in kept(place, "posture")["result"]
    assert not bundle_path(place, document).exists()


def test_an_event_starts_a_run_once_in_its_pause(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_with(town, monkeypatch, "  - {report: data_security, after: [new_system]}\n")
    place.store.put(schedule.KIND, "data_security", {**kept(place, "data_security"), "systems": []})
    assert len(run_due(place)) == 1
    assert kept(place, "data_security")["why"] == "new_system"
    place.store.put(schedule.KIND, "data_security", {**kept(place, "data_security"), "systems": []})
    assert run_due(place) == []


def test_a_chief_answers_for_the_own_units_and_the_answer_counts(town: SmallCity) -> None:
    place = town.place
    round_id = ask_units(place, 3, "me")
    assert ask_units(place, 3, "me", 5) != round_id
    chief = town.visitor("chief")
    mine = chief.get("/questions.json").json()["questionnaires"]
    assert mine
    units = {town.unit}
    assert {one["unit"] for one in mine} <= set(units)
    point = mine[0]["open"][0]["id"]
    assert form(chief, "/questions/answer", **{f"state:{point}": "partly"}) == 400
    said = {f"state:{point}": "partly", f"reason:{point}": "half of it"}
    assert form(chief, "/questions/answer", **said) == 303
    again = chief.get("/questions.json").json()["questionnaires"]
    assert point not in {row["id"] for one in again for row in one["open"]}
    others = next(one for one in open_questions(place) if one["unit"] not in units)["open"][0]["id"]
    assert form(chief, "/questions/answer", **{f"state:{others}": "met"}) == 404
    items = place.store.get("mlps", make_review(place, "mlps", "me"))["items"]
    items += place.store.get("data_security", make_review(place, "data_security", "me"))["items"]
    assert next(row for row in items if row["id"] == point)["state"] == "partly"


def test_the_sample_changes_until_all_are_asked(town: SmallCity) -> None:
    place = town.place
    first = {row["id"] for one in open_questions(place) for row in one["open"]}
    ask_units(place, 3, "me", wall_clock() + 1)
    newest = place.store.find("questionnaire", limit=1)[0]["round"]
    asked = {row["id"] for one in place.store.find("questionnaire", limit=500) if one["round"] == newest
             for row in one["questions"]}  # fmt: skip
    assert asked
    assert not asked & first


@pytest.mark.parametrize("key", ["mlps.no.such@files", "mlps.physical.fire-protection@nowhere", "x", ""])
def test_an_answer_to_nothing_is_refused(town: SmallCity, key: str) -> None:
    with pytest.raises(NotFound):
        answer_control(town.place, key, "met", "me")


def test_auditors_read_questionnaires_and_change_nothing(town: SmallCity) -> None:
    auditor = town.visitor("auditor")
    assert auditor.get("/questions").status_code == 200
    assert form(auditor, "/questions/answer", **{"state:x": "met"}) == 403
    assert form(auditor, "/questions/ask", **{"each": "3"}) == 403


def test_the_gallery_makes_a_review(town: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.roles.reporting.FORMATS", ("json",))
    client = town.visitor("operator")
    assert "posture" in client.get("/reports").text
    assert form(client, "/reports/review", **{"kind": "poem"}) == 400
    assert form(client, "/reports/review", **{"kind": "audit", "period": "2026-13"}) == 400


def test_a_sites_own_text_and_logo_are_used_and_a_broken_one_is_named(town: SmallCity) -> None:
    folder = town.place.folder / "reports"
    (folder / "audit").mkdir(parents=True)
    (folder / "text.en.yml").write_text("shared:\n  mark: For the council\n", encoding="utf-8")
    (folder / "audit" / "text.en.yml").write_text("title: Who did what\n", encoding="utf-8")
    assert check_reports(town.place) == []
    assert custom_reports(town.place).texts("audit", "en") == {
        "shared.mark": "For the council",
        "title": "Who did what",
    }
    (folder / "audit" / "text.en.yml").write_text("titel: x\nsummary: {lead: '{secret} {total}'}\n", encoding="utf-8")
    found = {(one.file, one.text.split(":")[0]) for one in check_reports(town.place)}
    assert found == {("audit/text.en.yml", "no text has the key 'titel'"), ("audit/text.en.yml", "summary.lead")}
    with pytest.raises(BadContent):
        custom_reports(town.place)
    (folder / "audit" / "text.en.yml").unlink()


@pytest.mark.parametrize(
    "text",
    [
        "schedule: [{cron: '0 8 * * *'}]",
        "schedule: [{report: audit}]",
        "schedule: [{report: audit, playbook: x, cron: '0 8 * * *'}]",
        "schedule: [{report: audit, after: [rain]}]",
        "schedule: [{ask: 5, cron: '0 8 * * *', approve: true}]",
        "schedule: [{report: audit, cron: '0 8 * * *'}, {report: audit, cron: '0 9 * * *'}]",
        "review: {weights: {charm: 3}}",
        "review: {targets: {migration: -1}}",
    ],
)
def test_a_schedule_that_cannot_be_is_refused_at_start(text: str) -> None:
    with pytest.raises(BadConfiguration):
        parse_settings(text, "yunshao.yaml")


def test_days_off_are_read_with_and_without_quotes() -> None:
    found = parse_settings("calendar: {holidays: [2026-10-01, '2026-10-02..2026-10-07'], worked: [2026-10-10]}", "x")
    days = work_days(found.calendar.holidays, found.calendar.worked)
    assert (len(days.holidays), len(days.worked)) == (7, 1)
