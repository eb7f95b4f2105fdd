"""Planned moments and working days: cron in a time zone, lists of holidays, periods when nothing runs.

Times are ms since 1970, UTC; a day is a date of the time zone that is given. Nothing here knows what is planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from yunshao.errors import BadConfiguration

# What becomes of a moment that falls on a day off.
Off = Literal["keep", "next", "previous", "skip"]
OFF: tuple[Off, ...] = ("keep", "next", "previous", "skip")
WEEKEND = (5, 6)
MAX_DAYS = 4000
MAX_RANGE = 400
MAX_TRIES = 20_000
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkDays:
    """Which days are worked: weekdays, without holidays, and with the weekends that are worked in exchange (调休)."""

    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Whether a day is worked; a day in both lists is."""
        return day in self.worked or (day.weekday() not in WEEKEND and day not in self.holidays)

    def on_or_after(self, day: date) -> date:
        """The first working day from a day on. Raises BadConfiguration where ten years have none."""
        return self._first(day, ONE_DAY)

    def on_or_before(self, day: date) -> date:
        """The last working day up to a day. Raises BadConfiguration where ten years have none."""
        return self._first(day, -ONE_DAY)

    def _first(self, day: date, step: timedelta) -> date:
        for _ in range(3700):
            if self.works(day):
                return day
            day += step
        raise BadConfiguration("the calendar has no working day", "list fewer holidays")

    def add(self, day: date, count: int) -> date:
        """The day that is `count` working days after a day (before it, where negative); the day itself never counts."""
        step = ONE_DAY if count >= 0 else -ONE_DAY
        for _ in range(abs(count)):
            day = self._first(day + step, step)
        return day

    def between(self, first: date, last: date) -> int:
        """How many working days there are after `first` and up to `last`; negative where `last` comes before."""
        if last < first:
            return -self.between(last, first)
        days = (last - first).days
        return sum(self.works(first + timedelta(days=i)) for i in range(1, days + 1))


EVERY_WEEKDAY = WorkDays()


@dataclass(frozen=True, slots=True)
class Blackout:
    """A period [start, end) in ms when nothing is begun, and why."""

    start: int
    end: int
    why: str = ""


def days_of(texts: Sequence[str], where: str) -> frozenset[date]:
    """Dates written as `2026-10-01`, or `2026-10-01..2026-10-07` with both ends. Raises BadConfiguration."""
    found: set[date] = set()
    for text in texts:
        first, _, last = str(text).partition("..")
        try:
            begin = date.fromisoformat(first.strip())
            end = date.fromisoformat(last.strip()) if last else begin
        except ValueError:
            raise BadConfiguration(f"{text!r} is no day", "2026-10-01, or 2026-10-01..2026-10-07", where) from None
        if not 0 <= (end - begin).days < MAX_RANGE:
            raise BadConfiguration(f"{text!r} is no stretch of days", f"1 to {MAX_RANGE} of them", where)
        found |= {begin + timedelta(days=i) for i in range((end - begin).days + 1)}
    if len(found) > MAX_DAYS:
        raise BadConfiguration(f"more than {MAX_DAYS} days", "", where)
    return frozenset(found)


def work_days(holidays: Sequence[str], worked: Sequence[str]) -> WorkDays:
    """The working days of two lists as people write them. Raises BadConfiguration."""
    return WorkDays(days_of(holidays, "calendar.holidays"), days_of(worked, "calendar.worked"))


def blackout_of(start: str, end: str, why: str, zone: str) -> Blackout:
    """A period as people write it, by days (with the last one) or by moments of the zone. Raises BadConfiguration."""
    where = "calendar.blackouts"
    try:
        begin, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError:
        raise BadConfiguration(f"{start!r} to {end!r} is no period", "2026-10-01 or 2026-10-01T18:00", where) from None
    if "T" not in end:
        last += ONE_DAY
    first, until = (_ms(one if one.tzinfo else one.replace(tzinfo=ZoneInfo(zone))) for one in (begin, last))
    found = Blackout(first, until, why)
    if found.start >= found.end:
        raise BadConfiguration(f"{start} to {end} ends before it begins", "", where)
    return found


