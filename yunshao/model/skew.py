"""How far a source's clock is ahead of ours, and what that makes of a moment that it wrote. Times are ms.

From one direction alone delay and lag look the same: what can be measured is a clock that runs ahead, because nothing
is received before it happened. A source that is behind makes us look slower than we are, never quicker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Beyond this it is one wrong record, not a clock.
MOST_MS = 86_400_000
# Below this it is the resolution of the records.
LEAST_MS = 1000


def ahead_of(row: Mapping[str, Any]) -> int:
    """How far the source is ahead, at least, by its newest event and when it was received; 0 where nothing shows it.

    `row` has `last_event` and `last_received`, as the health of a source is told.
    """
    event, received = row.get("last_event"), row.get("last_received")
    if event is None or received is None:
        return 0
    found = int(event) - int(received)
    return found if LEAST_MS <= found <= MOST_MS else 0


def skews(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sources whose clock is ahead, by name, in ms."""
    found = {str(row["source"]): ahead_of(row) for row in rows}
    return {source: skew for source, skew in found.items() if skew}


def corrected(moment: int, source: str, known: Mapping[str, int]) -> int:
    """What our own clock said when the source wrote `moment`."""
    return moment - known.get(source, 0)
