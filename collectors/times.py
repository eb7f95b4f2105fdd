"""Moments as logs write them, to whole milliseconds since 1970, UTC. Any year is taken: the time is the event's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from math import isfinite
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FURTHEST = 253_402_300_800_000
_SECONDS_BELOW = 100_000_000_000


def millis(value: Any) -> int | None:
    """A moment from ISO 8601 text, or from a count of seconds or milliseconds; None when it is neither."""
    if value.__class__ is str:
        return iso_millis(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return epoch_millis(value)
    return None


def iso_millis(text: str) -> int | None:
    """A moment from ISO 8601 text; UTC where no zone is given."""
    if len(text) == 20 and text[19] == "Z":
        minute, seconds = _minute_millis(text[:17]), text[17:19]
        if minute is not None and seconds.isdecimal() and seconds < "60":
            return minute + int(seconds) * 1000
    return _any_iso_millis(text)


def iso_millis_all(texts: Sequence[Any]) -> list[int] | None:
    """`iso_millis` of each of these; None where one is no text or no moment. Equal texts cost little."""
    distinct = set(texts)
    if set(map(type, distinct)) != {str}:
        return None
    known = {text: iso_millis(text) for text in distinct}
    moments = [known[text] for text in texts]
    return None if None in known.values() else moments  # type: ignore[return-value]


@lru_cache(maxsize=1 << 12)
def _minute_millis(start: str) -> int | None:
    """The moment at which a minute begins (`2026-01-02T03:04:`): most logs tell of the same minute many times."""
    return _any_iso_millis(f"{start}00Z")


def _any_iso_millis(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        mended = _mended(text)
        if mended is None:
            return _from_digits(text)
        moment = mended
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def epoch_millis(value: float) -> int | None:
    """A moment from a count since 1970, in seconds when it is small enough, else in milliseconds."""
    if not isfinite(value):
        return None
    moment = round(value * 1000) if abs(value) < _SECONDS_BELOW else int(value)
    return moment if abs(moment) <= _FURTHEST else None


def local_millis(moment: datetime, offset_hours: float = 0) -> int:
    """A moment without a zone, in the zone that the source is known to write."""
    zone = timezone(timedelta(hours=offset_hours))
    return (moment.replace(tzinfo=zone) - _EPOCH) // _MILLISECOND


def _mended(text: str) -> datetime | None:
    """A leap second, blanks around, and the way of `2016/12/08 11:07:28 GMT+08:00`."""
    mended = text.strip(" \t\0")
    if len(mended) < 40 and (mended[4:5] == "/" or " GMT" in mended or mended.endswith(" UTC")):
        mended = mended.replace("/", "-").replace(" GMT", "").replace(" UTC", "+00:00")
    if len(mended) > 18 and mended[17:19] == "60":
        mended = f"{mended[:17]}59{mended[19:]}"
    try:
        return datetime.fromisoformat(mended) if mended != text else None
    except ValueError:
        return None


def _from_digits(text: str) -> int | None:
    if len(text) > 32 or not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return None
    return epoch_millis(float(text))
