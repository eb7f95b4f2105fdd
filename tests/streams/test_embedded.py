"""The embedded runner over the fake store: what it commits, and what it does when something fails."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from contract.streaming import (
    MINUTE,
    T0,
    Echo,
    FakeClock,
    FakeIntake,
    FakeParser,
    Marked,
    Quiet,
    Restless,
    line,
    rooms,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.correlate import GUARD
from streams.run_embedded import Embedded
from yunshao.adapters.stores.forms import alert_to_json
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.errors import Unreachable
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.event import EventRef, Owner, Rejected, native_digest
from yunshao.ports import Batch


def embedded(store: MemoryStore, *intakes: FakeIntake, clock: FakeClock | None = None, **more: Any) -> Embedded:
    made = more.pop("rooms", None) or rooms()
    return Embedded(made, store, intakes, clock or FakeClock(), more.pop("batch_size", 5000), **more)


def drained(runner: Embedded) -> list[Alert]:
    alerts: list[Alert] = []
    while (turn := runner.turn()).records:
        alerts += turn.alerts
    return alerts


def all_alerts(store: MemoryStore) -> list[Alert]:
    return store.alerts(AlertQuery(drill="any", limit=10_000))


def ledger(store: MemoryStore) -> dict[str, tuple[int, int, int, int]]:
    names = ("received", "processed", "rejected", "repeated")
    return {row["source"]: tuple(row[name] for name in names) for row in store.sources()}


def test_a_turn_reads_judges_and_commits() -> None:
    store, clock = MemoryStore(), FakeClock()
    turn = embedded(store, FakeIntake("file", [line("a"), line("b", mark="x"), b"{"]), clock=clock).turn()
    assert turn.records == 3
    assert [alert.finding.entity for alert in turn.alerts] == ["x"]
    assert turn.alerts[0].detected == clock.at
    assert store.event(EventRef("fake", "b", T0)).native["mark"] == "x"
    assert ledger(store) == {"fake": (3, 2, 1, 0)}
    assert [rejected.reason for _, rejected in store.rejects()] == ["not_json"]
    assert store.offset("file") == "3"


def test_a_turn_with_nothing_to_read_does_nothing() -> None:
    store = MemoryStore()
    assert embedded(store, FakeIntake("file", [])).turn().records == 0
    assert embedded(store).turn().records == 0
    assert store.sources() == []


def test_repeats_within_a_batch_and_across_batches_are_counted_and_dropped() -> None:
    store = MemoryStore()
    lines = [line("a", mark="x"), line("a", mark="x"), line("b"), line("a", mark="x"), line("b")]
    alerts = drained(embedded(store, FakeIntake("file", lines), batch_size=2))
    assert len(alerts) == 1
    assert ledger(store) == {"fake": (5, 2, 0, 3)}


def test_a_new_process_goes_on_where_the_last_stood() -> None:
    store, intake = MemoryStore(), FakeIntake("file", [line(f"e{n}", mark="x") for n in range(10)])
    assert [alert.count for alert in embedded(store, intake, batch_size=4).turn().alerts] == [4]
    assert drained(embedded(store, intake, batch_size=4)) == []
    assert [alert.count for alert in all_alerts(store)] == [10]
    assert ledger(store) == {"fake": (10, 10, 0, 0)}


def test_a_noisy_intake_does_not_keep_its_neighbours_waiting() -> None:
    store = MemoryStore()
    noisy, calm = FakeIntake("noisy", [b"{"] * 9000), FakeIntake("calm", [line("a", mark="x")])
    turn = embedded(store, noisy, calm, batch_size=1000).turn()
    assert turn.records == 1000
    assert len(turn.alerts) == 1


def test_a_single_busy_intake_gets_the_whole_batch() -> None:
    lines = [line(f"e{n}") for n in range(5000)]
    assert (
        embedded(MemoryStore(), FakeIntake("busy", lines), FakeIntake("idle", []), batch_size=3000).turn().records
        == 3000
    )


def test_a_broken_intake_is_left_alone_for_a_while_and_then_tried_again() -> None:
    store, clock = MemoryStore(), FakeClock()
    broken, sound = FakeIntake("broken", [line("a")]), FakeIntake("sound", [line("b")])
    broken.broken = True
    runner = embedded(store, broken, sound, clock=clock)
    assert runner.turn().records == 1
    assert "input/output" in runner.troubles()["broken"]
    asked = broken.asked
    runner.turn()
    assert broken.asked == asked
    broken.broken = False
    clock.at += 5_000
    assert runner.turn().records == 1
    assert runner.troubles() == {}


def test_an_intake_that_steps_over_something_is_asked_again() -> None:
    class Stepping(FakeIntake):
        def read(self, offset: str, limit: int) -> tuple[list[Any], str]:
            return ([], "1") if not offset else super().read(offset, limit)

    store = MemoryStore()
    assert embedded(store, Stepping("file", [b"skipped", line("a")])).turn().records == 1
    only = embedded(store, Stepping("other", [b"skipped"]))
    assert only.turn().records == 0
    assert store.offset("other") == "1"


def test_what_an_intake_could_not_read_is_counted_as_received_and_rejected() -> None:
    store = MemoryStore()
    rejected = Rejected("fake", 1, "too_large", "", b"x", T0)
    embedded(store, FakeIntake("file", [rejected, line("a")])).turn()
    assert ledger(store) == {"fake": (2, 1, 1, 0)}


@pytest.mark.parametrize("place", ["observe", "step"])
def test_a_bug_of_a_detector_costs_one_record(place: str) -> None:
    store = MemoryStore()
    lines = [line("a", mark="x"), line("b", mark="x", fail=place, who="w"), line("c", mark="x")]
    turn = embedded(store, FakeIntake("file", lines), rooms=rooms(Quiet(), Marked())).turn()
    assert [[ref.uid for ref in alert.events] for alert in turn.alerts] == [["a", "c"]]
    assert ledger(store) == {"fake": (3, 2, 1, 0)}
    assert store.rejects()[0][1].reason == "internal_error"
    assert store.rejects()[0][1].raw == lines[1]
    assert store.memory("quiet", "w") is None


def test_a_bug_of_a_parser_costs_one_record() -> None:
    store = MemoryStore()
    embedded(store, FakeIntake("file", [b"boom", line("a")])).turn()
    assert ledger(store) == {"fake": (2, 1, 1, 0)}


def test_a_bug_in_the_ocsf_form_costs_one_record() -> None:
    class Broken(FakeParser):
        def normalise(self, native: Any, identity: Any) -> Any:
            if native["id"] == "b":
                raise KeyError("x")
            return super().normalise(native, identity)

    made = rooms()
    broken = type(made)({"fake": Broken()}, made.detectors, made.own)
    store = MemoryStore()
    embedded(store, FakeIntake("file", [line("a"), line("b"), line("c")]), rooms=broken).turn()
    assert ledger(store) == {"fake": (3, 2, 1, 0)}


class FailingStore(MemoryStore):
    """Refuses some commits, as a full disk does."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def commit(self, batch: Batch) -> list[Alert]:
        if self.failures:
            self.failures -= 1
            raise Unreachable("the disk is full")
        return super().commit(batch)


