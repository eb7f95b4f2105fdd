"""Exactly one console has the duty; another takes over when it dies, and nobody compares clocks of two machines."""

from __future__ import annotations

import threading
from typing import Any

from console.roles.duty import LET_GO_SECONDS, RENEW_SECONDS, TAKE_OVER_SECONDS, Duty
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.errors import Unreachable


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Away(MemoryStore):
    """A store that may be away."""

    away = False

    def get(self, kind: str, key: str) -> dict[str, Any]:
        if self.away:
            raise Unreachable("away")
        return super().get(kind, key)


def pair() -> tuple[Away, Duty, Clock, Duty, Clock]:
    store, here, there = Away(), Clock(5.0), Clock(9_000.0)
    return store, Duty(store, "one", here), here, Duty(store, "two", there), there


def test_without_a_shared_store_the_duty_is_here() -> None:
    assert Duty(None, "alone").holds()


def test_one_has_it_as_long_as_it_renews() -> None:
    _, first, here, second, there = pair()
    assert first.holds()
    for _ in range(30):
        here.now += RENEW_SECONDS
        there.now += RENEW_SECONDS
        assert (first.holds(), second.holds()) == (True, False)


def test_one_that_dies_is_followed_after_a_while() -> None:
    _, first, _, second, there = pair()
    assert first.holds()
    assert not second.holds()
    there.now += TAKE_OVER_SECONDS - 1
    assert not second.holds()
    there.now += RENEW_SECONDS + 1
    assert second.holds()


def test_one_that_was_asleep_does_not_think_it_has_it_still() -> None:
    _, first, here, second, there = pair()
    assert first.holds()
    second.holds()
    there.now += TAKE_OVER_SECONDS + RENEW_SECONDS
    assert second.holds()
    here.now += LET_GO_SECONDS
    assert not first.holds()


def test_one_that_cannot_reach_the_store_lets_go_before_another_takes_over() -> None:
    store, first, here, _, _ = pair()
    assert first.holds()
    store.away = True
    here.now += RENEW_SECONDS
    assert first.holds()
    here.now += LET_GO_SECONDS
    assert not first.holds()
    assert LET_GO_SECONDS < TAKE_OVER_SECONDS


def test_who_ends_lays_it_down_at_once() -> None:
    _, first, _, second, there = pair()
    assert first.holds()
    assert not second.holds()
    first.lay_down()
    there.now += RENEW_SECONDS
    assert second.holds()
    second.lay_down()
    second.lay_down()


def test_of_many_that_come_at_once_one_has_it() -> None:
    store = MemoryStore()
    many = [Duty(store, f"{n}") for n in range(12)]
    found: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: found.append(one.holds())) for one in many]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(found) == 1
