"""Values from documents as printable text: nothing hidden, nothing unbounded, times with their zone."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
MAX_TEXT = 1200
KEPT = MAX_TEXT - 24
EARLIEST = 100_000_000_000
LATEST = 253_370_764_800_000
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
SPACES = str.maketrans({"\n": " ", "\r": " ", "\t": " ", "\v": " ", "\f": " "})

Json = Mapping[str, Any]


def visible(value: object) -> str:
    """The value as one line: controls, direction marks and lone surrogates as `[U+202E]`, cut at a fixed length."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > MAX_TEXT:
        # Shorter than the limit with its mark: what is shown twice is cut once.
        text = f"{text[:KEPT]}… (+{len(text) - KEPT})"
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text.translate(SPACES))


def _shown(character: str) -> str:
    if unicodedata.category(character) in HIDDEN:
        return f"[U+{ord(character):04X}]"
    return character


def say(value: object, language: str) -> str:
    """A {zh, en} text in one language (the other where it is missing), or any other value; None is empty."""
    if isinstance(value, Mapping):
        other = "en" if language == "zh" else "zh"
        value = value.get(language) or value.get(other) or ""
    if value is None:
        return ""
    return visible(value)


def row_title(row: Json, language: str) -> str:
    """The title of an alert row, which holds both languages under two keys."""
    return say({"zh": row.get("title_zh"), "en": row.get("title")}, language)


def mappings(document: Json, key: str) -> list[dict[str, Any]]:
    """The objects of a list in a document; an empty list where there is none."""
    value = document.get(key)
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return []
    return [dict(item) for item in value if isinstance(item, Mapping)]


def mapping(document: Json, key: str) -> dict[str, Any]:
    """An object in a document; an empty one where there is none."""
    value = document.get(key)
    return dict(value) if isinstance(value, Mapping) else {}


def strings(value: object) -> tuple[str, ...]:
    """A list of texts, or one text, as texts."""
    if value is None or value == "":
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable) or isinstance(value, Mapping):
        return (visible(value),)
    return tuple(visible(item) for item in value)


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def whole(value: object) -> int:
    """A whole number that JSON holds exactly; nothing else counts."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**53 else 0


def half_up(value: float, digits: int = 0) -> float:
    """Rounded half up, as audit tables are rounded by hand."""
    scale = 10.0**digits
    return math.floor(value * scale + 0.5) / scale


def figure(value: object, digits: int = 2, missing: str = "—") -> str:
    """A number as printed: rounded half up, no trailing zeros; `missing` where there is none."""
    found = number(value)
    if found is None:
        return missing
    rounded = half_up(found, digits) if abs(found) < 1e12 else found
    return f"{rounded:.{digits}f}".rstrip("0").rstrip(".") if digits and rounded % 1 else f"{rounded:.0f}"


def percent(value: object, missing: str = "—") -> str:
    """A share of one as per cent with one decimal."""
    found = number(value)
    return missing if found is None else f"{half_up(found * 100, 1):.1f}%"


def is_time(value: object) -> bool:
    """Whether this can be milliseconds since 1970."""
    found = number(value)
    return found is not None and EARLIEST <= found < LATEST


def local(value: object) -> datetime | None:
    """Milliseconds as a time in Asia/Shanghai, or None."""
    found = number(value)
    if found is None or not is_time(value):
        return None
    return datetime.fromtimestamp(found / 1000, UTC).astimezone(ZONE)


def moment(value: object, missing: str = "—") -> str:
    """Milliseconds as `2026-03-31 08:00:05 +08:00`; text is given back as it stands."""
    at = local(value)
    if at is None:
        return visible(value) if value not in (None, "") else missing
    zone = at.strftime("%z")
    return f"{at:%Y-%m-%d %H:%M:%S} {zone[:3]}:{zone[3:]}"


def day(value: object, missing: str = "—") -> str:
    """Milliseconds as a date in Asia/Shanghai; text is given back as it stands."""
    at = local(value)
    if at is None:
        return visible(value) if value not in (None, "") else missing
    return f"{at:%Y-%m-%d}"


def brief(value: object, missing: str = "—") -> str:
    """Milliseconds as `03-31 08:00:05` in Asia/Shanghai, for columns whose title says the zone."""
    at = local(value)
    return f"{at:%m-%d %H:%M:%S}" if at else (visible(value) if value not in (None, "") else missing)


def pick(tree: Json, *keys: str) -> Any:
    """The value down a path of keys, or None."""
    value: Any = tree
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
