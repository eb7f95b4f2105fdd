"""Which playbooks are due: cron in a time zone, a missed run caught up once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from yunshao.errors import BadConfiguration


def due(schedules: Sequence[tuple[str, str]], last: Mapping[str, int], now: int, zone: str) -> list[str]:
    """Ids of the playbooks with a planned moment after their last run and up to now, in the order given.

    However many moments were missed, a playbook is named once. Times in ms. Raises BadConfiguration.
    """
    return [playbook for playbook, cron in schedules if next_run(cron, last.get(playbook, now), zone) <= now]


def next_run(cron: str, after: int, zone: str) -> int:
    """The first planned moment after a time, in ms. Raises BadConfiguration."""
    try:
        start = datetime.fromtimestamp(after / 1000, ZoneInfo(zone))
        return int(next(CronSim(cron, start)).astimezone(UTC).timestamp() * 1000)
    except CronSimError as error:
        raise BadConfiguration(f"schedule {cron!r}: {error}", "five fields, as in cron") from None
    except StopIteration:
        raise BadConfiguration(f"schedule {cron!r} never comes", "five fields, as in cron") from None
