"""The risk register: nothing is overwritten, a repeated write is one, any past moment can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from yunshao.adapters.stores import memory_register
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.errors import WrongUse
from yunshao.model.register import Change, acceptance, treatment
from yunshao.ports import Store

DAY = 86_400_000


class Clock:
    def __init__(self) -> None:
        self.now = 100 * DAY

    def __call__(self) -> int:
        return self.now


CLOCK = Clock()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    CLOCK.now = 100 * DAY
    monkeypatch.setattr(memory_register, "now", CLOCK)
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path, CLOCK)
    yield made
    made.close()


def change(key: str, level: int | None, by: str = "assess") -> Change:
    return Change("risk", key, None if level is None else {"id": key, "level": level}, by)


def levels(store: Store, as_of: int | None = None) -> dict[str, int]:
    return {one.key: (one.body or {})["level"] for one in store.entries("risk", as_of)}


def test_what_stands_already_adds_nothing(store: Store) -> None:
    first = store.enter([change("a", 3), change("b", 2)])
    assert [one.key for one in first] == ["a", "b"]
    assert store.enter([change("a", 3)]) == []
    assert len(store.history("risk", "a")) == 1


def test_any_past_moment_can_be_looked_at(store: Store) -> None:
    store.enter([change("a", 3)])
    CLOCK.now += DAY
    store.enter([change("a", 4), change("b", 1)])
    CLOCK.now += DAY
    store.enter([change("a", None)])
    assert levels(store) == {"b": 1}
    assert levels(store, 101 * DAY) == {"a": 4, "b": 1}
    assert levels(store, 101 * DAY - 1) == {"a": 3}
    assert levels(store, 99 * DAY) == {}
    assert [one.body and one.body["level"] for one in store.history("risk", "a")] == [3, 4, None]


def test_a_clock_that_goes_back_changes_no_past(store: Store) -> None:
    store.enter([change("a", 3)])
    CLOCK.now -= 50 * DAY
    store.enter([change("a", 5)])
    assert levels(store, 60 * DAY) == {}
    assert [one.at for one in store.history("risk", "a")] == [100 * DAY, 100 * DAY]


def test_ids_are_made_of_content(store: Store, tmp_path: Path) -> None:
    ids = [one.id for one in store.enter([change("a", 3), change("a", 4), change("a", 3)])]
    assert len(set(ids)) == 3
    other = SqliteStore(tmp_path / "other", CLOCK)
    assert [one.id for one in other.enter([change("a", 3), change("a", 4), change("a", 3)])] == ids
    other.close()


def test_kinds_do_not_mix_and_hostile_text_comes_back(store: Store) -> None:
    text = "<script>\u202e'; DROP TABLE register; --"
    store.enter([Change("risk", "k'; --", {"level": 1, "name": text}, text, text)])
    found = store.entries("risk")[0]
    assert (found.body or {})["name"] == found.by == found.reason == text
    assert store.entries("asset") == []


@pytest.mark.parametrize(("kind", "key"), [("wish", "a"), ("risk", ""), ("risk", "a\nb"), ("risk", "x" * 501)])
def test_what_the_register_does_not_hold_is_refused(kind: str, key: str) -> None:
    with pytest.raises(WrongUse):
        Change(kind, key, {}, "me")


def test_an_entry_that_is_too_large_is_refused_and_nothing_of_its_batch_is_kept(store: Store) -> None:
    with pytest.raises(WrongUse):
        store.enter([change("a", 1), Change("risk", "b", {"text": "x" * (2 << 20)}, "me")])
    assert store.entries("risk") == []


RISK = {"id": "r", "current": {"level": 3}}


def test_an_acceptance_has_an_approver_a_reason_and_an_end() -> None:
    body = acceptance(RISK, "Cloud Chief", 200, "small", "me", 100).body or {}
    assert (body["approver"], body["until"], body["level"]) == ("Cloud Chief", 200, 3)
    for wrong in (("", 200, "small"), ("Chief", 200, " "), ("Chief", 100, "small")):
        with pytest.raises(WrongUse):
            acceptance(RISK, *wrong, "me", 100)


def test_a_high_risk_cannot_be_accepted() -> None:
    with pytest.raises(WrongUse):
        acceptance({"id": "r", "current": {"level": 4}}, "Chief", 200, "small", "me", 100)


def test_a_plan_has_a_known_action() -> None:
    assert (treatment("r", "reduce", "Chief", 5, "me").body or {})["action"] == "reduce"
    with pytest.raises(WrongUse):
        treatment("r", "hope", "Chief", 5, "me")
    with pytest.raises(WrongUse):
        treatment("r", "reduce", "Chief", 5, "me", expected=6)


def test_the_head_grows_with_what_is_entered_and_with_nothing_else(store: Store) -> None:
    assert store.register_head() == 0
    store.enter([change("a", 3), change("b", 2)])
    before = store.register_head()
    assert before == 2
    assert store.enter([change("a", 3)]) == []
    assert store.register_head() == before
    store.enter([change("a", None)])
    assert store.register_head() > before
