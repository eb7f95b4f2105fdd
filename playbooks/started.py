"""What starts a run beside the clock: a new system, a critical exposure, a finished drill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """What a run had seen when it began: the live systems, and when (ms) it looked."""

    systems: frozenset[str]
    looked: int


def happened(
    on: Sequence[str],
    marks: Marks,
    systems: frozenset[str],
    exposures: Sequence[int],
    drills: Sequence[int],
) -> str:
    """The first event that came since the marks, empty for none.

    `systems` are live by now; `exposures` and `drills` are when critical exposures were detected and drills ended (ms).
    """
    found = {
        "new_system": bool(systems - marks.systems),
        "critical_exposure": any(at > marks.looked for at in exposures),
        "drill_finished": any(at > marks.looked for at in drills),
    }
    return next((name for name in on if found[name]), "")
