"""The stages after an event is known, over stored events: what rules would have said of days that have passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from streams.correlate import DrillOf
from streams.hearing import Hearing
from streams.offline import MAX_ALERT_IDS
from streams.pipeline import Rooms
from streams.remembered import Newest
from yunshao.model.alert import Alert, raise_alert
from yunshao.model.event import Event
from yunshao.model.finding import ALONE, Finding


class Lookback:
    """Give it events in order of time; each alert (rule, events) is given once. What is remembered is bounded."""

    def __init__(self, rooms: Rooms, drill_of: DrillOf = lambda _events: "") -> None:
        self._hearing = Hearing(rooms)
        self._known: Newest[str, bool] = Newest(MAX_ALERT_IDS)
        self._drill_of = drill_of
        self.failures = 0

    def see(self, events: Sequence[Event]) -> list[Alert]:
        """The alerts that come of these events, or of the time that has passed with them. An event on which a detector
        fails is counted in `failures` and judged no further."""
        found: list[Alert] = []
        for place, findings, failure in self._hearing.hear(events):
            self.failures += failure is not None
            found += self._fresh(findings, events[place].time)
        return found

    def close(self) -> list[Alert]:
        """What is left to say when no more events come."""
        return self._fresh(self._hearing.close(), self._hearing.newest)

    def _fresh(self, findings: Iterable[Finding], detected: int) -> list[Alert]:
        found: list[Alert] = []
        for finding in findings:
            # Matches are compared one by one: folded ones would differ wherever a single finding does.
            alert = raise_alert(replace(finding, grouping=ALONE), detected, self._drill_of(finding.events))
            if alert.id not in self._known:
                self._known.put(alert.id, True)
                found.append(alert)
        return found
