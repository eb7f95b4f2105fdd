"""What a detector wants to remember of an event, and what it concludes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yunshao.model.event import EventRef, Owner

LEVELS = ("informational", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Observation:
    """What one event means to one detector about one key; a `tick` says only that time passed.

    `values` holds JSON types alone, so that it can cross a process border. Observations with one
    (detector, key) are judged in order by one worker.
    """

    detector: str
    key: str
    time: int
    event: EventRef | None
    owner: Owner
    values: dict[str, Any] = field(default_factory=dict)
    tick: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A conclusion: which rule, about whom, from which events, and why in words (zh and en)."""

    rule_id: str
    rule_name: str
    title: dict[str, str]
    level: str
    time: int
    entity: str
    events: tuple[EventRef, ...]
    owner: Owner
    why: dict[str, str]
    kind: str = "rule"
    techniques: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    triage: dict[str, tuple[str, ...]] = field(default_factory=dict)
    weakness: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What judging one observation gives: the new memory (JSON types; None forgets), findings, next wake-up.

    `due` is the event time, in milliseconds, at which the detector wants a tick for this key. `onward` goes to
    another key (a peer group, a chained correlation) and is judged there. `let_go` counts what of the memory had to go
    because it had grown too large.
    """

    memory: Any
    findings: tuple[Finding, ...] = ()
    due: int | None = None
    onward: tuple[Observation, ...] = ()
    let_go: int = 0