def test_where_the_store_fails_nothing_is_acknowledged_and_nothing_is_lost() -> None:
    store = FailingStore(2)
    intake = FakeIntake("file", [line("a", who="w"), line("b", 0.5, who="w"), line("c", 2), line("d", mark="x")])
    runner = embedded(store, intake, batch_size=2)
    for _ in range(2):
        with pytest.raises(Unreachable):
            runner.turn()
        assert store.sources() == []
        assert store.offset("file") == ""
    alerts = drained(runner)
    assert {alert.finding.rule_id: alert.finding.facts for alert in alerts} == {"quiet": {"count": 2}, "marked": {}}
    assert ledger(store) == {"fake": (4, 4, 0, 0)}


def test_the_loop_tells_its_trouble_tries_again_and_stops() -> None:
    store = FailingStore(1)
    runner = embedded(store, FakeIntake("file", [line("a", mark="x")]))
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop, wake))
    thread.start()
    for _ in range(200):
        if all_alerts(store):
            break
        stop.wait(0.02)
    assert len(all_alerts(store)) == 1
    stop.set()
    wake.set()
    thread.join(5)
    assert not thread.is_alive()
    assert runner.troubles() == {}


# Time


def test_a_memory_that_is_due_gets_its_tick_when_event_time_has_passed() -> None:
    store = MemoryStore()
    intake = FakeIntake("file", [line("a", who="w"), line("b", 0.9, who="w"), line("c", 1), line("d", 5)])
    alerts = drained(embedded(store, intake, batch_size=1))
    assert [alert.finding.facts for alert in alerts] == [{"count": 2}]
    assert alerts[0].finding.time == T0 + MINUTE
    assert store.memory("quiet", "w") is None
    assert store.memory("quiet", "w+") == {"closed": 1}


