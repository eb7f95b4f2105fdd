"""A drill's events are judged apart: what detectors remember of them lies under keys that no real event has.

So a drill fills no real window, teaches no detector what is usual, and stills no alert that would have come.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from yunshao.model.finding import Observation, Step

MARK = "\x1e"


def apart(seen: Sequence[Observation], drill: str, learners: Collection[str] = ()) -> list[Observation]:
    """What the events of a drill mean, under keys of the drill's own; nothing to the detectors that learn."""
    return [replace(one, key=f"{one.key}{MARK}{drill}") for one in seen if one.detector not in learners]


def without_mark(key: str) -> tuple[str, str]:
    """A key as its detector knows it, and the mark of a drill (empty for what is real)."""
    if MARK not in key:
        return key, ""
    plain, mark, drill = key.rpartition(MARK)
    return plain, mark + drill


def marked_step(step: Step, mark: str) -> Step:
    """What goes on from a drill's observation stays the drill's."""
    if not mark or not step.onward:
        return step
    return replace(step, onward=tuple(replace(one, key=one.key + mark) for one in step.onward))
