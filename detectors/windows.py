"""Sigma correlations of one group: what was seen lately, and whether that is enough to conclude something.

Windows slide: a conclusion may end at any row, and covers the rows not older than the timespan. All times are event
times. A row is judged once time is `lateness` past it, in the order of time: so rows may arrive in any order within the
lateness and give the same conclusions. A row that comes later still is judged for what it adds. After a conclusion the
group is silent for one timespan.

A group holds a bounded number of rows. When they are too many, the oldest are judged without waiting for what is late;
then rows go that a newer one says again (the same value, the same rule), and then the oldest. Those are counted.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from detectors.sigma.model import Correlation
from detectors.sigma.read_correlation import FIGURES
from detectors.sigma.tree import AllOf, AnyOf, Item, Node, Not
from detectors.sigma.values import number_of
from detectors.spec import FUTURE_MS

TIME, RULE, SOURCE, UID, VALUE, ENTITY, OWNER, UP = range(8)
Row = list[Any]
"""[time, number of the rule, source, uid, value, entity, [unit, system, cloud], fields for outer correlations]"""

MIN_ROWS = 500
MIN_ROWS_LATE = 5_000
ROWS_OF_FIGURES = 2_000
_SAYS: dict[str, Callable[[Row], Any]] = {
    "value_count": lambda row: row[VALUE],
    "temporal": lambda row: row[RULE],
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda figure, bound: figure > bound,
    "gte": lambda figure, bound: figure >= bound,
    "lt": lambda figure, bound: figure < bound,
    "lte": lambda figure, bound: figure <= bound,
    "eq": lambda figure, bound: figure == bound,
    "neq": lambda figure, bound: figure != bound,
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The correlation holds at `time` over these rows; `figure` is what was counted.

    `let_go`: how many rows of this time the group could not hold, so that they were not counted.
    """

    time: int
    rows: tuple[Row, ...]
    figure: float
    let_go: int = 0


@dataclass(frozen=True, slots=True)
class Advance:
    """The memory after one row or tick (None: nothing left to remember), what was concluded, the next wake-up.

    `let_go`: how many rows had to go because the group holds too many. `put_off`: how much later than the group asked
    for it this tick came. `reached`: the newest time of the group by itself.
    """

    memory: dict[str, Any] | None
    conclusions: tuple[Conclusion, ...]
    due: int | None
    let_go: int = 0
    put_off: int = 0
    reached: int | None = None


