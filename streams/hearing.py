"""Blocks of events judged in order, with memories that are held here alone: for files and for stored days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from streams.judgement import Judgement
from streams.pipeline import Rooms, notice
from streams.short_memory import LetGo, ShortMemory
from streams.times import Times
from yunshao.model.block import Block
from yunshao.model.event import Event
from yunshao.model.finding import Finding, Observation

MAX_AHEAD = 60_000
BLOCK = 64
"""Few, so that what was parsed is still near when it is judged."""


class Heard(NamedTuple):
    """What came of the event at `place` of its block and of the time that passed with it; `failure` of a detector."""

    place: int
    findings: list[Finding]
    failure: Exception | None = None


class Hearing:
    """The keyed half of a run that stores nothing. Time is the newest event's, unless that is from the future."""

    def __init__(self, rooms: Rooms, let_go: LetGo | None = None) -> None:
        """`let_go` counts what there was no room to remember."""
        self._rooms = rooms
        self._memories = ShortMemory(let_go or LetGo())
        self._times = Times()
        self._judgement = Judgement(rooms, self._memories.recall, self._times)

    @property
    def newest(self) -> int:
        """The event time that was reached."""
        return self._times.newest

    def hear(self, events: Sequence[Event]) -> Iterator[Heard]:
        """What came of these, in order; of most events nothing."""
        noticed = notice(self._rooms, events)
        start = 0
        for place in sorted(noticed):
            yield from self._pass(events, start, place)
            yield from self._hear(place, events[place], noticed[place])
            start = place + 1
        yield from self._pass(events, start, len(events))

    def _pass(self, events: Sequence[Event], start: int, end: int) -> Iterator[Heard]:
        """What comes of time alone while these events pass, of which no detector wants to know."""
        if isinstance(events, Block) and end - start > 1 and self._leaps(events, start, end):
            return
        for place in range(start, end):
            self._note(events[place])
            if self._judgement.waits:
                yield self._heard(place, [])

    def _leaps(self, block: Block, start: int, end: int) -> bool:
        """Take the time of these events at once, if nothing becomes due in it."""
        newest = max(block.columns.times[start:end])
        received = block.envelope.received
        if received and newest > received + MAX_AHEAD:
            return False
        return self._judgement.leap(block.source, newest)

    def _hear(self, place: int, event: Event, seen: list[Observation] | Exception) -> Iterator[Heard]:
        self._note(event)
        if isinstance(seen, Exception):
            yield Heard(place, self._judgement.pass_time(), seen)
        elif seen or self._judgement.waits:
            yield self._heard(place, seen)

    def _note(self, event: Event) -> None:
        if not event.received or event.time <= event.received + MAX_AHEAD:
            self._times.note(event.source, event.time)

    def close(self) -> list[Finding]:
        """What is left to say: nothing late is waited for any more, but no time passes beyond the newest event."""
        judgement = self._judgement
        return judgement.settle() + self._memories.flush(judgement) + judgement.settle()

    def _heard(self, place: int, seen: list[Observation]) -> Heard:
        judgement = self._judgement
        findings, failure = judgement.pass_time(), None
        try:
            findings += judgement.see(seen) if seen else []
        except Exception as error:  # noqa: BLE001 - handed on; the next event is judged
            failure = error
        # A late event may open what is due already.
        findings += judgement.pass_time()
        if seen:
            findings += self._memories.keep(judgement, len(seen))
        return Heard(place, findings, failure)
