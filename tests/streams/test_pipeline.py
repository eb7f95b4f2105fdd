"""The stages one by one."""

from __future__ import annotations

from typing import Any

import pytest
from contract.streaming import T0, GuardMemories, Marked, finding, line, rooms
from hypothesis import given
from hypothesis import strategies as st

from streams.correlate import Folded, Guard
from streams.pipeline import judge, look, understand
from yunshao.model.event import NOBODY, Event, EventRef, Owner, Record, Rejected
from yunshao.model.finding import Observation


def record(raw: bytes, source: str = "fake", claim: Owner = NOBODY) -> Record:
    return Record(source, raw, 3, T0, "file.log", claim)


def test_a_record_becomes_an_event_that_belongs_to_its_intakes_claim() -> None:
    event = understand(rooms(), record(line("a"), claim=Owner("metro")))
    assert isinstance(event, Event)
    assert (event.source, event.uid, event.time, event.position, event.owner.unit) == ("fake", "a", T0, 3, "metro")
    assert event.ocsf["class_uid"] == 6003


@pytest.mark.parametrize(
    ("raw", "source", "reason", "counted_as"),
    [
        (b"{", "fake", "not_json", "fake"),
        (b'{"id": 1}', "fake", "no_identity", "fake"),
        (b"boom", "fake", "internal_error", "fake"),
        (b'{"id": "a", "t": 99999999999999999999}', "fake", "time_out_of_range", "fake"),
        (line("a"), "faked\n" * 100, "unknown_source", "unknown"),
        (line("a"), "auto", "unrecognised", "auto"),
    ],
)
def test_what_is_no_event_is_rejected_with_its_reason_and_bytes(
    raw: bytes, source: str, reason: str, counted_as: str
) -> None:
    rejected = understand(rooms(), record(raw, source))
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.source, rejected.raw) == (reason, counted_as, raw)
    assert (rejected.position, rejected.hint) == (3, "file.log")


def test_auto_is_what_the_guess_says() -> None:
    guessing = rooms(guess=lambda raw, hint: "fake" if raw.startswith(b"{") else None)
    assert understand(guessing, record(line("a"), "auto")).source == "fake"
    assert isinstance(understand(guessing, record(b"x", "auto")), Rejected)


def test_a_guess_of_no_known_source_is_unrecognised() -> None:
    rejected = understand(rooms(guess=lambda _raw, _hint: "martian"), record(line("a"), "auto"))
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "unrecognised"


def test_looking_gives_the_owned_event_and_its_observations() -> None:
    looked = look(rooms(own=lambda _event, _claim: Owner("metro")), record(line("a", mark="x")))
    assert looked.event is not None
    assert looked.event.owner == Owner("metro")
    assert [seen.key for seen in looked.observations] == ["x"]
    assert looked.observations[0].owner == Owner("metro")


def test_looking_at_a_bad_record_gives_the_rejection() -> None:
    looked = look(rooms(), record(b"{"))
    assert looked.rejected is not None
    assert (looked.event, looked.observations) == (None, ())


def test_a_memory_of_a_detector_that_is_switched_off_stays_and_wants_nothing() -> None:
    step = judge(rooms(), {"n": 1}, Observation("gone", "k", 1, None, Owner()))
    assert (step.memory, step.due, step.findings) == ({"n": 1}, None, ())


def test_the_same_finding_twice_is_one_alert() -> None:
    seen = Observation("marked", "x", T0, EventRef("fake", "a", T0), Owner())
    folded = Folded(Guard(GuardMemories()))
    folded.take([finding("r", seen), finding("r", seen), finding("s", seen)], T0, lambda events: "d")
    assert [(alert.finding.rule_id, alert.count) for alert in folded.alerts] == [("r", 1), ("s", 1)]
    assert {alert.drill for alert in folded.alerts} == {"d"}


@given(st.binary(max_size=200), st.sampled_from(["fake", "auto", "", "\ud800"]))
def test_no_bytes_raise(raw: bytes, source: str) -> None:
    looked: Any = look(rooms(Marked()), record(raw, source))
    assert (looked.event is None) != (looked.rejected is None)
