"""Findings become alerts: folded by group, a drill's apart from real ones, floods and exceptions counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from yunshao.model.alert import Alert, fold, gathered, raise_flood
from yunshao.model.event import EventRef
from yunshao.model.finding import HOUR_MS, Finding, finding_id, group_key, key_id

DrillOf = Callable[[Sequence[EventRef]], str]

GUARD = "~flood"
DEFAULT_FLOOD = 200
DAY_MS = 86_400_000
GATHERED = 256
NEVER_SEEN = -(1 << 62)


class Memories(Protocol):
    """Where the guard remembers the groups of an hour; made durable with the alerts."""

    def remembered(self, key: tuple[str, str]) -> Any: ...

    def remember(self, key: tuple[str, str], memory: Any, due: int) -> None: ...


class Guard:
    """Lets the first groups of a rule and source in an hour of event time through; what comes after is a flood."""

    def __init__(self, memories: Memories, limit: int = DEFAULT_FLOOD) -> None:
        """`limit`: how many groups an hour are alerts of their own; 0 for no guard."""
        self._memories = memories
        self._limit = limit

    def admits(self, finding: Finding, group: str, watermark: int) -> bool:
        """Whether the group is an alert of its own. What is remembered is kept a day after its hour and after now."""
        if not self._limit:
            return True
        hour = finding.time // HOUR_MS * HOUR_MS
        key = (GUARD, f"{finding.rule_id}|{finding.source}|{hour}{'|staged' if finding.staged else ''}")
        groups: list[str] = self._memories.remembered(key) or []
        if group in groups:
            return True
        if len(groups) >= self._limit:
            return False
        self._memories.remember(key, [*groups, group], max(hour + HOUR_MS, watermark) + DAY_MS)
        return True


class Folded:
    """The alerts of one stretch of the stream, each once, and what exceptions kept from being one."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._floods: dict[str, Alert] = {}
        self.excepted: dict[tuple[str, int], int] = {}

    def take(self, findings: Iterable[Finding], detected: int, drill_of: DrillOf, watermark: int = NEVER_SEEN) -> None:
        """What one event or one tick amounted to, seen at `detected` (ms); the same finding twice is one."""
        for finding in _distinct(findings):
            if finding.excepted and drill_of(finding.events):
                # What an exception hides of a drill is in no figure, and the drill says that nothing was noticed.
                continue
            if finding.excepted:
                day = (finding.excepted, finding.time // DAY_MS)
                self.excepted[day] = self.excepted.get(day, 0) + 1
            else:
                self._file(finding, detected, drill_of(finding.events), watermark)

    def _file(self, finding: Finding, detected: int, drill: str, watermark: int) -> None:
        key = group_key(finding, drill)
        group = self._groups.get(key)
        if group is None:
            group_id = key_id(key)
            # A drill is never drowned: it is graded by its own alerts.
            if not drill and not self._guard.admits(finding, group_id, watermark):
                flood = raise_flood(finding, detected)
                known = self._floods.get(flood.id)
                self._floods[flood.id] = fold(known, flood) if known else flood
                return
            group = self._groups[key] = _Group(group_id, drill)
        group.add(finding, detected)

    @property
    def alerts(self) -> list[Alert]:
        """One alert a group, then the floods."""
        return [*(group.alert() for group in self._groups.values()), *self._floods.values()]

    def __len__(self) -> int:
        return len(self._groups) + len(self._floods)


class _Group:
    """The findings of a group, folded now and then so that they do not pile up."""

    def __init__(self, alert_id: str, drill: str) -> None:
        self._id = alert_id
        self._drill = drill
        self._alert: Alert | None = None
        self._waiting: list[Finding] = []
        self._detected = 0

    def add(self, finding: Finding, detected: int) -> None:
        self._detected = min(self._detected, detected) if self._waiting else detected
        self._waiting.append(finding)
        if len(self._waiting) >= GATHERED:
            self._alert = self.alert()
            self._waiting = []

    def alert(self) -> Alert:
        if self._alert is not None and not self._waiting:
            return self._alert
        more = gathered(self._id, self._waiting, self._detected, self._drill)
        return fold(self._alert, more) if self._alert else more


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Each (rule, events) once."""
    listed = list(findings)
    if len(listed) < 2:
        return listed
    found: dict[str, Finding] = {}
    for finding in listed:
        found.setdefault(finding_id(finding.rule_id, finding.events), finding)
    return list(found.values())
