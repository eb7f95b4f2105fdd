"""Whose fault it is when a worker fails: the guilty are found by the pure stages, and the innocent pass."""

from __future__ import annotations

from contract.streaming import T0, Breaking, Marked, line, rooms

from streams.journal import Journal
from streams.quarantine import REASON, failing_fold, guilty_message, guilty_records, try_judging, without
from streams.working import shares, work
from yunshao.model.event import Record, Rejected
from yunshao.wire.hops import Found, Observed

ROOMS = rooms(Marked(), Breaking())


def record(uid: str, **more: object) -> Record:
    return Record("fake", line(uid, 0, **more), 1, T0)


def message(offset: int, *records: Record) -> Observed:
    done = work(ROOMS, records)
    return shares(ROOMS, done.events, done.seen, 1, 0, offset, False)[0]


def journal() -> Journal:
    return Journal(0, {}.get)


def test_the_record_on_which_a_stage_fails_is_found_and_the_others_pass() -> None:
    items = [record("a", mark="m"), record("b", **{"break": "work"}), record("c"), Rejected("fake", 4, "x", "", b"", 0)]
    found = guilty_records(ROOMS, items, 2, T0)
    assert list(found) == [1]
    assert "AttributeError" in found[1]
    left = without(items, found)
    assert [one for at, one in enumerate(left) if at != 1] == [items[0], items[2], items[3]]
    assert isinstance(left[1], Rejected)
    assert (left[1].reason, left[1].raw, left[1].position) == (REASON, items[1].raw, 1)
    assert guilty_records(ROOMS, left, 2, T0) == {}


def test_where_no_pure_stage_fails_nothing_is_guilty() -> None:
    held = {5: message(5, record("a", mark="m"))}
    assert guilty_message(held, lambda some: try_judging(ROOMS, 1, journal(), some, T0)) == (-1, "")
    assert failing_fold(ROOMS, 0, journal(), Found("s", 1, T0, []), T0) == ""


def test_the_message_without_which_judging_passes_is_the_guilty_one() -> None:
    held = {at: message(at, record(f"{at}", **({"break": "judge"} if at == 6 else {"mark": "m"}))) for at in (5, 6, 7)}
    offset, words = guilty_message(held, lambda some: try_judging(ROOMS, 1, journal(), some, T0))
    assert offset == 6
    assert words


def test_a_state_that_fails_by_itself_condemns_no_message() -> None:
    def attempt(_some: object) -> None:
        raise OSError("the disk is full")

    assert guilty_message({1: message(1), 2: message(2)}, attempt) == (-1, "")
