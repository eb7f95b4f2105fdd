"""Days and moments as people write them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from yunshao.errors import WrongUse

DAY_MS = 86_400_000


def time_of(text: str, zone: str, *, end: bool = False) -> int:
    """A day or a moment as ms; `end` takes a day's last moment. Raises WrongUse."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(zone))
        milliseconds = int(found.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise WrongUse(f"no day {text[:40]!r}", "for example 2026-03-31 or 2026-03-31T08:00") from None
    return milliseconds + DAY_MS - 1 if end and len(text) == 10 else milliseconds


def month_of(text: str, zone: str) -> tuple[int, int]:
    """A month such as `2026-03` as [begin, end) in ms. Raises WrongUse."""
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=ZoneInfo(zone))
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        return int(first.timestamp() * 1000), int(after.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise WrongUse(f"no month {text[:40]!r}", "for example 2026-03") from None
