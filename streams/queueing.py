"""The last stage on a cluster: findings of some rules, from every shard, become parts of alerts, each message once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.correlate import DrillOf, Folded, Guard
from streams.judgement import Judgement, Kept, Key, Recall
from streams.pipeline import Rooms
from streams.times import Times
from yunshao.model.alert import Alert
from yunshao.wire.hops import Found

CLOCK = "queue"


@dataclass(frozen=True, slots=True)
class Folding:
    """What one message amounts to."""

    parts: list[Alert]
    excepted: dict[tuple[str, int], int]
    changed: dict[Key, Kept]
    state: dict[str, Any]


class Queue:
    """Folds. `state` is that of the last message whose folding was made durable."""

    def __init__(
        self,
        rooms: Rooms,
        flood: int,
        recall: Recall,
        state: Mapping[str, Any] | None,
        due: Iterable[tuple[str, str, int]],
    ) -> None:
        held = state or {"cursors": {}, "newest": None}
        self._cursors: dict[str, int] = dict(held["cursors"])
        self._times = Times({CLOCK: held["newest"]} if held["newest"] is not None else {})
        self._judgement = Judgement(rooms, recall, self._times, due)
        self._flood = flood

    def knows(self, message: Found) -> bool:
        """Whether the message was folded before."""
        return self._cursors.get(message.sender, 0) >= message.number

    def take(self, message: Found, clock: int, drill_of: DrillOf) -> Folding:
        """Fold a message that is not known. The same message on the same state gives the same parts."""
        folded = Folded(Guard(self._judgement, self._flood))
        self._times.note(CLOCK, message.newest)
        for findings in message.findings:
            folded.take(findings, clock, drill_of, message.newest)
        self._judgement.pass_time()
        self._cursors[message.sender] = message.number
        changed = dict(self._judgement.changed)
        self._judgement.changed.clear()
        state = {"cursors": dict(self._cursors), "newest": self._times.newest}
        return Folding(folded.alerts, folded.excepted, changed, state)