class Windows:
    """One correlation's way with the memory of a group."""

    def __init__(self, correlation: Correlation, lateness: int = 0) -> None:
        self._correlation = correlation
        self._span = correlation.timespan
        self._lateness = lateness
        self._silence = _is_about_silence(correlation)
        self._shift = self._span + 1 if self._silence else 0
        self._capacity = _capacity(correlation, lateness)
        self._says = _SAYS.get(correlation.kind)
        self._counts = correlation.kind == "event_count" and bool(correlation.bounds)

    def advance(self, memory: dict[str, Any] | None, row: Row | None, now: int, *, closing: bool = False) -> Advance:
        """One row, or a tick at `now`, against the memory of its group. `closing`: nothing more will come.

        `now` is at most what the clock allows: a row may be from the future. Then it is judged at once, because its
        time is long in coming, and it does not make the others old.

        Rows that are late for everybody (a file of last week that is read today) are on time for each other: a tick
        moves their group no further than to the time that it asked for.
        """
        group = _Group(memory)
        put_off = 0
        if row is None and not closing and (asked := self._due(group)) is not None and now > asked:
            put_off, now = now - asked, asked
        group.watermark = now if group.watermark is None else max(group.watermark, now)
        concluded: list[Conclusion] = []
        if row is not None and group.add(row) and group.mark is not None and row[TIME] <= group.mark:
            concluded.extend(self._late(group, row[TIME]))
        from_the_future = row is not None and row[TIME] > now
        concluded.extend(self._in_order(group, group.newest() - (0 if from_the_future else self._lateness)))
        # Somebody's clock may have moved time on by this much too far.
        group.forget(group.watermark - 2 * self._span - self._lateness - FUTURE_MS)
        let_go = 0
        if len(group.rows) > self._capacity:
            concluded.extend(self._ahead(group))
            let_go = group.thin(self._says, self._capacity)
        due = self._due(group)
        return Advance(group.memory(), tuple(concluded), due, let_go, put_off, group.watermark)

    def _ahead(self, group: _Group) -> list[Conclusion]:
        """Judge what has to go. Silence cannot be judged ahead: its end has not come."""
        if self._silence:
            return []
        return self._in_order(group, int(group.rows[len(group.rows) - kept(self._capacity)][TIME]))

    def _points(self, group: _Group, after: int | None, until: int) -> list[int]:
        """The times in (after, until] at which the window is looked at: each row's, or its leaving the window."""
        first = 0 if after is None else group.place_after(after - self._shift)
        last = group.place_after(until - self._shift)
        return list(dict.fromkeys(row[TIME] + self._shift for row in group.rows[first:last]))

    def _in_order(self, group: _Group, until: int) -> list[Conclusion]:
        found = []
        for point in self._points(group, group.mark, until):
            concluded = self._judge(group, point)
            if concluded is not None:
                found.append(concluded)
            group.mark = point
        return found

    def _late(self, group: _Group, time: int) -> list[Conclusion]:
        """What a row adds to windows that were judged without it."""
        until = min(group.mark or time, time + self._span)
        found = (self._judge(group, point) for point in self._points(group, time - 1, until))
        return [concluded for concluded in found if concluded is not None]

    def _judge(self, group: _Group, point: int) -> Conclusion | None:
        if any(abs(point - fired) <= self._span for fired in group.fires):
            return None
        if self._counts and not self._holds((), float(group.count(point - self._span, point))):
            return None
        rows = group.between(point - self._span, point)
        figure = figure_of(self._correlation, rows)
        if figure is None or not self._holds(rows, figure):
            return None
        shown = rows or group.between(point - self._span - 1, point)
        if not shown:
            return None
        group.fires.append(point)
        return Conclusion(point, tuple(shown), figure, group.gone_since(point - self._span))

    def _holds(self, rows: Sequence[Row], figure: float) -> bool:
        correlation = self._correlation
        if correlation.bounds:
            return all(_COMPARE[operator](figure, bound) for operator, bound in correlation.bounds)
        if correlation.condition is None:
            return figure >= len(correlation.rules)
        present = {row[RULE] for row in rows}
        if not _tree_holds(correlation.condition, present):
            return False
        return correlation.kind != "temporal_ordered" or ordered(rows, sorted(present)) == len(present)

    def _due(self, group: _Group) -> int | None:
        if not group.rows and not group.fires:
            return None
        place = 0 if group.mark is None else group.place_after(group.mark - self._shift)
        if place < len(group.rows):
            return int(group.rows[place][TIME]) + self._shift + self._lateness
        newest = max([row[TIME] for row in group.rows[-1:]] + group.fires[-1:])
        return int(newest) + 2 * self._span + self._lateness + FUTURE_MS + 1


class _Group:
    """The memory of one group, opened."""

    def __init__(self, memory: dict[str, Any] | None) -> None:
        held = memory or {}
        self.rows: list[Row] = list(held.get("rows", ()))
        self.fires: list[int] = list(held.get("fires", ()))
        self.mark: int | None = held.get("mark")
        self.watermark: int | None = held.get("watermark")
        self.gone: list[int] = list(held.get("gone", ()))

    def add(self, row: Row) -> bool:
        """Put the row in its place; false for one that is there already."""
        key = row[:VALUE]
        place = bisect_left(self.rows, key, key=_order)
        if place < len(self.rows) and self.rows[place][:VALUE] == key:
            return False
        self.rows.insert(place, row)
        return True

    def newest(self) -> int:
        """The newest time that the group has heard of."""
        times: list[int] = [row[TIME] for row in self.rows[-1:]]
        return max(times if self.watermark is None else [*times, self.watermark])

    def thin(self, says: Callable[[Row], Any] | None, capacity: int) -> int:
        """Hold clearly fewer than `capacity` rows; gives how many went that nothing newer stands for."""
        if says is not None and self.mark is not None:
            judged = self.place_after(self.mark)
            latest = {_key(says(row)): row for row in self.rows[:judged]}
            self.rows[:judged] = [row for row in self.rows[:judged] if latest[_key(says(row))] is row]
        excess = len(self.rows) - kept(capacity)
        if len(self.rows) <= capacity - capacity // 10:
            return 0
        self.gone = [sum(self.gone[:1]) + excess, self.rows[excess - 1][TIME]]
        del self.rows[:excess]
        return excess

    def gone_since(self, time: int) -> int:
        """How many rows had to go, if some of this time or later did."""
        return self.gone[0] if self.gone and self.gone[1] >= time else 0

    def place_after(self, time: int) -> int:
        """The place of the first row after this time."""
        return bisect_right(self.rows, time, key=_time)

    def count(self, first: int, last: int) -> int:
        """How many rows are of these times, both included."""
        return bisect_right(self.rows, last, key=_time) - bisect_left(self.rows, first, key=_time)

    def between(self, first: int, last: int) -> list[Row]:
        """The rows of these times, both included."""
        begin = bisect_left(self.rows, first, key=_time)
        return self.rows[begin : bisect_right(self.rows, last, key=_time)]

    def forget(self, horizon: int) -> None:
        """Drop what no window can reach any more."""
        del self.rows[: bisect_left(self.rows, horizon, key=_time)]
        self.fires = sorted(time for time in self.fires if time >= horizon)

    def memory(self) -> dict[str, Any] | None:
        if not self.rows and not self.fires:
            return None
        held = {"rows": self.rows, "fires": self.fires, "mark": self.mark, "watermark": self.watermark}
        return {**held, "gone": self.gone} if self.gone else held