def day_of(at: int, zone: str) -> date:
    """The date of a moment in a time zone."""
    return _local(at, zone).date()


def start_of(day: date, zone: str) -> int:
    """The first moment of a day in a time zone, in ms."""
    return _ms(datetime.combine(day, time(), ZoneInfo(zone)))


def end_of(day: date, zone: str) -> int:
    """The moment at which a day ends in a time zone, in ms."""
    return start_of(day + ONE_DAY, zone)


def deadline(since: int, count: int, zone: str, days: WorkDays = EVERY_WEEKDAY) -> int:
    """The end of the `count`-th working day after the day of a moment, in ms."""
    return end_of(days.add(day_of(since, zone), count), zone)


def next_run(cron: str, after: int, zone: str, days: WorkDays = EVERY_WEEKDAY, off: Off = "keep") -> int:
    """The first planned moment after a time, in ms; one on a day off stays, moves at the same hour, or falls out.

    Raises BadConfiguration for a plan that cannot be or never comes.
    """
    if off == "keep":
        return _ms(next(_cron(cron, after, zone)))
    best: datetime | None = None
    # A moment that was planned on the days off before today may move to today.
    first = days.on_or_before(day_of(after, zone) - ONE_DAY) + ONE_DAY if off == "next" else day_of(after, zone)
    for planned in islice(_cron(cron, start_of(first, zone) - 1, zone), MAX_TRIES):
        moved = _moved(planned, days, off)
        if moved is None or _ms(moved) <= after:
            continue
        if best is not None and moved.date() > best.date():
            break
        # Of several that move to one day, the earliest hour comes first.
        best = moved if best is None or _ms(moved) < _ms(best) else best
    if best is None:
        raise BadConfiguration(f"schedule {cron!r} never comes on a working day", f"one of {', '.join(OFF)}")
    return _ms(best)


def runs_between(
    cron: str, since: int, until: int, zone: str, days: WorkDays = EVERY_WEEKDAY, off: Off = "keep", limit: int = 1000
) -> list[int]:
    """The planned moments after `since` and up to `until`, earliest first, at most `limit`. Raises BadConfiguration."""
    found: list[int] = []
    at = since
    while len(found) < limit and (at := next_run(cron, at, zone, days, off)) <= until:
        found.append(at)
    return found


def due(
    schedules: Iterable[tuple[str, str]],
    last: Mapping[str, int],
    now: int,
    zone: str,
    days: WorkDays = EVERY_WEEKDAY,
    off: Off = "keep",
) -> list[str]:
    """Names of the schedules with a planned moment after their last run and up to now, in the order given.

    However many moments were missed, one is named once; what never ran waits for its next. Raises BadConfiguration.
    """
    return [name for name, cron in schedules if next_run(cron, last.get(name, now), zone, days, off) <= now]


def blackout_at(at: int, blackouts: Iterable[Blackout]) -> Blackout | None:
    """The period that a moment falls into, if any; of several the one that ends last."""
    return max((one for one in blackouts if one.start <= at < one.end), key=lambda one: one.end, default=None)


def after_blackouts(at: int, blackouts: Sequence[Blackout]) -> int:
    """The moment itself, or the end of the periods that it falls into, one after the other."""
    while held := blackout_at(at, blackouts):
        at = held.end
    return at


def _cron(cron: str, after: int, zone: str) -> Iterator[datetime]:
    try:
        planned = CronSim(cron, _local(after, zone))
    except CronSimError as error:
        raise BadConfiguration(f"schedule {cron!r}: {error}", "five fields, as in cron") from None
    while True:
        try:
            yield next(planned)
        except (CronSimError, StopIteration):
            raise BadConfiguration(f"schedule {cron!r} never comes", "five fields, as in cron") from None


def _moved(planned: datetime, days: WorkDays, off: Off) -> datetime | None:
    day = planned.date()
    if days.works(day):
        return planned
    if off == "skip":
        return None
    day = days.on_or_after(day) if off == "next" else days.on_or_before(day)
    return datetime.combine(day, planned.timetz())


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone))


def _ms(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1000)
