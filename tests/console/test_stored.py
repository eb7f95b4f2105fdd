"""Where looking back begins."""

from __future__ import annotations

from contract.samples import NOON, event

from console.cli.rulebook.stored import newest_event, restored, stored_event
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.model.event import Owner
from yunshao.ports import Batch, KeptEvent


def store_of(*times: int) -> MemoryStore:
    store = MemoryStore()
    store.commit(Batch(events=[event(f"e{number}", time=time) for number, time in enumerate(times)]))
    return store


def test_an_empty_store_has_no_newest_event() -> None:
    assert newest_event(MemoryStore(), NOON) is None


def test_the_newest_event_is_the_latest_in_time() -> None:
    assert newest_event(store_of(NOON, NOON - 5, NOON + 5), NOON + 60_000) == NOON + 5


def test_an_event_from_the_far_future_does_not_hide_the_days_that_were() -> None:
    assert newest_event(store_of(NOON, 253_402_300_000_000), NOON + 60_000) == NOON


def test_a_stored_event_is_found_by_its_id_and_made_again() -> None:
    store = MemoryStore()
    kept = event('odd "id" \\ *', owner=Owner("metro", "tickets", "small"), eventName="Stop")
    store.commit(Batch(events=[kept, event("other")]))
    found = stored_event(store, 'odd "id" \\ *')
    assert found is not None
    assert (found.uid, found.time, found.owner, found.native) == (kept.uid, kept.time, kept.owner, kept.native)
    assert stored_event(store, "none such") is None


def test_events_of_a_source_that_nothing_reads_any_more_are_left_out() -> None:
    assert list(restored([KeptEvent("gone.source", "u", NOON, Owner(), {})])) == []
