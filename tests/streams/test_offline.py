"""Detection over files."""

from __future__ import annotations

from collections.abc import Iterator

from contract.streaming import T0, Echo, FakeClock, FakeIntake, Marked, Quiet, Restless, line, rooms
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.judgement import Judgement
from streams.offline import detect, detect_grouped
from streams.remembered import Newest
from streams.run_embedded import Embedded
from streams.times import Times
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.model.alert import AlertQuery
from yunshao.model.event import Record, Rejected


def records(*lines: bytes, received: int = T0 + 3_600_000) -> Iterator[Record]:
    return (Record("fake", raw, number, received, "file.log") for number, raw in enumerate(lines, 1))


def test_each_match_is_one_alert_in_the_order_of_the_records() -> None:
    alerts = list(detect(rooms(), records(line("a", mark="x"), line("b"), line("c", mark="y"))))
    assert [(alert.finding.entity, alert.finding.events[0].uid) for alert in alerts] == [("x", "a"), ("y", "c")]
    assert alerts[0].detected == T0 + 3_600_000


def test_a_record_that_stands_twice_alerts_once() -> None:
    assert len(list(detect(rooms(), records(line("a", mark="x"), line("a", mark="x"))))) == 1


def test_a_match_is_known_by_its_rule_and_events_and_never_folded() -> None:
    alerts = list(detect(rooms(), records(line("a", mark="x"), line("b", mark="x"))))
    assert [(alert.count, [ref.uid for ref in alert.events]) for alert in alerts] == [(1, ["a"]), (1, ["b"])]
    assert len({alert.id for alert in alerts}) == 2


def test_grouped_matches_come_at_the_end_each_group_once() -> None:
    lines = [line("a", mark="x"), line("b", mark="y"), line("c", 5, mark="x"), line("a", mark="x")]
    alerts = list(detect_grouped(rooms(), records(*lines)))
    assert [(alert.finding.entity, alert.count) for alert in alerts] == [("x", 2), ("y", 1)]


def test_rejected_records_are_handed_out_and_the_rest_is_judged() -> None:
    rejected: list[Rejected] = []
    given_up = Rejected("fake", 9, "too_large", "", b"", T0)
    lines = [b"{", line("a", mark="x", fail="step"), line("b", mark="x", fail="observe"), line("c", mark="x")]
    alerts = list(detect(rooms(), [*records(*lines), given_up], rejected.append))
    assert [alert.finding.events[0].uid for alert in alerts] == ["c"]
    assert [one.reason for one in rejected] == ["not_json", "internal_error", "internal_error", "too_large"]


def test_windows_close_in_event_time() -> None:
    alerts = list(detect(rooms(), records(line("a", who="w"), line("b", 0.5, who="w"), line("c", 2))))
    assert [alert.finding.facts for alert in alerts] == [{"count": 2}]


def test_a_record_from_the_far_future_closes_no_window() -> None:
    assert list(detect(rooms(), records(line("a", who="w"), b'{"id": "x", "t": 253402300000000}'))) == []


def test_it_is_a_generator_that_reads_no_further_than_asked() -> None:
    def endless() -> Iterator[Record]:
        number = 0
        while True:
            number += 1
            yield Record("fake", line(f"e{number}", mark="x"), number, T0)

    alerts = detect(rooms(), endless())
    assert [next(alerts).finding.events[0].uid for _ in range(3)] == ["e1", "e2", "e3"]


def test_detectors_that_never_rest_do_not_stop_it() -> None:
    lines = [line(f"e{n}", n / 10, echo=1, restless=1) for n in range(20)]
    assert list(detect(rooms(Echo(), Restless()), records(*lines))) == []


def test_what_is_remembered_is_bounded() -> None:
    newest: Newest[str, int] = Newest(2)
    for number, key in enumerate("abc"):
        newest.put(key, number)
    assert (newest.get("a", -1), newest.get("b", -1), newest.get("c", -1)) == (-1, 1, 2)
    newest.get("b", -1)
    newest.put("d", 3)
    assert ("b" in newest, "c" in newest, len(newest)) == (True, False, 2)


def test_stale_wake_ups_do_not_pile_up() -> None:
    judgement = Judgement(rooms(Quiet()), lambda _detector, _key: None, Times())
    for number in range(10_000):
        judgement._wants(("quiet", "k"), number)
    assert sum(map(len, judgement._heaps.values())) < 2000


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["w", "v", None]), st.booleans()), max_size=30))
def test_off_line_and_embedded_raise_the_same_alerts(parts: list[tuple[int, str | None, bool]]) -> None:
    lines = [
        line(f"e{number}", moment / 4, **({"who": who} if who else {}), **({"mark": "x"} if marked else {}))
        for number, (moment, who, marked) in enumerate(parts)
    ]
    store = MemoryStore()
    runner = Embedded(rooms(Marked(), Quiet()), store, [FakeIntake("file", lines)], FakeClock(), 7)
    while runner.turn().records:
        pass
    live = {alert.id: alert for alert in store.alerts(AlertQuery(limit=1000))}
    folded = {alert.id: alert for alert in detect_grouped(rooms(Marked(), Quiet()), records(*lines))}
    assert folded == live
    single = [alert.finding for alert in detect(rooms(Marked(), Quiet()), records(*lines))]
    assert len(single) == sum(alert.count for alert in live.values())
