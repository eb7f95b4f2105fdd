"""The one order of the stages. Both runners, the off-line one and every test go through these functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, cast

from streams.apart import marked_step, without_mark
from streams.correlate import GUARD
from streams.enrich import enrich, enrich_all
from streams.normalise import Guess, normalise, normalise_all
from yunshao.model.block import Block, Envelope, Own
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Observation, Step
from yunshao.ports import BlockDetector, BlockParser, Detector, Learning, Listening, Parser

FEW = 8
MAX_TRIES = 14
"""How often an envelope may turn out to hold something odd: enough to find two odd records among a thousand."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the stages bring: parsers by source, detectors, whose an event is, and what a record looks like.

    `lateness`: how long (ms of event time) the detectors wait for events that come out of order.
    """

    parsers: Mapping[str, Parser]
    detectors: Sequence[Detector]
    own: Own
    guess: Guess | None = None
    lateness: int = 0
    named: Mapping[str, Detector] = field(init=False)
    listening: Mapping[str, Listening] = field(init=False)
    quick: Mapping[str, BlockParser] = field(init=False)
    blocks: frozenset[str] = field(init=False)
    learners: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", {detector.name: detector for detector in self.detectors})
        listening = {detector.name: detector for detector in self.detectors if isinstance(detector, Listening)}
        object.__setattr__(self, "listening", listening)
        quick = {name: parser for name, parser in self.parsers.items() if isinstance(parser, BlockParser)}
        object.__setattr__(self, "quick", quick)
        blocks = {detector.name for detector in self.detectors if isinstance(detector, BlockDetector)}
        object.__setattr__(self, "blocks", frozenset(blocks))
        learners = {detector.name for detector in self.detectors if isinstance(detector, Learning) and detector.learns}
        object.__setattr__(self, "learners", frozenset(learners))

    def hears(self, detector: str, key: str) -> tuple[str, ...]:
        """The sources by whose time the memory under this key is judged; none: by that of all."""
        named = self.listening.get(detector)
        return named.hears(without_mark(key)[0]) if named else ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of a record: an event with what detectors want to remember of it, or a rejection."""

    event: Event | None = None
    rejected: Rejected | None = None
    observations: tuple[Observation, ...] = ()


Observed = tuple[Event, list[Observation]]
"""An event with its owner, and what it means to the detectors."""


def understand(rooms: Rooms, record: Record) -> Event | Rejected:
    """The event of a record, or why there is none."""
    return normalise(rooms.parsers, rooms.guess, record)


def understand_all(rooms: Rooms, envelope: Envelope) -> Block | None:
    """The events of all its records at once; None where they have to be understood one by one."""
    return normalise_all(rooms.quick, envelope)


def understand_parts(rooms: Rooms, envelope: Envelope) -> Iterator[tuple[Envelope, Block | None]]:
    """The envelope in parts, in order: those that are understood at once, and some to be looked at one by one (None).

    An odd record makes only its neighbours slow; where there are many of them they are not looked for.
    """
    if envelope.source not in rooms.quick:
        yield envelope, None
        return
    waiting, tries = [envelope], MAX_TRIES
    while waiting:
        part = waiting.pop()
        block = understand_all(rooms, part) if tries else None
        tries -= block is None and tries > 0
        if block is None and tries and len(part.raws) > FEW:
            half = len(part.raws) // 2
            rest = part._replace(raws=part.raws[half:], position=part.position + half)
            waiting += [rest, part._replace(raws=part.raws[:half])]
        else:
            yield part, block


def understand_each(rooms: Rooms, records: Sequence[Record | Rejected]) -> list[Event | Rejected]:
    """What became of each of these, in order; those that were read together are understood together."""
    found: list[Event | Rejected] = []
    for together, run in groupby(records, _read_together):
        some = list(run)
        envelope = _envelope(some) if together else None
        if envelope is None:
            found += [each if isinstance(each, Rejected) else understand(rooms, each) for each in some]
            continue
        for part, block in understand_parts(rooms, envelope):
            found += block or [understand(rooms, part.record(place)) for place in range(len(part.raws))]
    return found


def _read_together(record: Record | Rejected) -> tuple[Any, ...]:
    if record.__class__ is not Record:
        return ()
    source, _, _, received, hint, claim = record
    return source, received, hint, id(claim)


def _envelope(run: Sequence[Record | Rejected]) -> Envelope | None:
    """Records with the same origin as an envelope, if they follow each other."""
    first = cast("Record", run[0])
    if [record.position for record in run] != list(range(first.position, first.position + len(run))):
        return None
    return Envelope(
        first.source, [record.raw for record in run], first.position, first.received, first.hint, first.claim
    )


def observe(rooms: Rooms, event: Event) -> tuple[Event, list[Observation]]:
    """The event with its owner, and what it means to the detectors."""
    owned = enrich(rooms.own, event)
    return owned, [seen for detector in rooms.detectors for seen in detector.observe(owned)]


def observe_all(rooms: Rooms, events: Sequence[Event]) -> list[Observed | Exception]:
    """`observe` of each of these, in order, or what it raised: one odd event leaves the others as they are."""
    try:
        owned = enrich_all(rooms.own, events)
        noted = _noted(rooms, owned)
    except Exception:  # noqa: BLE001 - whose fault it was is found out one by one
        return [_tried(rooms, event) for event in events]
    return [(event, noted.get(place, [])) for place, event in enumerate(owned)]


def notice_all(
    rooms: Rooms, events: Sequence[Event]
) -> tuple[Sequence[Event], Mapping[int, list[Observation] | Exception]]:
    """These events with their owners, and as `notice` what some of them mean."""
    try:
        owned = enrich_all(rooms.own, events)
        return owned, _noted(rooms, owned)
    except Exception:  # noqa: BLE001 - whose fault it was is found out one by one
        tried = [_tried(rooms, event) for event in events]
    known = [event if isinstance(each, Exception) else each[0] for event, each in zip(events, tried, strict=True)]
    return known, {at: each if isinstance(each, Exception) else each[1] for at, each in enumerate(tried)}


def notice(rooms: Rooms, events: Sequence[Event]) -> Mapping[int, list[Observation] | Exception]:
    """As `observe_all`, but only of the events that mean something, by their place."""
    return notice_all(rooms, events)[1]


def _noted(rooms: Rooms, owned: Sequence[Event]) -> dict[int, list[Observation]]:
    noted: dict[int, list[Observation]] = {}
    for detector in rooms.detectors:
        if detector.name in rooms.blocks:
            seen: Mapping[int, Sequence[Observation]] = cast("BlockDetector", detector).observe_all(owned)
        else:
            seen = {place: found for place, event in enumerate(owned) if (found := detector.observe(event))}
        for place, found in seen.items():
            noted.setdefault(place, []).extend(found)
    return noted


def _tried(rooms: Rooms, event: Event) -> Observed | Exception:
    try:
        return observe(rooms, event)
    except Exception as error:  # noqa: BLE001 - handed to the runner, which counts and records it
        return error


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
    guard against floods remembers has no detector: when its time has come it is forgotten. A drill's memories lie under
    keys with a mark, which the detector does not see.
    """
    if seen.detector == GUARD:
        return Step(None)
    detector = rooms.named.get(seen.detector)
    if detector is None:
        return Step(memory)
    key, mark = without_mark(seen.key)
    return marked_step(detector.step(memory, replace(seen, key=key)), mark) if mark else detector.step(memory, seen)
