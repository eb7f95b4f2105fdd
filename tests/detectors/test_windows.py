"""Correlations of one group, in any order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sigma.model import Correlation
from detectors.windows import Windows, ordered, percentile_of

MINUTE = 60_000
END = 1 << 50


def correlation(kind="event_count", rules=("r0",), timespan=5 * MINUTE, **more) -> Correlation:
    return Correlation(id="c", title="t", level="low", kind=kind, rules=tuple(rules), timespan=timespan, **more)


def row(time, uid, rule=0, value=None):
    return [time, rule, "s", uid, value, "someone", ["u", "", ""], {"group": []}]


def run(rule, rows, lateness=0, ticks=True):
    windows, memory, found, due = Windows(rule, lateness), None, [], None
    clock = 0
    for each in rows:
        clock = max(clock, each[0])
        while ticks and due is not None and due <= clock:
            advance = windows.advance(memory, None, due)
            memory, due = advance.memory, advance.due
            found.extend(advance.conclusions)
        advance = windows.advance(memory, each, each[0])
        memory, due = advance.memory, advance.due
        found.extend(advance.conclusions)
    while ticks and due is not None:
        advance = windows.advance(memory, None, due)
        assert advance.due is None or advance.due > due
        memory, due = advance.memory, advance.due
        found.extend(advance.conclusions)
    assert not ticks or memory is None
    return [(each.time, [r[3] for r in each.rows], each.figure) for each in found]


def test_a_count_is_reached_inside_a_sliding_window():
    rows = [row(n * MINUTE, f"e{n}") for n in (0, 4, 5)]
    assert run(correlation(bounds=(("gte", 3.0),)), rows) == [(5 * MINUTE, ["e0", "e4", "e5"], 3.0)]


def test_a_count_that_is_spread_wider_is_not_reached():
    rows = [row(n * MINUTE, f"e{n}") for n in (0, 4, 6)]
    assert run(correlation(bounds=(("gte", 3.0),)), rows) == []


def test_one_group_is_told_once_a_window():
    rows = [row(n * 1000, f"e{n}") for n in range(100)]
    assert len(run(correlation(bounds=(("gte", 3.0),)), rows)) == 1


def test_what_goes_on_longer_than_the_window_is_told_again():
    rows = [row(n * MINUTE, f"e{n}") for n in range(12)]
    assert [time // MINUTE for time, _rows, _figure in run(correlation(bounds=(("gte", 3.0),)), rows)] == [2, 8]


def test_an_event_counts_once():
    rows = [row(1000, "same")] * 5
    assert run(correlation(bounds=(("gte", 2.0),)), rows) == []


def test_a_range_has_two_bounds():
    rows = [row(n, f"e{n}") for n in range(4)]
    assert run(correlation(bounds=(("gt", 1.0), ("lt", 4.0))), rows)[0][0] == 1
    assert run(correlation(bounds=(("gt", 4.0), ("lt", 9.0))), rows) == []


def test_distinct_values_are_counted_without_null():
    many = correlation("value_count", bounds=(("gte", 3.0),), fields=("f",))
    assert run(many, [row(n, f"e{n}", value=value) for n, value in enumerate(["a", "a", None, "b"])]) == []
    assert run(many, [row(n, f"e{n}", value=value) for n, value in enumerate(["a", "a", "c", "b"])])[0][2] == 3.0


@pytest.mark.parametrize(
    ("kind", "figure"), [("value_sum", 60.0), ("value_avg", 15.0), ("value_median", 15.0), ("value_percentile", 25.5)]
)
def test_figures_are_made_of_numbers(kind, figure):
    rule = correlation(kind, bounds=(("gte", figure), ("lte", figure)), fields=("f",), percentile=85.0)
    rows = [
        row(1, "a", value="0"),
        row(1, "b", value=10),
        row(1, "c", value="20"),
        row(1, "d", value=30),
        row(1, "e", value="x"),
    ]
    assert run(rule, rows, lateness=1)[0][2] == figure


def test_percentiles_are_interpolated():
    assert percentile_of([1, 2, 3, 4], 50) == 2.5
    assert percentile_of([7], 99) == 7


def test_temporal_wants_each_rule_in_any_order():
    both = correlation("temporal", rules=("r0", "r1"))
    assert run(both, [row(1, "a", 1), row(2, "b", 0)])
    assert not run(both, [row(1, "a", 1), row(2, "b", 1)])


def test_temporal_ordered_wants_each_rule_in_its_order():
    both = correlation("temporal_ordered", rules=("r0", "r1"))
    assert run(both, [row(1, "a", 0), row(2, "b", 1)])
    assert not run(both, [row(1, "a", 1), row(2, "b", 0)])
    assert run(both, [row(1, "a", 1), row(2, "b", 0), row(3, "c", 1)])


def test_the_same_time_counts_as_in_order():
    assert ordered([row(5, "x", 0), row(5, "w", 1)], range(2)) == 2
    assert run(correlation("temporal_ordered", rules=("r0", "r1")), [row(5, "a", 1), row(5, "b", 0)])


def test_silence_is_noticed_when_time_passes():
    rows = [row(n * MINUTE, f"e{n}") for n in (0, 1, 2)]
    (only,) = run(correlation(bounds=(("lt", 1.0),)), rows)
    assert only == (2 * MINUTE + 5 * MINUTE + 1, ["e2"], 0.0)


def test_a_memory_is_forgotten_in_the_end():
    assert run(correlation(bounds=(("gte", 9.0),)), [row(5, "a")]) == []


def test_a_memory_is_bounded():
    windows, memory = Windows(correlation(bounds=(("gte", 5.0),), timespan=10**9)), None
    for n in range(3000):
        memory = windows.advance(memory, row(n, f"e{n}"), n).memory
    assert len(memory["rows"]) <= 500


def test_a_step_leaves_the_memory_it_was_given_as_it_was():
    windows = Windows(correlation(bounds=(("gte", 2.0),)))
    memory = windows.advance(None, row(1, "a"), 1).memory
    before = repr(memory)
    windows.advance(memory, row(2, "b"), 2)
    assert repr(memory) == before


KINDS = (
    {"bounds": (("gte", 3.0),)},
    {"kind": "value_count", "bounds": (("gte", 2.0),), "fields": ("f",)},
    {"kind": "temporal", "rules": ("r0", "r1", "r2")},
    {"kind": "temporal_ordered", "rules": ("r0", "r1", "r2")},
    {"kind": "value_sum", "bounds": (("gt", 5.0),), "fields": ("f",)},
    {"bounds": (("lt", 2.0),)},
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)
def test_any_order_within_the_lateness_gives_the_same_conclusions(kind, drawn, dice):
    rule = correlation(**{"timespan": 10_000, **kind})
    rows = [row(time * 1000, f"e{n}", number, value) for n, (time, number, value) in enumerate(drawn)]
    expected = run(rule, sorted(rows), lateness=50_000)
    shuffled = rows[:]
    dice.shuffle(shuffled)
    assert run(rule, shuffled, lateness=50_000) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=40), st.integers(0, 2**32))
def test_rows_that_are_a_little_late_change_nothing(times, seed):
    dice = random.Random(seed)
    rows = [row(time * 1000, f"e{n}") for n, time in enumerate(sorted(times))]
    late = sorted(rows, key=lambda each: each[0] + dice.randrange(5_000))
    rule = correlation(timespan=10_000, bounds=(("gte", 3.0),))
    assert run(rule, late, lateness=5_000) == run(rule, rows, lateness=5_000)


def test_judged_at_once_a_late_row_still_counts():
    rule = correlation(bounds=(("gte", 3.0),))
    rows = [row(MINUTE, "a"), row(3 * MINUTE, "c"), row(2 * MINUTE, "b")]
    assert [time for time, _rows, _figure in run(rule, rows)] == [3 * MINUTE]


def crowded(kind="event_count", lateness=0, **more):
    return Windows(correlation(kind, timespan=10**9, **more), lateness)


def fed(windows, rows):
    """The memory after all rows, what was concluded, and how many rows had to go."""
    memory, found, gone = None, [], 0
    for each in rows:
        advance = windows.advance(memory, each, each[0])
        memory, gone = advance.memory, gone + advance.let_go
        found.extend(advance.conclusions)
    return memory, found, gone


def test_what_has_to_go_is_counted_and_said_in_what_is_concluded():
    rows = [row(n, f"e{n:05}", value=str(n)) for n in range(2700)]
    rule = {"kind": "value_sum", "bounds": (("gte", 3_000_000.0),), "fields": ("f",)}
    memory, found, gone = fed(crowded(**rule), rows)
    assert gone == 2700 - len(memory["rows"])
    assert 0 < found[0].let_go <= gone


def test_nothing_is_said_of_rows_that_are_too_old_to_count():
    rows = [row(n, f"e{n:05}") for n in range(700)] + [row(10**10 + n, f"x{n}") for n in range(3)]
    rule = correlation(bounds=(("gte", 3.0),), timespan=10**9)
    _memory, found, gone = fed(Windows(rule), rows)
    assert gone
    assert [each.let_go for each in found] == [0, 0]


def test_noise_of_one_value_does_not_push_out_the_others():
    few = [row(n, f"v{n}", value=f"user{n}") for n in range(9)]
    noise = [row(100 + n, f"n{n:05}", value="user0") for n in range(5000)]
    last = row(10_000, "last", value="user9")
    rule = {"kind": "value_count", "bounds": (("gte", 10.0),), "fields": ("f",)}
    _memory, found, gone = fed(crowded(**rule), [*few, *noise, last])
    assert ([each.figure for each in found], gone) == ([10.0], 0)


def test_noise_of_one_rule_does_not_push_out_the_other():
    rows = [row(1, "first", 1), *(row(2 + n, f"n{n:05}", 0) for n in range(5000)), row(9_000, "third", 2)]
    _memory, found, gone = fed(crowded("temporal", rules=("r0", "r1", "r2")), rows)
    assert ([each.figure for each in found], gone) == ([3.0], 0)


def test_a_flood_within_the_lateness_is_judged_before_it_goes():
    rows = [*(row(n, f"a{n}") for n in range(3)), *(row(10**9 + 5 + n, f"n{n:05}") for n in range(8000))]
    windows = Windows(correlation(bounds=(("gte", 3.0),), timespan=1000), 10**10)
    memory, found, _gone = fed(windows, rows)
    assert [each.time for each in found][:1] == [2]
    assert len(memory["rows"]) <= 5000


def test_a_row_that_claims_to_be_from_the_future_does_not_blind_the_group():
    windows, rule_time = Windows(correlation(bounds=(("gte", 3.0),))), 10 * 365 * 86_400_000
    memory = windows.advance(None, row(rule_time, "future"), 1).memory
    found = []
    for n in range(3):
        advance = windows.advance(memory, row(n * 1000, f"e{n}"), n * 1000)
        memory = advance.memory
        found += advance.conclusions
    assert [[each[3] for each in one.rows] for one in found] == [["e0", "e1", "e2"]]


def test_a_row_from_the_future_does_not_wait_for_its_time():
    windows, ahead, memory, found = Windows(correlation(bounds=(("gte", 3.0),)), 5_000), 8 * 3_600_000, None, []
    for n in range(3):
        advance = windows.advance(memory, row(ahead + n, f"e{n}"), 1_000)
        memory = advance.memory
        found += advance.conclusions
    assert [one.time - ahead for one in found] == [2]


def test_a_clock_that_is_a_minute_ahead_does_not_make_others_forget():
    windows = Windows(correlation(timespan=1_000, bounds=(("gte", 2.0),)))
    first = windows.advance(None, row(0, "a"), 0)
    assert first.due is not None
    assert first.due > 60_000
