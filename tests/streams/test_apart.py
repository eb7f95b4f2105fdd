"""A drill's events are judged apart: nothing real is counted with them, learned from them, or stilled by them."""

from __future__ import annotations

from typing import Any

from contract.streaming import MINUTE, T0, FakeClock, FakeIntake, line, rooms

from streams.apart import apart, without_mark
from streams.run_embedded import Embedded
from streams.working import set_apart, work
from yunshao import meters
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.drill import HINT
from yunshao.model.event import NOBODY, Record, native_digest
from yunshao.model.finding import Observation


def registered(store: MemoryStore, *lines: tuple[str, float]) -> list[bytes]:
    """Lines of a drill about `w`, in the register."""
    entered = [("fake", uid, {"id": uid, "t": T0 + int(minutes * MINUTE), "who": "w"}) for uid, minutes in lines]
    store.register("drill-1", [(source, uid, native_digest(native), T0) for source, uid, native in entered])
    return [line(uid, minutes, who="w") for uid, minutes in lines]


def alerts_of(store: MemoryStore, *intakes: FakeIntake) -> list[Alert]:
    """One intake after the other, so that nothing is late."""
    for intake in intakes:
        runner = Embedded(rooms(), store, [intake], FakeClock(), 5000)
        while runner.turn().records:
            pass
    return store.alerts(AlertQuery(drill="any", limit=100))


def told(alerts: list[Alert]) -> list[tuple[str, str, list[str]]]:
    return sorted((one.drill, one.finding.entity, [ref.uid for ref in one.finding.events]) for one in alerts)


def test_a_window_never_holds_both() -> None:
    store = MemoryStore()
    sent = registered(store, ("a", 0), ("b", 0.1))
    real = [line("real", 0.2, who="w"), line("end", 9)]
    found = alerts_of(store, FakeIntake(HINT, sent), FakeIntake("file", real))
    assert told(found) == [("", "w", ["real"]), ("drill-1", "w", ["a", "b"])]


def test_what_a_drill_leaves_in_memory_is_nothing_that_a_real_event_meets() -> None:
    store, without = MemoryStore(), MemoryStore()
    alerts_of(store, FakeIntake(HINT, registered(store, ("a", 0))), FakeIntake("file", [line("end", 9)]))
    alerts_of(without, FakeIntake("file", [line("end", 9)]))
    assert store.memory("quiet", "w") is None
    # What went on from the drill's conclusion is the drill's as well.
    assert store.memory("quiet", "w+") is None
    assert store.memory("quiet", "w+\x1edrill-1") == {"closed": 1}
    later: list[Any] = [line("real", 10, who="w"), line("last", 15)]
    both = [told(alerts_of(one, FakeIntake("later", later))) for one in (store, without)]
    assert [one for one in both[0] if not one[0]] == both[1] == [("", "w", ["real"])]


def test_the_hint_alone_makes_nothing_a_drills() -> None:
    store = MemoryStore()
    forged = [line("x", 0, who="w"), line("end", 9)]
    assert told(alerts_of(store, FakeIntake(HINT, forged))) == [("", "w", ["x"])]


def test_what_an_exception_hides_of_a_drill_is_not_counted() -> None:
    store = MemoryStore()
    native = {"id": "a", "t": T0, "mark": "x", "excepted": "e"}
    store.register("drill-1", [("fake", "a", native_digest(native), T0)])
    alerts_of(store, FakeIntake(HINT, [line("a", 0, mark="x", excepted="e")]))
    assert store.excepted() == []


def test_on_a_cluster_it_is_set_apart_before_anything_is_sent_to_a_shard() -> None:
    store = MemoryStore()
    (sent,) = registered(store, ("a", 0))
    items = [Record("fake", sent, 0, T0, HINT), Record("fake", line("real", 0, who="w"), 1, T0, "")]
    done = work(rooms(), items)
    for _ in range(2):
        done.seen[:] = work(rooms(), items).seen
        set_apart(rooms(), items, done, store)
    assert [seen.key for each in done.seen for seen in each] == ["w\x1edrill-1", "w"]


def test_a_key_says_what_its_detector_calls_it() -> None:
    seen = Observation("d", "odd\x1ekey", T0, None, NOBODY)
    (moved,) = apart([seen], "drill-1")
    assert without_mark(moved.key) == ("odd\x1ekey", "\x1edrill-1")
    assert without_mark("plain") == ("plain", "")


def test_a_drill_makes_no_source_look_fresh() -> None:
    gauge = meters.LAST_EVENT.labels("fake")
    store = MemoryStore()
    alerts_of(store, FakeIntake("file", [line("real", 0)]))
    before = gauge._value.get()
    sent = registered(store, ("a", 5), ("b", 6))
    alerts_of(store, FakeIntake(HINT, sent))
    assert gauge._value.get() == before
    assert [row["last_event"] for row in store.sources()] == [T0]
