"""What goes into a store at once, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from yunshao.model.alert import Alert
from yunshao.model.event import Event, Native, Ocsf, Owner, Rejected


@dataclass(frozen=True, slots=True)
class Packed:
    """Events made ready to be committed: how many and how new (ms) by source; `body` is the store's own."""

    counts: Mapping[str, int]
    newest: Mapping[str, int]
    body: Any


@dataclass(slots=True)
class Batch:
    """Everything that one commit makes true at once. `events` are those that alerts may point to; `packed` all others.

    `alerts` are parts of groups: what is stored of a group already is folded with them. `excepted` counts the findings
    that an exception kept from alerting, by exception and day (since 1970, event time).
    """

    events: list[Event] = field(default_factory=list)
    packed: list[Packed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    memories: dict[tuple[str, str], tuple[Any, int | None]] = field(default_factory=dict)
    offsets: dict[str, str] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    excepted: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it comes back from the store."""

    source: str
    uid: str
    time: int
    unit: str
    system: str
    cloud: str
    ocsf: Ocsf
    native: Native


class KeptEvent(NamedTuple):
    """What a stored event is made of again: its OCSF form follows from the native record."""

    source: str
    uid: str
    time: int
    owner: Owner
    native: Native


class Kept(NamedTuple):
    """What became of an event that was to be stored: new, or why it was refused; and whether a drill sent it."""

    fresh: bool
    refused: str = ""
    rehearsed: bool = False


class Letter(NamedTuple):
    """A dead letter: a record, or a whole message of a topic, that could not be taken. `number` names it in its store.

    `topic`, `partition`, `offset`, `place` (in its message): where it stood at a broker; none in one process.
    """

    number: int
    record: Rejected
    topic: str = ""
    partition: int = -1
    offset: int = -1
    place: int = -1
