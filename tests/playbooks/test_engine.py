"""The engine: every interleaving ends, nothing is done twice, nothing in a file can run."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from house.structure import ROOT
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from playbooks.engine import machine
from playbooks.engine.program import Program, parse_program
from playbooks.load import library
from yunshao.errors import BadContent, WrongUse

T0 = 1_790_000_000_000
MINUTE = 60_000
SAID = "title: {zh: 一, en: one}"
FILE = f"""
id: small
kind: response
{SAID}
summary: {{zh: 一, en: one}}
needs: [alert]
steps:
  - id: first
    {SAID}
    act: note
    with: {{text: "{{input.alert}}"}}
    compensate: {{act: note}}
    retry: {{times: 1, wait: 1m}}
  - {{id: sure, {SAID}, ask: on_call, answers: ["yes", "no"], within: 10m}}
  - id: way
    {SAID}
    branch:
      - when: steps.sure.answer == yes
        steps:
          - id: side
            {SAID}
            parallel:
              - [{{id: rest, {SAID}, wait: 5m}}]
              - - id: out
                  {SAID}
                  act: notify.channel
                  with: {{channel: x}}
                  approval: {{post: unit_chief, within: 20m}}
                  on_fail: continue
    otherwise: [{{id: none, {SAID}, act: note}}]
  - id: loop
    {SAID}
    times: 3
    every: 1m
    until: steps.enough.answer == yes
    repeat: [{{id: enough, {SAID}, ask: on_call, within: 2m, on_fail: continue}}]
  - {{id: last, {SAID}, act: note, when: input.alert != none}}
