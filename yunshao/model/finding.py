"""What a detector wants to remember of an event, and what it concludes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from yunshao.model.event import EventRef, Owner

LEVELS = ("informational", "low", "medium", "high", "critical")
DRAFT, TEST, STAGED, PRODUCTION = STAGES = ("draft", "test", "staged", "production")
GROUP_FIELDS = ("entity", "unit", "system", "cloud", "source")
HOUR_MS = 3_600_000
MAX_WITHIN_MS = 7 * 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Grouping:
    """Findings of one rule that agree in `by` within one tumbling stretch of event time (`within`, ms) are one alert.

    With `within` 0 each finding is an alert of its own.
    """

    by: tuple[str, ...] = ("entity", "unit")
    within: int = HOUR_MS


HOURLY = Grouping()
ALONE = Grouping((), 0)
CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one event means to one detector about one key; a `tick` says only that time passed, and with the value
    `CLOSING` that nothing more will come.

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
    """A conclusion: which rule, about whom, from which events, and why in words (zh and en).

    `staged` is a rule on trial; `excepted` is the id of the exception that holds, and then nobody is alerted.
    """

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
    grouping: Grouping = HOURLY
    staged: bool = False
    excepted: str = ""

    @property
    def source(self) -> str:
        """The source of its first event; empty where it rests on none."""
        return self.events[0].source if self.events else ""


def finding_id(rule_id: str, events: Sequence[EventRef]) -> str:
    """The same rule over the same events is the same finding: 32 hex digits made from content."""
    lines = [rule_id, *sorted(f"{event.source}|{event.uid}" for event in events)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def group_key(finding: Finding, drill: str = "") -> tuple[str, ...]:
    """What findings have in common that are one alert. A drill's never meet real ones, nor a staged rule's."""
    grouping = finding.grouping
    marks = (drill, "staged" if finding.staged else "")
    if not grouping.within:
        return ("alone", finding_id(finding.rule_id, finding.events), *marks)
    owner = finding.owner
    values = {
        "entity": finding.entity,
        "unit": owner.unit,
        "system": owner.system,
        "cloud": owner.cloud,
        "source": finding.source,
    }
    bucket = finding.time // grouping.within * grouping.within
    named = (part for name in grouping.by for part in (name, values[name]))
    return ("group", finding.rule_id, str(grouping.within), str(bucket), *marks, *named)


def key_id(key: Sequence[str]) -> str:
    """A key as 32 hex digits; no two keys are written alike, whatever their parts hold."""
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Step:
    """What judging one observation gives: the new memory (JSON types; None forgets), findings, next wake-up.

    `due` is the event time, in milliseconds, at which the detector wants a tick for this key. `onward` goes to
    another key (a peer group, a chained correlation) and is judged there. `let_go` counts what of the memory had to go
    because it had grown too large. `put_off`: how long (ms) after the time that the memory asked for its tick came.
    `reached`: how far event time has come for this memory by itself, where that is not the time of the observation.
    """

    memory: Any
    findings: tuple[Finding, ...] = ()
    due: int | None = None
    onward: tuple[Observation, ...] = ()
    let_go: int = 0
    put_off: int = 0
    reached: int | None = None