def _capacity(correlation: Correlation, lateness: int) -> int:
    """How many rows a group may hold: far more than a count asks for. Figures are made of all rows: that takes time."""
    if correlation.kind in FIGURES:
        return ROWS_OF_FIGURES
    highest = max((bound for _operator, bound in correlation.bounds), default=0.0)
    return max(MIN_ROWS_LATE if lateness else MIN_ROWS, int(highest) * 2 + 100)


def kept(capacity: int) -> int:
    """How many rows stay when a group is too large: so many fewer that it is not so again at once."""
    return capacity * 3 // 4


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _order(row: Row) -> Row:
    return row[:VALUE]


def _time(row: Row) -> int:
    time: int = row[TIME]
    return time


def _is_about_silence(correlation: Correlation) -> bool:
    """Whether the condition is met by no rows at all, so that only the passing of time can show it."""
    if correlation.kind not in ("event_count", "value_count"):
        return False
    return all(_COMPARE[operator](0.0, bound) for operator, bound in correlation.bounds)


def figure_of(correlation: Correlation, rows: Sequence[Row]) -> float | None:
    """What the correlation counts over the rows; None where there is nothing to say."""
    match correlation.kind:
        case "event_count":
            return float(len(rows))
        case "value_count":
            return float(len({_key(row[VALUE]) for row in rows} - {None}))
        case "temporal":
            return float(len({row[RULE] for row in rows}))
        case "temporal_ordered":
            return float(ordered(rows, range(len(correlation.rules))))
        case kind:
            numbers = [number for row in rows if (number := _number(row[VALUE])) is not None]
            return _statistic(kind, numbers, correlation.percentile) if numbers else None


@lru_cache(maxsize=16_384)
def _number_of_text(text: str) -> float | None:
    return number_of(text)


def _number(value: Any) -> float | None:
    return _number_of_text(value) if isinstance(value, str) else number_of(value)


def _statistic(kind: str, numbers: list[float], percentile: float) -> float:
    if kind == "value_sum":
        return sum(numbers)
    if kind == "value_avg":
        return statistics.fmean(numbers)
    return percentile_of(numbers, 50.0 if kind == "value_median" else percentile)


def percentile_of(numbers: Sequence[float], percentile: float) -> float:
    """The p-th percentile, by linear interpolation between the two nearest."""
    ranked = sorted(numbers)
    place = (len(ranked) - 1) * percentile / 100
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def ordered(rows: Sequence[Row], rules: Sequence[int]) -> int:
    """How many of the rules, from the first on, are met one after the other; the same time counts as after."""
    met = 0
    for row in rows:
        if met < len(rules) and row[RULE] == rules[met]:
            met += 1
    return met


def _tree_holds(node: Node, present: set[int]) -> bool:
    match node:
        case Item(field):
            return field is not None and int(field) in present
        case Not(child):
            return not _tree_holds(child, present)
        case AllOf(children):
            return all(_tree_holds(child, present) for child in children)
        case AnyOf(children):
            return any(_tree_holds(child, present) for child in children)
