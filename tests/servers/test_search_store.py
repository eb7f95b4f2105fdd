"""The contract of every store, over a real OpenSearch node: what people ask is answered the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from contract import test_chain, test_register, test_waking
from contract import test_store as contract
from contract.samples import NOON, alert, event
from opensearchpy import OpenSearch

from yunshao.adapters.stores.database import now
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.errors import Unreachable
from yunshao.model.alert import AlertQuery
from yunshao.ports import Batch
from yunshao.settings import ClusterSettings

pytestmark = pytest.mark.server

IN_TABLES = {
    "test_a_batch_with_an_event_stored_before_is_refused_whole",
    "test_offsets_are_what_the_last_commit_said",
    "test_memory_comes_back_as_it_was_and_none_forgets",
    "test_memories_that_are_due_come_earliest_first",
}
for _suite in (contract, test_register, test_waking, test_chain):
    for _name, _test in vars(_suite).items():
        if _name.startswith("test_") and _name not in IN_TABLES:
            globals()[_name] = _test


@pytest.fixture(scope="module")
def kept(engines: dict[str, Any]) -> Iterator[SearchStore]:
    """One store for the module: making its indices takes longer than a test."""
    settings = ClusterSettings(kafka="none", opensearch=engines["opensearch"], prefix=f"c{uuid.uuid4().hex[:8]}")
    made = SearchStore(settings, _clock)
    yield made
    OpenSearch([settings.opensearch], timeout=60).indices.delete(index=f"{settings.prefix}-*")
    made.close()


def _emptied(kept: SearchStore) -> None:
    client, prefix = kept._node.client, kept._node.cluster.prefix
    every = {"query": {"match_all": {}}}
    calm = {"refresh": "true", "conflicts": "proceed", "ignore_unavailable": "true"}
    client.indices.refresh(index=f"{prefix}-*")
    client.delete_by_query(index=f"{prefix}-*", body=every, params=calm)


HELD: list[str] = []
CLOCKS: list[Any] = []


def _clock() -> int:
    """The machine's, but for the suites of the register and the chain, which bring their own."""
    return int(CLOCKS[0]()) if CLOCKS else now()


@pytest.fixture
def store(kept: SearchStore, request: pytest.FixtureRequest) -> SearchStore:
    """Empty, whatever the test before wrote; documents that wake are there for the suite about them."""
    _emptied(kept)
    HELD.clear()
    CLOCKS.clear()
    # What it knows of commits went with the documents.
    kept._parts, kept._newest = set(), type(kept._newest)()
    suite = request.function.__module__
    if suite == test_register.__name__:
        test_register.CLOCK.now = 100 * test_register.DAY
        CLOCKS.append(test_register.CLOCK)
    if suite == test_waking.__name__:
        test_waking.fill(kept)
    return kept


@pytest.fixture
def full(kept: SearchStore) -> SearchStore:
    """Three events to be hunted; tests that only read share them."""
    if not HELD:
        _emptied(kept)
        HELD.append("full")
        contract.fill(kept)
    return kept


def test_an_event_told_again_from_the_same_place_is_the_same_event(store: SearchStore) -> None:
    first, other = event("a"), event("b")
    assert [one.fresh for one in store.keep_events([first, other], ["0/1/0", "0/1/1"])] == [True, True]
    assert [one.fresh for one in store.keep_events([first, other], ["0/1/0", "0/2/0"])] == [True, False]
    assert [one.fresh for one in store.keep_events([first, first], ["0/1/0", "0/1/7"])] == [True, False]


def test_a_part_told_twice_is_folded_once(store: SearchStore) -> None:
    part, more = alert(event("a")), alert(event("b"))
    assert store.fold_once([part], "shard-0", 1) == [part]
    assert store.fold_once([part], "shard-0", 1) == []
    store.fold_once([more], "shard-0", 2)
    store.fold_once([more], "shard-0", 2)
    store.fold_once([more], "shard-1", 1)
    assert store.alert(part.id).count == 3


def test_what_the_node_refuses_is_told_item_by_item(store: SearchStore) -> None:
    good, bad = event("good"), event("bad", time=1 << 70)
    found = store.keep_events([good, bad], ["0/1/0", "0/1/1"])
    assert (found[0].fresh, found[0].refused) == (True, "")
    assert not found[1].fresh
    assert found[1].refused.startswith("400")


def test_days_that_are_over_go(store: SearchStore) -> None:
    store.commit(Batch(events=[event("old", time=NOON - 300 * contract.DAY), event("new", time=store._clock())]))
    assert "2025.03.07" in [name[-10:] for name in store.retire()]
    assert [row["uid"] for row in store.hunt("class_uid:6003")] == ["new"]
    assert store.alerts(AlertQuery()) == []


def test_a_node_that_is_not_there_is_one_clear_line() -> None:
    with pytest.raises(Unreachable) as told:
        SearchStore(ClusterSettings(kafka="none", opensearch="http://127.0.0.1:9"))
    assert told.value.exit_code == 3
    assert "127.0.0.1:9" in told.value.line()