def test_a_record_from_the_far_future_closes_no_window() -> None:
    store = MemoryStore()
    far = 253_402_300_000_000
    lines = [line("a", who="w"), b'{"id": "far", "t": %d}' % far, line("b", 0.5, who="w")]
    assert drained(embedded(store, FakeIntake("file", lines))) == []
    assert store.memory("quiet", "w")["count"] == 2


def test_a_quiet_window_closes_when_no_records_come_at_all() -> None:
    store, clock = MemoryStore(), FakeClock()
    runner = embedded(store, FakeIntake("file", [line("a", who="w")]), clock=clock)
    runner.turn()
    clock.at += MINUTE - 1
    assert runner.turn().alerts == []
    clock.at += 1
    assert [alert.finding.rule_id for alert in runner.turn().alerts] == ["quiet"]
    assert runner.turn().alerts == []


def test_a_window_left_open_by_one_process_is_closed_by_the_next() -> None:
    store, clock = MemoryStore(), FakeClock()
    embedded(store, FakeIntake("file", [line("a", who="w")]), clock=clock).turn()
    runner = embedded(store, FakeIntake("other", [line("b", 3)]), clock=clock)
    assert [alert.finding.facts for alert in runner.turn().alerts] == [{"count": 1}]


def test_a_bug_in_a_tick_is_recorded_and_not_tried_for_ever() -> None:
    store = MemoryStore()
    runner = embedded(store, FakeIntake("file", [line("a", who="fails"), line("b", 5), line("c", 9, mark="x")]))
    assert [alert.finding.rule_id for alert in drained(runner)] == ["marked"]
    assert ledger(store)["internal"] == (1, 0, 1, 0)
    assert [due for due in store.due(1 << 60) if due[0] != GUARD] == []
    assert store.memory("quiet", "fails")["count"] == 1


def test_a_detector_that_sends_onward_for_ever_is_stopped() -> None:
    store = MemoryStore()
    embedded(store, FakeIntake("file", [line("a", echo=1), line("b")]), rooms=rooms(Echo())).turn()
    assert ledger(store) == {"fake": (2, 2, 0, 0)}
    assert store.memory("echo", "8") == {"n": 1}
    assert store.memory("echo", "9") is None


def test_a_detector_that_asks_for_a_time_that_has_passed_gets_one_tick() -> None:
    store = MemoryStore()
    drained(embedded(store, FakeIntake("file", [line("a", restless=1), line("b", 5)]), rooms=rooms(Restless())))
    assert store.memory("restless", "k") == {"ticks": 1}
    assert store.due(1 << 60) == []


# Drills


def test_only_a_registered_and_genuine_event_makes_a_drills_alert() -> None:
    store = MemoryStore()
    sent = {"id": "sent", "t": T0, "mark": "x"}
    store.register("drill-1", [("fake", "sent", native_digest(sent), T0), ("fake", "forged", "0" * 64, T0)])
    lines = [line("sent", mark="x"), line("forged", mark="x"), line("real", mark="x", drill="drill-1")]
    alerts = drained(embedded(store, FakeIntake("file", lines)))
    assert [(alert.drill, [ref.uid for ref in alert.events]) for alert in alerts] == [
        ("drill-1", ["sent"]),
        ("", ["forged", "real"]),
    ]


def test_a_window_over_drill_events_of_several_batches_is_the_drills_and_a_real_event_makes_it_real() -> None:
    for extra, drill in (([], "drill-1"), ([line("real", 0.2, who="w")], "")):
        store = MemoryStore()
        store.register("drill-1", [("fake", n, native_digest({"id": n, "t": T0, "who": "w"}), T0) for n in "ab"])
        lines = [line("a", who="w"), *extra, line("b", who="w"), line("end", 3)]
        alerts = drained(embedded(store, FakeIntake("file", lines), batch_size=1))
        assert [(alert.finding.rule_id, alert.drill) for alert in alerts] == [("quiet", drill)]


