"""Blocks of events judged in order, with memories that are held here alone: for files and for stored days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from streams.judgement import Judgement
from streams.pipeline import Rooms, observe_all
from streams.short_memory import LetGo, ShortMemory
from streams.times import Times
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
        judgement = self._judgement
        for place, observed in enumerate(observe_all(self._rooms, events)):
            event = events[place]
            if not event.received or event.time <= event.received + MAX_AHEAD:
                self._times.note(event.source, event.time)
            if isinstance(observed, Exception):
                yield Heard(place, judgement.pass_time(), observed)
            elif observed[1] or judgement.waits:
                yield self._heard(place, observed[1])

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
