"""Scales from 1 (very low) to 5 (very high), rounding, and what turns measurements into them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

Table = tuple[tuple[int, ...], ...]

LEVELS = {
    "zh": ("很低", "低", "中等", "高", "很高"),
    "en": ("very low", "low", "medium", "high", "very high"),
}
CARRY = {"tight": 1.0, "medium": 0.8, "loose": 0.6}
FREQUENCIES = ((5, 52.0), (4, 12.0), (3, 2.0), (2, 0.2))


def round_half_up(value: float, digits: int = 0) -> float:
    """Round as auditors do by hand: halves go up."""
    scale = 10.0**digits
    return math.floor(value * scale + 0.5) / scale


def level_of(value: float, cuts: Sequence[float]) -> int:
    """The level, from 1, whose upper bound first holds the value; the last one for what lies above all."""
    return min(bisect_left(cuts, value) + 1, len(cuts))


def monotonic(table: Sequence[Sequence[int]]) -> bool:
    """Whether a table never falls along either axis, as a risk matrix must not."""
    along_rows = all(a <= b for row in table for a, b in pairwise(row))
    down_columns = all(a <= b for upper, lower in pairwise(table) for a, b in zip(upper, lower, strict=True))
    return along_rows and down_columns


def clamp(value: float) -> int:
    """The value as a whole number from 1 to 5."""
    return max(1, min(5, int(value)))


def geometric(first: int, second: int) -> int:
    """The geometric mean of two values of 1 to 5, halves up."""
    return clamp(round_half_up(math.sqrt(first * second)))


def frequency_level(yearly: float) -> int:
    """Threat frequency 1 to 5 from confirmed episodes a year: 5 from 52, 4 from 12, 3 from 2, 2 from 0.2."""
    return next((level for level, least in FREQUENCIES if yearly >= least), 1)


def per_year(episodes: int, precision: float, window_days: float) -> float:
    """Confirmed episodes a year: episodes x precision x 365 / window (days)."""
    return episodes * precision * 365 / window_days


def effectiveness(deployed: float, health: float, efficacy: float) -> float:
    """Effectiveness E of a measure, 0 to 1: deployed share x healthy share x efficacy."""
    return deployed * health * efficacy


def eased(vulnerability: int, effect: float) -> int:
    """The weakness that existing measures leave: floor(V (1 - 0.5 E) + 0.5), 1 to 5."""
    return clamp(round_half_up(vulnerability * (1 - 0.5 * effect)))