"""


def program(text: str = FILE) -> Program:
    return parse_program(yaml.safe_load(text), "small.yml")


def begun() -> machine.Run:
    return machine.start(program(), "run-1", {"alert": "a1"}, "somebody", T0)


def carried(run: machine.Run, now: int, done: list[str] | None = None) -> machine.Run:
    """Turns until nothing is left to act on; acts succeed."""
    for _ in range(50):
        run, commands = machine.turn(run, now)
        acts = [one for one in commands if one["do"] == "act"]
        for one in commands:
            if one["do"] == "act":
                run = machine.acted(run, one["path"], True, now)
            else:
                run = machine.put(run, one["path"], now)
        if done is not None:
            done += [one["key"] for one in acts]
        if not acts:
            return run
    raise AssertionError("it never rests")


def states(run: machine.Run) -> dict[str, str]:
    return {node["step"]: node["state"] for node in run["nodes"].values()}


def test_a_run_goes_its_way_with_the_clock_and_the_answers():
    done: list[str] = []
    run = carried(begun(), T0, done)
    run = machine.answered(run, "/sure", "yes", "duty", T0 + MINUTE)
    run = carried(run, T0 + MINUTE, done)
    run = machine.answered(run, "/way/0/side/1/out", "yes", "chief", T0 + 2 * MINUTE)
    run = carried(run, T0 + 2 * MINUTE, done)
    assert run["wakes"] == T0 + 6 * MINUTE, "the wait beside it"
    run = carried(run, T0 + 6 * MINUTE, done)
    run = machine.answered(run, "/loop/0/enough", "yes", "duty", T0 + 7 * MINUTE)
    run = carried(run, T0 + 7 * MINUTE, done)
    assert run["state"] == "done"
    assert done == [f"run-1:{path}" for path in ("/first", "/way/0/side/1/out", "/last")]


def test_an_outward_act_waits_for_its_approval_and_without_it_is_not_done():
    done: list[str] = []
    run = machine.answered(carried(begun(), T0, done), "/sure", "yes", "duty", T0)
    run = machine.answered(carried(run, T0, done), "/way/0/side/1/out", "no", "chief", T0)
    run = carried(run, T0 + 5 * MINUTE, done)
    assert states(run)["out"] == "failed"
    assert not [key for key in done if "out" in key]


def test_nobody_answering_fails_the_run_and_undoes_what_was_done():
    done: list[str] = []
    run = carried(carried(begun(), T0, done), T0 + 11 * MINUTE, done)
    assert (run["state"], done) == ("failed", ["run-1:/first", "run-1:/first!"])


def test_a_failed_act_is_tried_again_after_its_wait_and_no_more_often():
    run, now, tries = begun(), T0, 0
    while run["state"] not in machine.OVER:
        run, commands = machine.turn(run, now)
        for one in commands:
            tries += not one["path"].endswith("!")
            run = machine.acted(run, one["path"], False, now, "no")
        now = max(now, run["wakes"] or now)
    assert (tries, run["state"], now) == (2, "failed", T0 + MINUTE)


def test_two_answers_the_first_counts_and_a_late_one_is_noted():
    run = machine.answered(carried(begun(), T0), "/sure", "no", "one", T0)
    run = machine.answered(run, "/sure", "yes", "two", T0 + 1)
    run = carried(run, T0 + 2)
    assert "none" in states(run)
    assert [one["kind"] for one in run["timeline"] if one["by"] in {"one", "two"}] == ["answered", "answered_late"]
    over = carried(carried(machine.abort(run, "x", T0 + 3), T0 + 3), T0 + 4)
    assert over["state"] == "aborted"
    assert machine.answered(over, "/sure", "yes", "three", T0 + 5)["state"] == "aborted"
    with pytest.raises(WrongUse):
        machine.answered(run, "/nowhere", "yes", "x", T0)
    with pytest.raises(WrongUse):
        machine.answered(begun() | {"nodes": run["nodes"]}, "/sure", "perhaps", "x", T0)


def test_a_pause_moves_every_clock():
    run = machine.pause(carried(begun(), T0), "x", T0 + MINUTE)
    assert machine.turn(run, T0 + 60 * MINUTE)[1] == []
    run = carried(machine.resume(run, "x", T0 + 61 * MINUTE), T0 + 61 * MINUTE)
    assert run["state"] == "running"
    assert carried(run, T0 + 69 * MINUTE)["state"] == "running"
    assert carried(run, T0 + 70 * MINUTE)["state"] == "failed"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("act: note", "act: shell.run"),
        ("{input.alert}", "{input.alert.__class__}"),
        ("{input.alert}", "{{ 7*7 }}"),
        ("{input.alert}", "{steps.nobody.answer}"),
        ("steps.sure.answer == yes", "__import__('os').system('x')"),
        ("steps.sure.answer == yes", "steps.other.answer == yes"),
        ("approval: {post: unit_chief, within: 20m}", ""),
        ("id: rest", "id: first"),
        ("times: 3", "times: 1000000"),
        ("wait: 5m", "wait: for ever"),
        (
            "repeat: [{id: enough",
            f"repeat: [{{id: inner, {SAID}, times: 2, repeat: [{{id: deep, {SAID}, wait: 1s}}]}}, {{id: enough",
        ),
    ],
)
def test_what_would_run_code_or_never_end_is_refused(old: str, new: str):
    assert old in FILE
    with pytest.raises(BadContent, match=r"small\.yml"):
        program(FILE.replace(old, new, 1))


@pytest.mark.parametrize("playbook", [one for one in library().values() if one.program], ids=lambda one: one.id)
def test_a_shipped_response_can_be_rehearsed(playbook: Any):
    run = machine.rehearsed(playbook.program, dict.fromkeys(playbook.program.needs, "x"), T0)
    assert run["state"] == "done"
    with pytest.raises(WrongUse):
        machine.start(playbook.program, "r", {}, "x", T0)


def test_the_published_schema_is_the_one_that_judges():
    kept = (ROOT / "docs" / "playbook.schema.json").read_text(encoding="utf-8")
    assert json.loads(kept) == Program.model_json_schema(by_alias=True)


class AnyRun(RuleBasedStateMachine):
    """Time, people and failing acts in any order, with a crash before any event is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.run, self.now, self.done = begun(), T0, []

    @rule(seconds=st.integers(0, 900), fails=st.booleans(), dies=st.booleans())
    def time_passes(self, seconds: int, fails: bool, dies: bool) -> None:
        self.now += seconds * 1000
        self.run, commands = machine.turn(self.run, self.now)
        for one in commands:
            if dies:
                # Gone before anything was carried out: the same commands must come again.
                assert one["key"] in [again["key"] for again in machine.turn(self.run, self.now)[1]]
            elif one["do"] == "act":
                self.run = machine.acted(self.run, one["path"], not fails, self.now)
                self.done += [] if fails else [one["key"]]
            else:
                self.run = machine.put(self.run, one["path"], self.now)

    @rule(
        path=st.sampled_from(["/sure", "/way/0/side/1/out", "/loop/0/enough", "/loop/1/enough"]),
        word=st.sampled_from(["yes", "no"]),
    )
    def somebody_answers(self, path: str, word: str) -> None:
        before = self.run
        try:
            self.run = machine.answered(self.run, path, word, "x", self.now)
        except WrongUse:
            assert self.run == before

    @rule(verb=st.sampled_from([machine.pause, machine.resume, machine.resume, machine.abort]), sure=st.integers(0, 5))
    def somebody_steers(self, verb: Any, sure: int) -> None:
        if verb is machine.abort and sure < 5:
            return
        try:
            self.run = verb(self.run, "x", self.now)
        except WrongUse:
            assert self.run["state"] != "running" or verb is machine.resume

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert len(self.done) == len(set(self.done))

    @invariant()
    def it_is_a_document_and_the_end_is_the_end(self) -> None:
        assert json.loads(json.dumps(self.run)) == self.run
        if self.run["state"] in machine.OVER:
            assert machine.turn(self.run, self.now + 1)[1] == []

    def teardown(self) -> None:
        """Time alone ends it, and what was done and can be undone was undone unless it went well."""
        if self.run["state"] == "paused":
            self.run = machine.resume(self.run, "x", self.now)
        for _ in range(60):
            self.time_passes(400, False, False)
        assert self.run["state"] in machine.OVER
        if self.run["state"] != "done" and "run-1:/first" in self.done:
            assert self.run["nodes"]["/first"]["undone"] in {"yes", "failed"}


TestAnyRun = AnyRun.TestCase
TestAnyRun.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
