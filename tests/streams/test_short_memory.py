"""What is remembered while files are read: bounded, and judged before it is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from contract.streaming import MINUTE, T0

from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_texts
from streams import short_memory
from streams.enrich import by_claim
from streams.judgement import Judgement
from streams.pipeline import Rooms
from streams.remembered import Newest
from streams.short_memory import LetGo, ShortMemory
from streams.times import Times
from yunshao.model.event import Event

ROOT = Path(__file__).resolve().parents[2]

RULES = """title: One
id: 00000000-0000-4000-8000-000000000001
name: one
logsource: {product: aws, service: cloudtrail}
detection: {s: {op: x}, condition: s}
---
title: Two of them
id: 00000000-0000-4000-8000-000000000002
correlation: {type: event_count, rules: [one], group-by: [user], timespan: 5m, condition: {gte: 2}}
"""
LATENESS = 60 * MINUTE


def rooms() -> Rooms:
    loaded = load_texts([("r.yml", RULES.encode())], {})
    return Rooms({}, [SigmaDetector(loaded, LATENESS)], by_claim, None, LATENESS)


def told(users: list[str], limit: int, events: int = 0) -> tuple[list[tuple[str, ...]], LetGo]:
    """Which events were concluded about, when so many groups or events fit."""
    used, let_go, found = rooms(), LetGo(), []
    memories = ShortMemory(let_go, limit, events)
    times = Times()
    judgement = Judgement(used, memories.recall, times)
    for number, user in enumerate(users):
        event = Event("aws.cloudtrail", f"e{number}", T0 + number, {"op": "x", "user": user}, lambda _n, _i: {})
        times.note(event.source, event.time)
        found += judgement.see(used.detectors[0].observe(event))
        found += memories.flush(judgement)
    found += judgement.settle()
    return [tuple(ref.uid for ref in one.events) for one in found], let_go


def test_with_room_enough_nothing_goes():
    assert told(["a", "b", "a", "b"], 10) == ([("e0", "e2"), ("e1", "e3")], LetGo())


def test_what_there_is_no_room_for_is_judged_as_it_stands_and_counted():
    found, let_go = told(["a", "a", "b", "c", "a", "d"], 2)
    assert found == [("e0", "e1")]
    assert let_go == LetGo(memories=3)


def test_the_events_of_all_groups_together_are_bounded():
    found, let_go = told(["a", "a", "b", "b", "c", "c"], 10, 6)
    assert sorted(found) == [("e0", "e1"), ("e2", "e3"), ("e4", "e5")]
    assert let_go == LetGo(memories=1)


def test_a_forgotten_memory_leaves_no_wish_behind():
    used = rooms()
    memories = ShortMemory(LetGo(), 5)
    judgement = Judgement(used, memories.recall, Times())
    for number in range(2000):
        event = Event("aws.cloudtrail", f"e{number}", T0, {"op": "x", "user": f"u{number}"}, lambda _n, _i: {})
        judgement.see(used.detectors[0].observe(event))
        memories.flush(judgement)
    assert len(judgement._due) <= 5
    assert sum(map(len, judgement._heaps.values())) < 2000


def test_weights_are_given_back_when_a_key_goes():
    held: Newest[str, Any] = Newest(10, 5)
    assert held.put("a", 1, 3) == []
    assert held.put("a", 1, 2) == []
    assert held.put("b", 1, 3) == []
    assert held.put("c", 1, 1) == [("a", 1)]
    held.drop("b")
    assert held.put("d", 1, 4) == []


@pytest.mark.parametrize("name", ["MAX_MEMORIES", "MAX_EVENTS"])
def test_the_bounds_are_what_the_documents_say(name):
    assert f"{getattr(short_memory, name):,}" in (ROOT / "docs" / "write-a-rule.md").read_text(encoding="utf-8")