# What cutting a stream changes: nothing

moments = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(["w", "v", None]),
        st.booleans(),
        st.sampled_from(["ok", "ok", "ok", "repeat", "bad", "bug"]),
    ),
    max_size=40,
)


def stream(parts: Sequence[tuple[int, str | None, bool, str]]) -> list[bytes]:
    lines: list[bytes] = []
    for number, (moment, who, marked, kind) in enumerate(parts):
        more = {**({"who": who} if who else {}), **({"mark": str(number)} if marked else {})}
        more |= {"fail": "step"} if kind == "bug" and marked else {}
        uid = f"b{number}" if kind == "bug" else f"e{number // 2 if kind == 'repeat' else number}"
        lines.append(b"{bad" if kind == "bad" else line(uid, moment / 4, **more))
    return lines


@settings(max_examples=80, deadline=None)
@given(moments, st.integers(1, 7), st.lists(st.integers(0, 39), max_size=5))
def test_cutting_the_stream_elsewhere_or_starting_anew_changes_nothing(
    parts: list[tuple[int, str | None, bool, str]], batch_size: int, restarts: list[int]
) -> None:
    lines = stream(parts)
    whole, cut = MemoryStore(), MemoryStore()
    drained(embedded(whole, FakeIntake("file", lines)))
    intake = FakeIntake("file", lines)
    runner, turns = embedded(cut, intake, batch_size=batch_size), 0
    while runner.turn().records:
        turns += 1
        if turns in restarts:
            runner = embedded(cut, intake, batch_size=batch_size)
    assert {alert.id: alert for alert in all_alerts(cut)} == {alert.id: alert for alert in all_alerts(whole)}
    assert cut.sources() == [
        {**row, "last_received": other["last_received"]}
        for row, other in zip(whole.sources(), cut.sources(), strict=True)
    ]
    assert cut.due(1 << 60) == whole.due(1 << 60)
    for row in cut.sources():
        assert row["received"] == row["processed"] + row["rejected"] + row["repeated"]


@settings(max_examples=40, deadline=None)
@given(moments)
def test_replaying_the_stream_from_the_start_changes_nothing(parts: list[tuple[int, str | None, bool, str]]) -> None:
    lines = stream([part for part in parts if part[3] in ("ok", "repeat")])
    store = MemoryStore()
    drained(embedded(store, FakeIntake("first", lines)))
    alerts, due = all_alerts(store), store.due(1 << 60)
    assert drained(embedded(store, FakeIntake("second", lines))) == []
    assert all_alerts(store) == alerts
    assert store.due(1 << 60) == due


def test_the_owner_of_an_event_is_stored_with_it() -> None:
    store = MemoryStore()
    owned = rooms(own=lambda _event, _claim: Owner("metro", "tickets", "small"))
    alerts = drained(embedded(store, FakeIntake("file", [line("a", mark="x")]), rooms=owned))
    assert alerts[0].finding.owner.unit == "metro"
    assert store.event(EventRef("fake", "a", T0)).system == "tickets"


# Folding


