"""Figures up the chain of units: sums of parts, never means; what nobody claims stands on its own."""

from __future__ import annotations

from collections.abc import Mapping

from yunshao.model.estate import Estate
from yunshao.model.event import UNOWNED


def roll_up(estate: Estate, own: Mapping[str, int]) -> dict[str, int]:
    """Each registered unit's sum over itself and all below it, and under `unowned` what no registered unit answers for.

    The municipality's sum plus `unowned` is the sum of everything.
    """
    sums = dict.fromkeys(estate.units, 0)
    nobody = 0
    for unit, count in own.items():
        chain = estate.chain(unit)
        for step in chain:
            sums[step.id] += count
        if not chain:
            nobody += count
    return {**sums, UNOWNED: nobody}


def roll_up_table(estate: Estate, own: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """The same for several figures at once: unit -> figure -> count, every unit with every figure."""
    figures = sorted({figure for counts in own.values() for figure in counts})
    table: dict[str, dict[str, int]] = {unit: {} for unit in (*estate.units, UNOWNED)}
    for figure in figures:
        column = roll_up(estate, {unit: counts.get(figure, 0) for unit, counts in own.items()})
        for unit, total in column.items():
            table[unit][figure] = total
    return table


def share(part: int, whole: int) -> float | None:
    """Part of the whole; None ("not applicable") where there is no whole."""
    return part / whole if whole else None
