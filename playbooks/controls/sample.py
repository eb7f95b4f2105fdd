"""Which control points are asked of whom: those that nobody knows, a sample each time, the longest unasked first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def sampled(items: Iterable[Row], asked: Mapping[str, int], each: int, seed: str) -> dict[str, list[Row]]:
    """At most `each` points of every unit, of those that are not known or whose answer has ended.

    `asked` says when (ms) a point was last asked. The same seed and items give the same sample; points never asked come
    before others, and chance decides among equals.
    """
    by_unit: dict[str, list[Row]] = {}
    for row in items:
        if row["state"] == "unknown":
            by_unit.setdefault(str(row["unit"]), []).append(row)
    return {unit: _first(rows, asked, each, seed) for unit, rows in sorted(by_unit.items())}


def _first(rows: Sequence[Row], asked: Mapping[str, int], each: int, seed: str) -> list[Row]:
    def order(row: Row) -> tuple[int, str]:
        return asked.get(row["id"], 0), hashlib.sha256(f"{seed}|{row['id']}".encode()).hexdigest()

    return sorted(rows, key=order)[:each]
