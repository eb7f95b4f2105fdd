"""When a worker stands still, and when it only waits."""

from __future__ import annotations

from streams.standstill import BUSY_SECONDS, WAITING_SECONDS, Standstill

WORK = ("work", 1)


def test_messages_that_nobody_takes_are_a_standstill() -> None:
    watch = Standstill()
    assert watch.look({WORK: 7}, {WORK: 5}, 0) == ""
    assert watch.look({WORK: 7}, {WORK: 5}, WAITING_SECONDS) == ""
    assert "work of partition 1 takes nothing" in watch.look({WORK: 7}, {WORK: 5}, WAITING_SECONDS + 1)


def test_a_partition_of_which_all_is_taken_is_only_quiet() -> None:
    watch = Standstill()
    watch.begins(WORK, 6, 0)
    watch.ends(WORK, 1)
    # A judge holds messages for long before they are finished.
    assert watch.look({WORK: 7}, {WORK: 2}, 10_000) == ""
    assert watch.look({("work", 2): 7}, {("work", 2): 7}, 20_000) == ""


def test_a_message_at_hand_may_take_longer_and_each_try_is_a_sign_of_life() -> None:
    watch = Standstill()
    watch.begins(WORK, 5, 0)
    assert watch.look({WORK: 9}, {WORK: 5}, BUSY_SECONDS) == ""
    assert "at one message" in watch.look({WORK: 9}, {WORK: 5}, BUSY_SECONDS + 1)
    watch.begins(WORK, 5, BUSY_SECONDS + 1)
    assert watch.look({WORK: 9}, {WORK: 5}, BUSY_SECONDS + 2) == ""


def test_a_broker_that_is_away_or_tables_that_are_read_back_are_no_standstill() -> None:
    watch = Standstill()
    watch.look({WORK: 7}, {WORK: 5}, 0)
    watch.calm(1_000)
    assert watch.look({WORK: 7}, {WORK: 5}, 1_001) == ""


def test_what_was_taken_before_partitions_were_dealt_anew_has_to_come_again() -> None:
    watch = Standstill()
    watch.begins(WORK, 6, 0)
    watch.ends(WORK, 0)
    watch.dealt(10)
    assert watch.look({WORK: 7}, {WORK: 5}, 11) == ""
    assert "takes nothing" in watch.look({WORK: 7}, {WORK: 5}, 11 + WAITING_SECONDS)


def test_a_partition_that_is_another_workers_now_is_forgotten() -> None:
    watch = Standstill()
    watch.begins(WORK, 5, 0)
    assert watch.look({}, {}, 10_000) == ""
    assert watch.look({WORK: 7}, {WORK: 5}, 20_000) == ""


def test_what_is_not_handed_on_is_asked_for_again_now_and_then() -> None:
    signs = Standstill()
    signs.begins(WORK, 3, 0.0)
    assert signs.forgotten({WORK: 9}, {WORK: 2}, 20.0) == {}
    signs.ends(WORK, 20.0)
    assert signs.forgotten({WORK: 4}, {WORK: 2}, 40.0) == {}
    assert signs.forgotten({WORK: 9}, {WORK: 2}, 27.0) == {}
    assert signs.forgotten({WORK: 9}, {WORK: 2}, 29.0) == {WORK: 4}
    assert signs.forgotten({WORK: 9}, {WORK: 2}, 33.0) == {}
    assert signs.forgotten({WORK: 9}, {WORK: 6}, 38.0) == {WORK: 6}
