"""Events of one source that were read together, each made when it is asked for: most mean nothing to anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, overload

from yunshao.model.event import NOBODY, Event, Identity, Native, Ocsf, Owner, Record

Derive = Callable[[Native, Identity], Ocsf]
Own = Callable[[Event, Owner], Owner]


class Envelope(NamedTuple):
    """Raw records read together from one place; `position` is that of the first."""

    source: str
    raws: Sequence[bytes]
    position: int
    received: int
    hint: str = ""
    claim: Owner = NOBODY

    def record(self, place: int) -> Record:
        """One of them."""
        return Record(self.source, self.raws[place], self.position + place, self.received, self.hint, self.claim)


class Columns(NamedTuple):
    """What a parser understood of many records: for each its native form, its id, and its time (ms since 1970, UTC)."""

    natives: list[Native]
    uids: list[str]
    times: list[int]


class Block(Sequence[Event]):
    """The events of an envelope, in order. Treat as immutable; the same place always gives the same object."""

    __slots__ = ("_derive", "_made", "_own", "columns", "envelope", "source")

    def __init__(
        self, source: str, envelope: Envelope, columns: Columns, derive: Derive, own: Own | None = None
    ) -> None:
        """`own` says whose an event is; without it each belongs to the envelope's claim."""
        self.source = source
        self.envelope = envelope
        self.columns = columns
        self._derive = derive
        self._own = own
        self._made: dict[int, Event] = {}

    def owned(self, own: Own) -> Block:
        """The same events, each belonging to whom `own` says."""
        return Block(self.source, self.envelope, self.columns, self._derive, own)

    def __len__(self) -> int:
        return len(self.columns.uids)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        at = range(len(self))[place]
        made = self._made.get(at)
        if made is None:
            made = self._made[at] = self._make(at)
        return made

    def __iter__(self) -> Iterator[Event]:
        return map(self.__getitem__, range(len(self)))

    def _make(self, place: int) -> Event:
        natives, uids, times = self.columns
        envelope = self.envelope
        event = Event(
            self.source,
            uids[place],
            times[place],
            natives[place],
            self._derive,
            position=envelope.position + place,
            received=envelope.received,
            owner=envelope.claim,
        )
        if self._own is None:
            return event
        owner = self._own(event, event.owner)
        return event if owner is event.owner else event.owned(owner)
