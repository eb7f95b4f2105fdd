"""Findings become alerts: each once, and a drill's only if every event of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from yunshao.model.alert import Alert, raise_alert
from yunshao.model.event import EventRef
from yunshao.model.finding import Finding

DrillOf = Callable[[Sequence[EventRef]], str]


def raise_alerts(findings: Iterable[Finding], detected: int, drill_of: DrillOf) -> list[Alert]:
    """The alerts of these findings, first seen at `detected` (ms); the same rule over the same events is one."""
    raised: dict[str, Alert] = {}
    for finding in findings:
        alert = raise_alert(finding, detected, drill_of(finding.events))
        raised.setdefault(alert.id, alert)
    return list(raised.values())
