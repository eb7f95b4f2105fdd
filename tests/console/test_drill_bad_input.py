"""What is wrong in a scenario or comes at the wrong time: one clear line, and whatever runs goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import cli
from small_city import HandClock, SmallCity, form, small_city
from test_drill_kills import NINE, PLAYBOOK

from console.roles.reporting import build_report, file_of
from yunshao.errors import WrongUse

CODE = "{{7*7}} {0.__class__} ${7*7} #eval(1) <script>alert(1)</script>"
TITLED = PLAYBOOK.replace("title: {zh: 一, en: one}", f"title: {{zh: '{CODE}', en: '{CODE}'}}")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "small_drill.yml").write_text(TITLED, encoding="utf-8")
    return small_city(folder, HandClock(NINE))


@pytest.fixture
def restored(town: SmallCity) -> object:
    yield
    (town.place.folder / "playbooks" / "small_drill.yml").write_text(TITLED, encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "alert: flow_log_deleted",
            "alert: no_such_rule",
            "expect[1] names the rule 'no_such_rule', which is not in use",
        ),
        ("part: others", "part: elsewhere", "run[1] of drill small_drill sends nothing"),
        ("story: audit_switched_off", "story: never_told", "no story 'never_told'"),
        ("acknowledged_by: on_call", "acknowledged_by: nobody", "expect[2].acknowledged_by: 'nobody' is none of"),
        ("ask: on_call", "ask: the_cat", "run[3].ask: 'the_cat' is none of"),
        ("at: 50s", "at: 10s", "run: the moments must not go back"),
    ],
)
@pytest.mark.usefixtures("restored")
def test_a_scenario_that_cannot_be_held_is_refused_in_one_line_before_anything_is_sent(
    town: SmallCity, old: str, new: str, said: str
) -> None:
    waiting, known = town.place.spool.waiting(), len(town.place.store.find("drill", 500))
    assert old in PLAYBOOK
    (town.place.folder / "playbooks" / "small_drill.yml").write_text(PLAYBOOK.replace(old, new, 1), encoding="utf-8")
    done = cli("drill", "run", "small_drill", "-w", town.place.folder, "--unattended")
    assert done.code == 2
    (line,) = [one for one in done.err.splitlines() if one.strip()]
    assert said in line
    assert town.place.spool.waiting() == waiting
    assert len(town.place.store.find("drill", 500)) == known


def test_two_who_answer_at_once_and_one_who_answers_after_the_end(town: SmallCity) -> None:
    drills, clock = town.up.drills, town.place.clock
    assert isinstance(clock, HandClock)
    drill = drills.start("small_drill", "operator")
    clock.goes(55)
    drills.advance(drill)
    drills.answer(drill, 3, "first")
    with pytest.raises(WrongUse, match="no open task"):
        drills.answer(drill, 3, "second")
    # The page says the same, and does not fall over.
    assert form(town.visitor("operator"), f"/drills/{drill}/answer", index="3") == 400
    document = town.place.store.get("drill", drill)
    assert (document["steps"][3]["by"], document["state"]) == ("first", "running")
    drills.abort(drill, "operator")
    drills.advance(drill)
    drills.advance(drill)
    with pytest.raises(WrongUse, match="is over"):
        drills.answer(drill, 3, "third")
    assert town.place.store.get("drill", drill)["phase"] == "over"


def test_words_that_try_to_run_are_words_on_pages_in_lines_and_in_reports(town: SmallCity) -> None:
    clock = town.place.clock
    assert isinstance(clock, HandClock)
    drill = town.up.drills.start("small_drill", "operator", 100, unattended=True)
    for _ in range(100):
        document = town.up.drills.advance(drill)
        if document["phase"] == "over":
            break
        town.up.pipeline.drain()
        clock.goes(1)
    assert document["state"] == "done"
    assert any(CODE in line["text"]["en"] for line in document["timeline"])
    page = town.visitor("operator").get(f"/drills/{drill}").text
    assert "{{7*7}} {0.__class__} ${7*7} #eval(1)" in page
    assert "<script>alert(1)" not in page
    build_report(town.place, drill, "x", ("html", "pdf"), ("en",))
    report = file_of(town.place, drill, "drill.en.html").decode()
    assert "<script>alert(1)" not in report
    assert "{{7*7}} {0.__class__}" in report
    assert file_of(town.place, drill, "drill.en.pdf").startswith(b"%PDF")


def test_a_playbook_that_goes_round_for_ever_is_refused(tmp_path: Path) -> None:
    text = """
id: round_and_round
kind: response
title: {zh: 一, en: one}
summary: {zh: 一, en: one}
steps:
  - {id: a, title: {zh: 一, en: one}, times: 101, repeat: [{id: b, title: {zh: 一, en: one}, wait: 1s}]}
"""
    file = tmp_path / "round_and_round.yml"
    file.write_text(text, encoding="utf-8")
    done = cli("playbook", "check", file)
    assert done.code == 2
    # Said of the kind of step that stands there, not of the others that it might have been.
    assert "steps.0.times: " in done.err
    file.write_text(text.replace("times: 101, repeat", "again"), encoding="utf-8")
    assert "steps.0: one of act, ask, wait, branch, parallel, repeat is wanted" in cli("playbook", "check", file).err
