"""Stored events through the same judgement as the live stream, in the order of time; nothing is stored."""

from __future__ import annotations

from typing import Any

from streams.correlate import DrillOf, raise_alerts
from streams.judgement import Judgement, Key
from streams.pipeline import Rooms
from streams.remembered import Newest
from yunshao.model.alert import Alert
from yunshao.model.event import Event
from yunshao.model.finding import Observation

MAX_MEMORIES = 50_000
MAX_ALERT_IDS = 200_000
FLUSH = 500


class Lookback:
    """Give it events one by one; each alert (rule, events) is given once. What is remembered is bounded."""

    def __init__(self, rooms: Rooms, drill_of: DrillOf = lambda _events: "") -> None:
        self._observers = [detector.observe for detector in rooms.detectors]
        self._memories: Newest[Key, Any] = Newest(MAX_MEMORIES)
        self._known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
        self._judgement = Judgement(rooms, lambda detector, key: self._memories.get((detector, key), None))
        self._drill_of = drill_of
        self._newest = -(1 << 62)
        self.failures = 0

    def see(self, event: Event) -> list[Alert]:
        """The alerts that come of this event, or of the time that has passed with it. An event on which a detector
        fails is counted in `failures` and judged no further."""
        judgement = self._judgement
        self._newest = time = max(self._newest, event.time)
        findings = judgement.pass_time(time) if judgement.next_due <= time else []
        try:
            seen: list[Observation] = []
            for observe in self._observers:
                seen += observe(event)
            if seen:
                findings += judgement.see(seen)
                findings += judgement.pass_time(time)
        except Exception:  # noqa: BLE001 - counted; the caller says how many
            self.failures += 1
        if len(judgement.changed) >= FLUSH:
            self._flush()
        return self._fresh(raise_alerts(findings, event.time, self._drill_of)) if findings else []

    def _fresh(self, alerts: list[Alert]) -> list[Alert]:
        found = [alert for alert in alerts if alert.id not in self._known]
        for alert in found:
            self._known.put(alert.id, True)
        return found

    def _flush(self) -> None:
        for key, (memory, _) in self._judgement.changed.items():
            if memory is None:
                self._memories.drop(key)
            else:
                self._memories.put(key, memory)
        self._judgement.changed.clear()
        self._judgement.troubles.clear()
