"""The words of a drill: what the pipeline shows of it, and what it wants done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
UNATTENDED = "unattended"
# What the door is told of a drill's records. It makes nothing a drill's: it says that the register is worth asking.
HINT = "drill"
RUNNING_STATES = ("running", "paused")


@dataclass(frozen=True, slots=True)
class AlertFact:
    """One alert that rests on injected events: when (ms) it was raised and taken, and by whom."""

    id: str
    rule: str
    detected: int
    acknowledged: int | None
    by: str
    closed: bool
    uids: frozenset[str]
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Send:
    """Put the records of a step through the intake's door, then mark it sent. Doing it twice changes nothing."""

    index: int


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take an alert in an unattended run."""

    alert: str


@dataclass(frozen=True, slots=True)
class CloseAlerts:
    """Leave no trace: close what the drill raised."""

    alerts: tuple[str, ...]


Action = Send | Acknowledge | CloseAlerts
