"""The one order of the stages. Both runners, the off-line one and every test go through these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.correlate import GUARD
from streams.enrich import Own, enrich
from streams.normalise import Guess, normalise
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Observation, Step
from yunshao.ports import Detector, Parser


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the stages bring: parsers by source, detectors, whose an event is, and what a record looks like."""

    parsers: Mapping[str, Parser]
    detectors: Sequence[Detector]
    own: Own
    guess: Guess | None = None
    named: Mapping[str, Detector] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", {detector.name: detector for detector in self.detectors})


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of a record: an event with what detectors want to remember of it, or a rejection."""

    event: Event | None = None
    rejected: Rejected | None = None
    observations: tuple[Observation, ...] = ()


def understand(rooms: Rooms, record: Record) -> Event | Rejected:
    """The event of a record, or why there is none."""
    return normalise(rooms.parsers, rooms.guess, record)


def observe(rooms: Rooms, event: Event) -> tuple[Event, list[Observation]]:
    """The event with its owner, and what it means to the detectors."""
    owned = enrich(rooms.own, event)
    return owned, [seen for detector in rooms.detectors for seen in detector.observe(owned)]


def look(rooms: Rooms, record: Record) -> Looked:
    """The stateless half: one raw record to an event and its observations, or to a rejection."""
    event = understand(rooms, record)
    if isinstance(event, Rejected):
        return Looked(rejected=event)
    owned, observations = observe(rooms, event)
    return Looked(owned, None, tuple(observations))


def judge(rooms: Rooms, memory: Any, seen: Observation) -> Step:
    """The keyed half: one observation against what is remembered of its key.

    Where its detector is not in these rooms (it was switched off), the memory stays and nothing more is due. What the
    guard against floods remembers has no detector: when its time has come it is forgotten.
    """
    if seen.detector == GUARD:
        return Step(None)
    detector = rooms.named.get(seen.detector)
    return detector.step(memory, seen) if detector else Step(memory)
