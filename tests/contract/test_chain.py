"""The chain of hashes in a store: links are added once, in one order, whoever writes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.model.chain import Item, check, digest_of
from yunshao.ports import ChainedBody


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChainedBody]:
    made = SqliteStore(tmp_path)
    yield made
    made.close()


def items(kind: str, first: int, count: int) -> list[Item]:
    return [Item(kind, f"{kind} {n}", n, digest_of([kind, n])) for n in range(first, first + count)]


def test_an_empty_chain_has_no_end(store: ChainedBody) -> None:
    assert store.chain_end() is None
    assert store.links() == []
    assert store.linked("alert") == 0
    assert store.link_up([]) == []


def test_links_hold_one_another_and_what_is_linked_is_not_linked_again(store: ChainedBody) -> None:
    made = store.link_up([*items("alert", 1, 3), *items("audit", 5, 2)])
    assert [one.number for one in made] == [1, 2, 3, 4, 5]
    assert store.link_up(items("alert", 1, 4)) == [store.chain_end()]
    assert (store.linked("alert"), store.linked("audit"), store.linked("report")) == (4, 6, 0)
    whole = store.links()
    assert check(whole, whole=True) == []
    assert whole[:5] == made
    assert [one.number for one in store.links(2, 3)] == [3, 4, 5]


def test_many_writers_make_one_chain(store: ChainedBody) -> None:
    kinds = ("alert", "audit", "report")

    def write(kind: str) -> None:
        for start in range(1, 16, 3):
            store.link_up(items(kind, start, 3))

    threads = [threading.Thread(target=write, args=(kind,)) for kind in kinds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    whole = store.links()
    assert check(whole, whole=True) == []
    assert len(whole) == 45
    assert [store.linked(kind) for kind in kinds] == [15, 15, 15]


def test_audit_entries_come_in_order_after_a_number(store: ChainedBody) -> None:
    for n in range(5):
        store.note("me", "look", f"thing {n}")
    rows = store.trail_after(0)
    assert [row["on"] for _, row in rows] == [f"thing {n}" for n in range(5)]
    assert [row["on"] for _, row in store.trail_after(rows[1][0], 2)] == ["thing 2", "thing 3"]
    assert store.trail_after(rows[-1][0]) == []
