"""What a source said, and what became of it: a record, an event, or a rejection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

Native = dict[str, Any]
Ocsf = dict[str, Any]

T = TypeVar("T")

UNOWNED = "unowned"


def native_digest(native: Native) -> str:
    """64 hex digits of a native record's content; the order of its fields does not matter."""
    text = json.dumps(native, sort_keys=True, ensure_ascii=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def digest_of(event: Event) -> str:
    """`native_digest` of an event's record, made once however many ask."""
    return event.once(_native_digest)


class Identity(NamedTuple):
    """Who an event is and when it was: the source's own unique id (or a hash), and milliseconds since 1970, UTC."""

    uid: str
    time: int


class EventRef(NamedTuple):
    """A pointer to one stored event."""

    source: str
    uid: str
    time: int


@dataclass(frozen=True, slots=True)
class Owner:
    """The part of the estate an event belongs to; `unit` is `unowned` where nobody claims it."""

    unit: str = UNOWNED
    system: str = ""
    cloud: str = ""


NOBODY = Owner()


class Record(NamedTuple):
    """One raw record as an intake read it: the bytes, not yet understood, and where they stood.

    A plain tuple, because one is made for each line. `position` is the record's number (from 1) in what `hint`
    names (a file, a peer); `claim` is the owner that the configuration gives to everything from this intake.
    """

    source: str
    raw: bytes
    position: int
    received: int
    hint: str = ""
    claim: Owner = NOBODY


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that did not become an event: `reason` is a stable code, `detail` is for people."""

    source: str
    position: int
    reason: str
    detail: str
    raw: bytes
    received: int
    hint: str = ""


class Event:
    """One accepted event: identity and native record now, its OCSF form when first asked for.

    The OCSF form is a pure function of the native record, so remembering it changes nothing that can be seen.
    Treat as immutable.
    """

    __slots__ = ("_derive", "_ocsf", "_once", "native", "owner", "position", "received", "source", "time", "uid")

    def __init__(
        self,
        source: str,
        uid: str,
        time: int,
        native: Native,
        derive: Callable[[Native, Identity], Ocsf],
        *,
        position: int = 0,
        received: int = 0,
        owner: Owner = NOBODY,
    ) -> None:
        self.source = source
        self.uid = uid
        self.time = time
        self.native = native
        self.position = position
        self.received = received
        self.owner = owner
        self._derive = derive
        self._ocsf: Ocsf | None = None
        self._once: dict[Any, Any] = {}

    def once(self, view: Callable[[Event], T]) -> T:
        """What a pure view of the event gives, looked at once however many ask. The view must not look at the owner."""
        found = self._once.get(view)
        if found is None:
            found = self._once[view] = view(self)
        return cast("T", found)

    @property
    def ocsf(self) -> Ocsf:
        """The event in OCSF, derived once."""
        if self._ocsf is None:
            self._ocsf = self._derive(self.native, Identity(self.uid, self.time))
        return self._ocsf

    @property
    def ref(self) -> EventRef:
        """The pointer that findings and alerts keep."""
        return EventRef(self.source, self.uid, self.time)

    def owned(self, owner: Owner) -> Event:
        """The same event, belonging to `owner`."""
        twin = Event(
            self.source,
            self.uid,
            self.time,
            self.native,
            self._derive,
            position=self.position,
            received=self.received,
            owner=owner,
        )
        twin._ocsf, twin._once = self._ocsf, self._once
        return twin

    def __repr__(self) -> str:
        return f"Event({self.source!r}, {self.uid!r}, {self.time})"


def _native_digest(event: Event) -> str:
    return native_digest(event.native)