matches = st.lists(
    st.tuples(st.integers(-90, 90), st.sampled_from("xyz"), st.sampled_from(["metro", "rural"])), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(matches, st.randoms(use_true_random=False), st.integers(1, 9))
def test_the_same_events_in_any_order_and_any_cut_give_the_same_alerts(
    parts: list[tuple[int, str, str]], chance: Any, batch_size: int
) -> None:
    lines = [line(f"e{n}", moment, mark=mark, unit=unit) for n, (moment, mark, unit) in enumerate(parts)]
    shuffled = list(lines)
    chance.shuffle(shuffled)
    owned = rooms(Marked(), own=lambda event, _claim: Owner(event.native["unit"]))
    one, other = MemoryStore(), MemoryStore()
    drained(embedded(one, FakeIntake("file", lines), rooms=owned))
    drained(embedded(other, FakeIntake("file", shuffled), rooms=owned, batch_size=batch_size))
    written = [sorted(alert_to_json(alert) for alert in all_alerts(store)) for store in (one, other)]
    assert written[0] == written[1]
    assert sum(alert.count for alert in all_alerts(one)) == len(parts)


def test_many_repeats_make_one_bounded_alert() -> None:
    store = MemoryStore()
    lines = [line(f"e{n}", n / 1000, mark="x") for n in range(20_000)]
    drained(embedded(store, FakeIntake("file", lines)))
    (alert,) = all_alerts(store)
    assert (alert.count, sum(alert.spread), len(alert.events)) == (20_000, 20_000, 100)
    assert (alert.first, alert.last) == (T0, T0 + 19_999 * MINUTE // 1000)
    assert len(alert_to_json(alert)) < 10_000


def test_each_hour_of_event_time_is_an_alert_of_its_own() -> None:
    store = MemoryStore()
    lines = [line(f"e{n}", minutes, mark="x") for n, minutes in enumerate((0, 59, 60, -1))]
    drained(embedded(store, FakeIntake("file", lines)))
    assert sorted((alert.first, alert.count) for alert in all_alerts(store)) == [
        (T0 - MINUTE, 1),
        (T0, 2),
        (T0 + 60 * MINUTE, 1),
    ]


# Floods


def test_more_groups_than_the_guard_allows_fold_into_one_flood() -> None:
    store = MemoryStore()
    lines = [line(f"e{n}", n / 100, mark=f"m{n % 50}") for n in range(100)]
    drained(embedded(store, FakeIntake("file", lines), batch_size=7, flood=20))
    own = [alert for alert in all_alerts(store) if not alert.groups]
    (flood,) = store.alerts(AlertQuery(flood=True))
    assert (len(own), {alert.count for alert in own}) == (20, {2})
    assert (flood.groups, flood.count) == (30, 60)


@settings(max_examples=40, deadline=None)
@given(matches, st.integers(1, 9), st.lists(st.integers(0, 20), max_size=4))
def test_a_flood_is_the_same_however_the_stream_is_cut_and_restarted(
    parts: list[tuple[int, str, str]], batch_size: int, restarts: list[int]
) -> None:
    lines = [line(f"e{n}", moment, mark=f"{mark}{n % 4}") for n, (moment, mark, _) in enumerate(parts)]
    whole, cut = MemoryStore(), MemoryStore()
    drained(embedded(whole, FakeIntake("file", lines), flood=3))
    intake, turns = FakeIntake("file", lines), 0
    runner = embedded(cut, intake, batch_size=batch_size, flood=3)
    while runner.turn().records:
        turns += 1
        if turns in restarts:
            runner = embedded(cut, intake, batch_size=batch_size, flood=3)
    assert {alert.id: alert for alert in all_alerts(cut)} == {alert.id: alert for alert in all_alerts(whole)}
    assert sum(alert.count for alert in all_alerts(cut)) == len(parts)


def test_what_the_guard_remembers_of_an_hour_is_forgotten_a_day_later() -> None:
    store = MemoryStore()
    clock = FakeClock(T0 + 3 * 24 * 60 * MINUTE)
    intake = FakeIntake("file", [line("a", mark="x"), line("b", 26 * 60)])
    embedded(store, intake, clock=clock, batch_size=1).turn()
    assert [due[0] for due in store.due(1 << 60)] == [GUARD]
    drained(embedded(store, intake, clock=clock))
    assert store.due(1 << 60) == []


def test_a_drill_is_never_drowned_in_a_flood() -> None:
    store = MemoryStore()
    store.register("drill-1", [("fake", "d", native_digest({"id": "d", "t": T0, "mark": "d"}), T0)])
    lines = [line(f"e{n}", mark=f"m{n}") for n in range(9)] + [line("d", mark="d")]
    drained(embedded(store, FakeIntake("file", lines), flood=2))
    (alert,) = store.alerts(AlertQuery(drill="drill-1"))
    assert (alert.groups, alert.count) == (0, 1)


# Exceptions


def test_an_excepted_finding_raises_nothing_and_is_counted_in_the_commit_of_its_event() -> None:
    store = MemoryStore()
    lines = [line("a", mark="x", excepted="known"), line("b", mark="x"), line("a", mark="x", excepted="known")]
    drained(embedded(store, FakeIntake("file", lines), batch_size=2))
    assert [[ref.uid for ref in alert.events] for alert in all_alerts(store)] == [["b"]]
    assert store.excepted() == [{"exception": "known", "day": "2026-01-01", "count": 1}]
