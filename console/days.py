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
