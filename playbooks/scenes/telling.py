"""Stories told: those of the demo and those of drills alone, from a seed, at their own pace or at a drill's."""

from __future__ import annotations

from collections.abc import Mapping

from playbooks.scenes.city import City
from playbooks.scenes.line import Line, Pen
from playbooks.scenes.rehearsals import REHEARSALS
from playbooks.scenes.stories import STORIES, Teller
from yunshao.errors import NotFound

ALL_STORIES = {**STORIES, **REHEARSALS}


def story(name: str, city: City, at: int, seed: str | int) -> list[Line]:
    """The lines of a story that begins at a time (ms), in order; ids come from the seed alone. Raises NotFound."""
    return _told(name, city, at, seed).lines


def rehearsed(name: str, city: City, at: int, seed: str | int, pace: float, planned: Mapping[str, int]) -> list[Line]:
    """A story for a drill, `pace` times as fast: each part ends at its planned moment (ms), none lies after it.

    It is told twice, since only the first telling says how long each part takes. Raises NotFound.
    """
    first = _told(name, city, at, seed, pace)
    ends = {part: max(one.time for one in first.lines if one.part == part) for part in first.entered}
    begins = {part: planned[part] - (ends[part] - first.entered[part]) for part in first.entered if part in planned}
    return _told(name, city, at, seed, pace, begins).lines


def _told(
    name: str, city: City, at: int, seed: str | int, pace: float = 1.0, begins: Mapping[str, int] | None = None
) -> Teller:
    if name not in ALL_STORIES:
        raise NotFound(f"no story {name!r}", f"known: {', '.join(sorted(ALL_STORIES))}")
    teller = Teller(Pen(f"{seed}|{name}"), city, at, pace, begins or {})
    ALL_STORIES[name].tell(teller)
    return teller
