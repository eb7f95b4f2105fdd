"""The drill's state machine: every interleaving ends, nothing is sent twice, times are those of the pipeline."""

from __future__ import annotations

import pytest
from drilling import T0, begun, fact, played
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from playbooks.drill import run
from playbooks.drill.metrics import drill_figures, duration_figures
from yunshao.errors import WrongUse
from yunshao.model.drill import Acknowledge, AlertFact, CloseAlerts, Send

MINUTE = 60_000


def test_the_vector_of_the_metrics_comes_out():
    found = duration_figures([(0, 120_000), (0, 300_000), (0, None)])
    assert (found["mean"], found["n"], found["unfinished"]) == (210, 2, 1)
    assert duration_figures([(120_000, 180_000), (300_000, 420_000)])["mean"] == 90
    expected = [
        {"type": "alert", "injected": 0, "detected": at, "acknowledged": None} for at in (120_000, 300_000, None)
    ]
    assert drill_figures(expected)["detection_rate"] == pytest.approx(0.6667)


def test_a_negative_difference_is_an_error_of_data_and_in_no_mean():
    found = duration_figures([(10_000, 4_000), (0, 2_000)])
    assert (found["mean"], found["errors"]) == (2, 1)


def test_a_planted_delay_is_measured():
    document = played(begun(), T0)
    document = played(document, T0 + 47_000, fact(detected=T0 + 47_000))
    (expected, _) = document["expectations"]
    assert expected["state"] == "met"
    assert expected["detected"] - expected["injected"] == 47_000


def test_what_comes_after_its_time_is_late_and_what_never_comes_is_missed():
    late = played(played(begun(), T0), T0 + 200_000, fact(detected=T0 + 190_000))
    assert late["expectations"][0]["state"] == "late"
    silent = begun()
    for minute in range(60):
        silent = played(silent, T0 + minute * MINUTE)
    assert silent["phase"] == "over"
    assert [one["state"] for one in silent["expectations"]] == ["missed", "missed"]
    assert silent["metrics"]["detection_rate"] == 0
    assert silent["problems"]
    assert silent["improvements"]


def test_who_dies_with_the_records_at_the_door_is_followed_by_another_after_the_lease():
    document, actions = run.advance(begun(), T0, [])
    assert actions == [Send(0)]
    assert run.advance(document, T0 + run.LEASE_MS - 1, [])[1] == []
    # They were through the door all the same: what they raised counts from then.
    early = fact(detected=T0 + 4_000)
    document, actions = run.advance(document, T0 + run.LEASE_MS, [early])
    assert actions == [Send(0)]
    document = run.sent(document, 0, T0 + run.LEASE_MS + 5)
    assert {line["kind"] for line in document["timeline"]} == {"started", "sent_again", "detected"}
    (expected, _) = document["expectations"]
    assert (expected["injected"], expected["detected"]) == (T0, T0 + 4_000)


def test_an_alert_that_rests_on_other_records_meets_nothing_sooner_than_it_was_sent():
    document = played(begun(), T0, fact(uid="somebody else's", detected=T0 + 1000))
    assert document["expectations"][0]["injected"] == T0


def test_a_pause_moves_what_was_planned():
    document = run.pause(played(begun(), T0), "x", T0 + 10_000)
    assert run.advance(document, T0 + 500_000, [])[1] == []
    document = run.resume(document, "x", T0 + 310_000)
    assert [step["planned"] - T0 for step in document["steps"]] == [0, 360_000, 420_000]


def test_an_unattended_run_leaves_the_peoples_part_unrated():
    document = played(begun(speed=60, unattended=True), T0)
    document = played(document, T0 + 5_000, fact(detected=T0 + 300, acknowledged=T0 + 900))
    assert document["phase"] == "over"
    people = [one for one in document["evaluation"] if one["score"] is None]
    assert people
    assert document["rating"]["n"] + len(people) == 9


@pytest.mark.parametrize("speed", [0, -1, 1001, float("nan"), float("inf")])
def test_a_speed_that_cannot_be_is_refused(speed):
    with pytest.raises(WrongUse):
        begun(speed=speed)


def test_nothing_can_be_done_with_a_drill_that_is_over():
    document = run.abort(begun(), "x", T0)
    document = played(document, T0 + 1)
    assert document["phase"] == "over"
    for verb in (run.pause, run.resume, run.abort):
        with pytest.raises(WrongUse):
            verb(document, "x", T0 + 2)
    with pytest.raises(WrongUse):
        run.answer(document, 1, "x", T0 + 2)


class AnyDrill(RuleBasedStateMachine):
    """People, time and the pipeline in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.document = begun()
        self.now = T0
        self.alerts: dict[str, AlertFact] = {}
        self.sent: list[int] = []

    @rule(seconds=st.integers(0, 400), dies=st.booleans())
    def time_passes(self, seconds: int, dies: bool) -> None:
        self.now += seconds * 1000
        self.document, actions = run.advance(self.document, self.now, list(self.alerts.values()))
        # Who is gone before anything was carried out is told again, or another is.
        for action in () if dies else actions:
            if isinstance(action, Send):
                before = self.document["steps"][action.index]["state"]
                self.document = run.sent(self.document, action.index, self.now)
                if before == "waiting":
                    self.sent.append(action.index)
            elif isinstance(action, CloseAlerts):
                for key in action.alerts:
                    one = self.alerts[key]
                    self.alerts[key] = fact(next(iter(one.uids)), one.detected, one.acknowledged, True)
            assert not isinstance(action, Acknowledge), "this drill has people"

    @rule(uid=st.sampled_from(["a", "b", "c"]))
    def an_alert_comes(self, uid: str) -> None:
        if self.document["phase"] != "over":
            self.alerts.setdefault(f"alert-{uid}", fact(uid, detected=self.now))

    @rule(uid=st.sampled_from(["a", "b", "c"]))
    def somebody_takes_it(self, uid: str) -> None:
        one = self.alerts.get(f"alert-{uid}")
        if one and one.acknowledged is None and not one.closed:
            self.alerts[one.id] = fact(uid, one.detected, self.now)

    @rule(verb=st.sampled_from([run.pause, run.resume]))
    def somebody_steers(self, verb) -> None:
        self._try(verb, "x", self.now)

    @rule(index=st.integers(-1, 4))
    def somebody_answers(self, index: int) -> None:
        self._try(run.answer, index, "x", self.now)

    @rule(sure=st.integers(0, 9))
    def somebody_aborts(self, sure: int) -> None:
        if sure == 9:
            self._try(run.abort, "x", self.now)

    def _try(self, verb, *words) -> None:
        before = self.document
        try:
            self.document = verb(self.document, *words)
        except WrongUse:
            assert self.document == before

    @invariant()
    def the_states_are_of_the_model(self) -> None:
        assert self.document["state"] in {"running", "paused", "done", "aborted"}
        assert self.document["phase"] in {"run", "revert", "over"}
        assert len(self.sent) == len(set(self.sent)), "sent twice"

    @invariant()
    def times_never_go_back(self) -> None:
        for step in self.document["steps"]:
            assert step["done"] is None or T0 <= step["done"] <= self.now
        if self.document["ended"]:
            assert self.document["ended"] <= self.now

    def teardown(self) -> None:
        """However it went, time alone ends it, and leaves no alert open."""
        if self.document["state"] == "paused":
            self.document = run.resume(self.document, "x", self.now)
        for _ in range(40):
            self.time_passes(300, False)
        assert self.document["phase"] == "over"
        assert all(one.closed for one in self.alerts.values())


TestAnyDrill = AnyDrill.TestCase
TestAnyDrill.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
