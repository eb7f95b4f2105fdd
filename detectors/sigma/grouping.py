"""How a rule or an overlay says which of its findings are one alert."""

from __future__ import annotations

import re
from typing import Any

from yunshao.model.finding import ALONE, GROUP_FIELDS, HOURLY, MAX_WITHIN_MS, Grouping

_WITHIN = re.compile(r"([0-9]{1,6})([mhd])\Z")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def read_grouping(given: Any) -> Grouping:
    """`none`, or `{by: [entity], within: 6h}` with either left out. Raises ValueError with the reason."""
    if given == "none":
        return ALONE
    if not isinstance(given, dict) or not given:
        raise ValueError("group is none, or a map with `by` and `within`")
    unknown = [str(key) for key in given if key not in ("by", "within")]
    if unknown:
        raise ValueError(f"unknown key {unknown[0][:40]!r} in group")
    by, within = given.get("by", list(HOURLY.by)), given.get("within")
    listed = [by] if isinstance(by, str) else by
    if not isinstance(listed, list) or not listed or any(name not in GROUP_FIELDS for name in listed):
        raise ValueError(f"by names some of {', '.join(GROUP_FIELDS)}")
    ordered = tuple(name for name in GROUP_FIELDS if name in listed)
    return Grouping(ordered, HOURLY.within if within is None else _milliseconds(str(within)))


def _milliseconds(text: str) -> int:
    found = _WITHIN.match(text)
    milliseconds = int(found[1]) * _UNIT_MS[found[2]] if found else 0
    if not 0 < milliseconds <= MAX_WITHIN_MS:
        raise ValueError(f"within {text[:40]!r} cannot be used: 1m to 7d")
    return milliseconds


def grouping_text(grouping: Grouping) -> str:
    """The grouping as a rule would say it, on one line."""
    if not grouping.within:
        return "none"
    for unit in ("d", "h", "m"):
        if grouping.within % _UNIT_MS[unit] == 0:
            break
    return f"{{by: [{', '.join(grouping.by)}], within: {grouping.within // _UNIT_MS[unit]}{unit}}}"
