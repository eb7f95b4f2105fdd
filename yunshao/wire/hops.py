"""What workers tell each other: observations for who judges them, findings for the queue, the time on idle sources."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yunshao.model.finding import Finding, Observation
from yunshao.wire.forms import finding_form, finding_of, observation_form, observation_of
from yunshao.wire.packing import FOUND, OBSERVED, BadMessage, packed, unpacked
from yunshao.wire.text import dumps, quick_loads

PULSE, SETTLE = "pulse", "settle"
# A header of a message with one record that is told again: partition/offset/place of where it stood first.
ORIGIN = "origin"


def place_of(text: str, partitions: int) -> int:
    """The partition of a text: the same in every process."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % partitions


@dataclass(frozen=True, slots=True)
class Observed:
    """Of one envelope (its `lane`, a partition of the raw topic, and `offset`): what one shard has to judge.

    Each entry of `seen` is one event: the time that its source had come to with it, its source, and its observations.
    `marks`: the newest time that the envelope shows to have come, by source. `behind`: whether more waits in the lane.
    `kind` is empty, `pulse` (nothing more in these `idle` lanes, and the `clock` is so) or `settle`.
    """

    lane: int
    offset: int
    seen: Sequence[tuple[int, str, Sequence[Observation]]] = ()
    marks: Mapping[str, int] = field(default_factory=dict)
    behind: bool = False
    kind: str = ""
    clock: int = 0
    idle: Sequence[int] = ()


def sealed_observed(message: Observed) -> bytes:
    """As bytes."""
    seen = [[time, source, [observation_form(one) for one in held]] for time, source, held in message.seen]
    form = [message.lane, message.offset, seen, dict(message.marks), message.behind, message.kind, message.clock]
    return packed(OBSERVED, dumps([*form, list(message.idle)]).encode())


def opened_observed(raw: bytes | None) -> Observed:
    """From bytes. Raises BadMessage."""
    form = _read(unpacked(OBSERVED, raw))
    try:
        lane, offset, seen, marks, behind, kind, clock, idle = form
        events = [(time, source, [observation_of(one) for one in held]) for time, source, held in seen]
        return Observed(lane, offset, events, marks, behind, kind, clock, idle)
    except (ValueError, TypeError, KeyError) as error:
        raise BadMessage("damaged_message", f"{type(error).__name__}: {error}"[:300]) from None


@dataclass(frozen=True, slots=True)
class Found:
    """Findings of one step of one shard, for one partition of the queue. `sender` numbers its steps from 1."""

    sender: str
    number: int
    newest: int
    findings: Sequence[Sequence[Finding]]


def sealed_found(message: Found) -> bytes:
    """As bytes; each group of `findings` is what one event or tick led to."""
    groups = [[finding_form(one) for one in group] for group in message.findings]
    return packed(FOUND, dumps([message.sender, message.number, message.newest, groups]).encode())


def opened_found(raw: bytes | None) -> Found:
    """From bytes. Raises BadMessage."""
    form = _read(unpacked(FOUND, raw))
    try:
        sender, number, newest, groups = form
        return Found(sender, number, newest, [[finding_of(one) for one in group] for group in groups])
    except (ValueError, TypeError, KeyError) as error:
        raise BadMessage("damaged_message", f"{type(error).__name__}: {error}"[:300]) from None


def _read(body: bytes) -> Any:
    try:
        return quick_loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMessage("damaged_message", str(error)[:300]) from None
