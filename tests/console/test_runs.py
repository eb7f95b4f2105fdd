"""Runs of playbooks through the real store: killed at every boundary, each act is done once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_city import SmallCity, small_city

from console.roles.notices import Notices
from console.roles.runs import KIND, Runs
from console.wiring import Workspace
from yunshao.errors import NotFound, WrongUse
from yunshao.model.alert import AlertQuery

SAID = "title: {zh: 一, en: one}"
PLAYBOOK = f"""
id: small_response
kind: response
{SAID}
summary: {{zh: 一, en: one}}
needs: [alert]
steps:
  - {{id: take, {SAID}, act: alert.assign, with: {{alert: "{{input.alert}}", to: duty}}}}
  - {{id: say, {SAID}, act: notify.post, with: {{post: unit_chief, text: "first"}}}}
  - id: side
    {SAID}
    parallel:
      - [{{id: a, {SAID}, act: notify.post, with: {{post: unit_chief, text: "second"}}}}]
      - [{{id: b, {SAID}, wait: 0s}}, {{id: c, {SAID}, act: note}}]
  - {{id: sure, {SAID}, ask: on_call, answers: ["yes", "no"]}}
  - {{id: out, {SAID}, act: notify.channel, with: {{channel: hook, text: "third"}}, approval: {{post: on_call}}}}
"""
ONCALL = """
channels: {hook: {kind: webhook, url: "http://127.0.0.1:1"}}
people: {duty: {reach: [{channel: hook}]}}
posts: {on_call: "person:duty", unit_chief: "person:duty"}
"""
# Goes on with a run until it is over, and dies for good at the n-th writing to the store.
CHILD = """
import os, signal, sys
from pathlib import Path
from console.roles.notices import Notices
from console.roles.runs import KIND, Runs
from console.wiring import Workspace
from yunshao.errors import WrongUse

place, left, after = Workspace(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3] == "after"
run, store = sys.argv[4], place.store

def dying(write):
    def write_or_die(*words, **more):
        global left
        left -= 1
        if left == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        made = write(*words, **more)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return made
    return write_or_die

for name in ("change", "change_due", "change_alert", "put"):
    setattr(store, name, dying(getattr(store, name)))
runs = Runs(place, Notices(place))
for _ in range(60):
    runs.tick()
    kept = store.get(KIND, run)
    for path, node in kept["nodes"].items():
        if node.get("put") and "answer" not in node and "approved" not in node:
            runs.answer(run, node["step"], "yes", "duty")
    if kept["state"] == "done":
        sys.exit(0)
sys.exit(3)
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "small_response.yml").write_text(PLAYBOOK, encoding="utf-8")
    (folder / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
    return small_city(folder)


def child(folder: Path, left: int, when: str, run: str) -> int:
    command = [sys.executable, "-c", CHILD, str(folder), str(left), when, run]
    return subprocess.run(command, cwd=Path(__file__).resolve().parents[2]).returncode


class Died(BaseException):
    """What stands for a death: nothing catches it, and nothing of the process is used afterwards."""


def died_at(folder: Path, left: int, when: str, run: str) -> bool:
    """Go on with a run in a process of its own in all but name, which dies at its `left`-th writing (0: never).

    Gives whether it came to its end.
    """
    place = Workspace(folder)
    count = [left]

    def dying(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_or_die(*words: Any, **more: Any) -> Any:
            count[0] -= 1
            if count[0] == 0 and when == "before":
                raise Died
            made = write(*words, **more)
            if count[0] == 0:
                raise Died
            return made

        return write_or_die

    for name in ("change", "change_due", "change_alert", "put"):
        setattr(place.store, name, dying(getattr(place.store, name)))
    runs = Runs(place, Notices(place))
    try:
        for _ in range(60):
            runs.tick()
            kept = place.store.get(KIND, run)
            if kept["state"] == "done":
                return True
            for node in kept["nodes"].values():
                if node.get("put") and "answer" not in node and "approved" not in node:
                    runs.answer(run, node["step"], "yes", "duty")
    except Died:
        return False
    raise AssertionError(kept["state"])


def finished_once(folder: Path, run: str, alert: str, before: int) -> None:
    """The run is done, and each of its acts was done once."""
    place = Workspace(folder)
    kept = place.store.get(KIND, run)
    assert kept["state"] == "done"
    acted = [one["step"] for one in kept["timeline"] if one["kind"] == "acted"]
    assert sorted(acted) == ["a", "c", "out", "say", "take"]
    assert [deed.did for deed in place.store.alert(alert).deeds].count("assign") == 1
    assert told(place) == before + 3


def told(place: Workspace) -> int:
    return sum(one["title"]["en"] == "one" for one in Notices(place).deliveries(10_000))


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_boundary_each_act_is_done_once(town: SmallCity, when: str):
    alerts = town.place.store.alerts(AlertQuery(limit=200))
    boundaries = 0
    for left in range(1, 60):
        alert, before = alerts[0 if when == "before" else 1].id, told(town.place)
        town.place.store.change_alert(alert, lambda one: replace(one, deeds=(), assignee=""))
        run = Runs(town.place, Notices(town.place)).start("small_response", {"alert": alert}, "somebody")
        whole = died_at(town.place.folder, left, when, run)
        if not whole:
            boundaries += 1
            assert died_at(town.place.folder, 0, when, run)
        finished_once(town.place.folder, run, alert, before)
        if whole:
            break
    assert boundaries >= 15


@pytest.mark.slow
@pytest.mark.parametrize("left", [2, 5, 9])
def test_a_killed_process_is_no_other_death(town: SmallCity, left: int):
    alert, before = town.place.store.alerts(AlertQuery(limit=5))[3].id, told(town.place)
    town.place.store.change_alert(alert, lambda one: replace(one, deeds=(), assignee=""))
    run = Runs(town.place, Notices(town.place)).start("small_response", {"alert": alert}, "somebody")
    assert child(town.place.folder, left, "after", run) == -9
    assert child(town.place.folder, 0, "after", run) == 0
    finished_once(town.place.folder, run, alert, before)


def test_many_runs_at_once_all_come_to_their_end(town: SmallCity):
    runs = Runs(town.place, Notices(town.place))
    alert = town.place.store.alerts(AlertQuery(limit=5))[2].id
    begun = [runs.start("small_response", {"alert": alert}, "many") for _ in range(20)]
    for _ in range(10):
        runs.tick()
    for run in begun:
        runs.answer(run, "sure", "yes", "duty")
    for _ in range(3):
        runs.tick()
    for run in begun:
        runs.answer(run, "out", "yes", "duty")
    while runs.tick():
        pass
    assert {town.place.store.get(KIND, run)["state"] for run in begun} == {"done"}


def test_what_is_not_there_is_one_clear_line(town: SmallCity):
    runs = Runs(town.place, Notices(town.place))
    with pytest.raises(NotFound):
        runs.start("nothing", {}, "x")
    with pytest.raises(WrongUse, match="alert"):
        runs.start("small_response", {}, "x")
    run = runs.start("small_response", {"alert": "no such alert"}, "x")
    for _ in range(5):
        runs.tick()
    kept = town.place.store.get(KIND, run)
    assert kept["state"] == "failed"
    assert "no alert" in kept["nodes"]["/take"]["note"]
    with pytest.raises(WrongUse):
        runs.steer(run, "abort", "x")
    with pytest.raises(NotFound):
        runs.answer("run-none", "sure", "yes", "x")
