"""Documents that wake: found when due, earliest first, and changed in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from yunshao.adapters.stores.memory import MemoryStore
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.errors import WrongUse
from yunshao.ports import Forgetting, Store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path)
    fill(made)
    yield made
    made.close()


def fill(store: Store) -> None:
    for key, wakes in (("late", 30), ("early", 10), ("never", None), ("word", "10"), ("far", 99)):
        store.put("thing", key, {"id": key, "wakes": wakes})
    store.put("other", "early", {"id": "other", "wakes": 1})


def test_what_is_due_comes_earliest_first_and_the_rest_sleeps(store: Store) -> None:
    assert [one["id"] for one in store.waking("thing", 30)] == ["early", "late"]
    assert [one["id"] for one in store.waking("thing", 30, limit=1)] == ["early"]
    assert store.waking("thing", 9) == []


def test_what_is_changed_sleeps_as_its_change_says(store: Store) -> None:
    found = store.change_due("thing", 30, lambda one: {**one, "wakes": None if one["id"] == "early" else 50})
    assert [(one["id"], one["wakes"]) for one in found] == [("early", None), ("late", 50)]
    assert store.change_due("thing", 30, lambda one: one) == []
    assert [one["id"] for one in store.waking("thing", 99)] == ["late", "far"]


def test_a_change_that_fails_changes_nothing_of_all(store: Store) -> None:
    def change(one: dict[str, object]) -> dict[str, object]:
        if one["id"] == "late":
            raise WrongUse("no", "")
        return {**one, "wakes": None}

    with pytest.raises(WrongUse):
        store.change_due("thing", 30, change)
    assert [one["id"] for one in store.waking("thing", 30)] == ["early", "late"]


def test_what_is_forgotten_is_gone_and_sleeps_no_more(store: Store) -> None:
    assert isinstance(store, Forgetting)
    assert store.forget("thing", ["early", "none"]) == 1
    assert [one["id"] for one in store.waking("thing", 30)] == ["late"]
    assert store.get("other", "early")["id"] == "other"
    assert store.forget("thing", []) == 0
