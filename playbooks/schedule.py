"""Which playbooks are due: cron in a time zone, on working days, a missed run caught up once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from yunshao.errors import BadConfiguration

SATURDAY = 5
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off besides weekends, and days at weekends on which work is done instead."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Whether this is a working day."""
        return day in self.workdays or (day.weekday() < SATURDAY and day not in self.holidays)

    def moved(self, at: datetime) -> datetime:
        """The same time of the day on the next working day, or this one; at most 60 days later."""
        for days in range(LONGEST):
            later = at + timedelta(days=days)
            if self.works(later.date()):
                return later
        return at


def due(
    schedules: Sequence[tuple[str, str]],
    last: Mapping[str, int],
    now: int,
    zone: str,
    calendars: Mapping[str, Calendar] | None = None,
) -> list[str]:
    """Ids of the playbooks with a planned moment after their last run and up to now, in the order given.

    However many moments were missed, a playbook is named once. Times in ms; `calendars` are of those that keep working
    days. Raises BadConfiguration.
    """
    of = calendars or {}
    return [key for key, cron in schedules if next_run(cron, last.get(key, now), zone, of.get(key)) <= now]


def next_run(cron: str, after: int, zone: str, calendar: Calendar | None = None) -> int:
    """The first planned moment after a time, in ms, moved to a working day by a calendar. Raises BadConfiguration."""
    try:
        start = datetime.fromtimestamp(after / 1000, ZoneInfo(zone))
        planned = next(CronSim(cron, start))
        found = calendar.moved(planned) if calendar else planned
        return int(found.astimezone(UTC).timestamp() * 1000)
    except CronSimError as error:
        raise BadConfiguration(f"schedule {cron!r}: {error}", "five fields, as in cron") from None
    except StopIteration:
        raise BadConfiguration(f"schedule {cron!r} never comes", "five fields, as in cron") from None


@dataclass(frozen=True, slots=True)
class Marks:
    """What a run had seen when it began: the live systems, and when (ms) it looked."""

    systems: frozenset[str]
    looked: int


def happened(
    on: Sequence[str],
    marks: Marks,
    systems: frozenset[str],
    exposures: Sequence[int],
    drills: Sequence[int],
) -> str:
    """The first event that came since the marks, empty for none.

    `systems` are live by now; `exposures` and `drills` are when critical exposures were detected and drills ended (ms).
    """
    found = {
        "new_system": bool(systems - marks.systems),
        "critical_exposure": any(at > marks.looked for at in exposures),
        "drill_finished": any(at > marks.looked for at in drills),
    }
    return next((name for name in on if found[name]), "")
