"""The chief's scorecard: indicators as numerator over denominator, points against targets, a grade.

A unit's figure and the city's come from sums, never from means of ratios. An indicator that does not apply drops out
and the weights of the others are scaled to 100.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

INDICATORS = ("migration", "coverage", "response", "controls", "rectification", "posture", "drills")
WEIGHTS: Mapping[str, float] = {
    "migration": 20, "coverage": 15, "response": 15, "controls": 15, "rectification": 15, "posture": 10, "drills": 10,
}  # fmt: skip
TARGETS: Mapping[str, float] = {
    "migration": 0.95, "coverage": 0.95, "response": 0.95, "controls": 0.8, "rectification": 1.0, "posture": 0.9,
    "drills": 1.0,
}  # fmt: skip


class Sum(NamedTuple):
    """How an indicator follows from rows: the list they stand in, the member that is summed, the member that is the
    whole (empty: each row is one), and whether what is summed is missing from the whole."""

    rows: str
    counted: str
    whole: str = ""
    missing: bool = False


SUMS: Mapping[str, Sum] = {
    "migration": Sum("systems", "in_cloud"),
    "coverage": Sum("systems", "heard"),
    "response": Sum("alerts", "kept", "due"),
    "controls": Sum("controls", "worth"),
    "rectification": Sum("plans", "overdue", "due_by_now", missing=True),
    "posture": Sum("findings", "failed", "weight", missing=True),
    "drills": Sum("drilled", "drilled"),
}
SEVERITY_WEIGHT = {5: 10, 4: 5, 3: 2, 2: 1, 1: 1}
GRADES = ((90.0, "A"), (80.0, "B"), (70.0, "C"), (0.0, "D"))


def value_of(numerator: float, denominator: float) -> float | None:
    """The ratio; None where the denominator is nothing."""
    return numerator / denominator if denominator else None


def reached(value: float, target: float) -> float:
    """How much of the target is reached, at most 1."""
    return min(1.0, value / target) if target > 0 else 1.0


def points(rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """The points of each row (`value`, `target`, `weight`), the weights of those that apply scaled to 100."""
    whole = sum(row["weight"] for row in rows if row["value"] is not None)
    return [
        None
        if row["value"] is None or not whole
        else 100 * row["weight"] / whole * reached(row["value"], row["target"])
        for row in rows
    ]


def total(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """The score 0 to 100; None where no indicator applies."""
    found = [one for one in points(rows) if one is not None]
    return sum(found) if found else None


def grade(score: float | None) -> str:
    """A from 90, B from 80, C from 70, else D; empty without a score."""
    return "" if score is None else next(name for least, name in GRADES if score >= least)
