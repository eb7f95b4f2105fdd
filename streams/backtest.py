"""What rules would have said of the days behind us, and what an edit of them adds and removes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streams.lookback import Lookback
from yunshao.model.alert import Alert
from yunshao.model.event import Event

MAX_ENTITIES = 20_000
MAX_APART = 100_000

Day = Callable[[int], str]


@dataclass(slots=True)
class Tally:
    """Alerts of one rule: how many, a day, by whom; alerts of drills are counted apart and nowhere else."""

    alerts: int = 0
    drill: int = 0
    days: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)

    def add(self, alert: Alert, day: Day) -> None:
        """One more."""
        if alert.drill:
            self.drill += 1
            return
        self.alerts += 1
        self.days[day(alert.finding.time)] += 1
        # Names come from the logs; new ones are no longer told apart when there are too many.
        entity = alert.finding.entity
        if entity in self.entities or len(self.entities) < MAX_ENTITIES:
            self.entities[entity] += 1


class Backtest:
    """Rules over events, and an older version of them beside it where there is one to compare with."""

    def __init__(self, now: Lookback, before: Lookback | None, day: Day, wanted: frozenset[str]) -> None:
        """`wanted`: ids of the rules that are asked about; others judge only because these stand on them."""
        self._now = now
        self._before = before
        self._day = day
        self._wanted = wanted
        self._apart: tuple[dict[str, Alert], dict[str, Alert]] = ({}, {})
        self.events = 0
        self.uncompared = 0
        self.tallies: dict[str, Tally] = {}
        self.earlier: dict[str, Tally] = {}

    def see(self, events: Sequence[Event]) -> None:
        """More events, in order of time and not earlier than those before."""
        self.events += len(events)
        self._count(self._now.see(events), self.tallies, 0)
        if self._before is not None:
            self._count(self._before.see(events), self.earlier, 1)

    def close(self) -> None:
        """No more events come."""
        self._count(self._now.close(), self.tallies, 0)
        if self._before is not None:
            self._count(self._before.close(), self.earlier, 1)

    def _count(self, alerts: list[Alert], tallies: dict[str, Tally], side: int) -> None:
        for alert in alerts:
            if alert.finding.rule_id in self._wanted:
                tallies.setdefault(alert.finding.rule_id, Tally()).add(alert, self._day)
                if self._before is not None and not alert.drill:
                    self._compare(alert, side)

    def _compare(self, alert: Alert, side: int) -> None:
        """What both say is in neither of the two piles."""
        mine, other = self._apart[side], self._apart[1 - side]
        if other.pop(alert.id, None) is not None:
            return
        if len(mine) < MAX_APART:
            mine[alert.id] = alert
        else:
            self.uncompared += 1

    @property
    def failures(self) -> int:
        """Events on which a detector failed."""
        return self._now.failures + (self._before.failures if self._before else 0)

    @property
    def added(self) -> list[Alert]:
        """Alerts that only the rules of now raise, in order of time."""
        return sorted(self._apart[0].values(), key=lambda alert: (alert.finding.time, alert.id))

    @property
    def removed(self) -> list[Alert]:
        """Alerts that only the older rules raise, in order of time."""
        return sorted(self._apart[1].values(), key=lambda alert: (alert.finding.time, alert.id))
