"""Several lanes read at several speeds, put back into the order of event time.

A lane is one partition of the raw topic; its own order is kept. Of two lanes the one whose next entry is earlier goes
first. A lane that is empty here but known to have more behind it holds the others up: what it brings may be earlier.
One that was read to its end holds nobody up. So a capture that is read again gives the order in which it happened, and
the living stream does not wait. A lane of which nothing is heard (its worker died, or is slow to begin) is waited for a
while only: briefly for what happens now, longer for what happened long ago, which nobody awaits by the second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from streams.times import NEVER_SEEN
from yunshao.model.finding import Observation
from yunshao.wire.hops import Observed

MAX_HELD = 100_000
PATIENCE_MS, MOST_PATIENCE_MS, OF_AGE = 20_000, 600_000, 10
"""How long a silent lane is waited for: a tenth of the age of what waits, but no less and no more than these."""


@dataclass(slots=True)
class Waiting:
    """A message of which `place` entries are done already; `tokens` are whatever its carrier wants back."""

    message: Observed
    tokens: list[Any] = field(default_factory=list)
    place: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing but its marks is left."""
        return self.place >= len(self.message.seen)


Entry = tuple[int, str, list[Observation]]


class Aligned:
    """What waits, by lane. `cursors` say per lane how far it was taken before: (offset, entries of the next one).

    `given_up`: lanes that were not waited for any longer; the caller tells of them and empties it.
    """

    def __init__(self, lanes: int, cursors: dict[int, tuple[int, int]], now: int) -> None:
        self.cursors = dict(cursors)
        self._queues: dict[int, deque[Waiting]] = {lane: deque() for lane in range(lanes)}
        self._reached = dict.fromkeys(range(lanes), NEVER_SEEN)
        self._behind = dict.fromkeys(range(lanes), True)
        self._heard = dict.fromkeys(range(lanes), now)
        self._held = 0
        self._silent: set[int] = set()
        self.given_up: list[int] = []

    def receive(self, message: Observed, token: Any, now: int) -> list[Any]:
        """Take in a message; gives the tokens that are done with at once: it was taken before."""
        lane = message.lane
        if lane not in self._queues:
            return [token]
        done, place = self.cursors.get(lane, (-1, 0))
        self._hear(lane, now)
        if message.offset <= done:
            return [token]
        for held in self._queues[lane]:
            if held.message.offset == message.offset:
                held.tokens.append(token)
                return []
        self._behind[lane] = message.behind
        if self._queues[lane] and message.offset < self._queues[lane][-1].message.offset:
            return [token]
        begun = place if message.offset == done + 1 and place else 0
        self._queues[lane].append(Waiting(message, [token], begun))
        self._held += len(message.seen)
        return []

    def at_rest(self, lanes: Iterable[int], now: int) -> None:
        """These lanes have been read to their ends."""
        for lane in lanes:
            if lane in self._queues:
                self._behind[lane] = False
                self._hear(lane, now)

    def _hear(self, lane: int, now: int) -> None:
        self._heard[lane] = now
        self._silent.discard(lane)

    @property
    def empty(self) -> bool:
        """Whether nothing waits and no lane is known to have more."""
        return not any(self._queues.values()) and not any(self._behind.values())

    def next(self, now: int) -> tuple[int, Waiting] | None:
        """The lane and message whose turn it is; None where it has to be waited for."""
        best: tuple[int, int] | None = None
        for lane, queue in self._queues.items():
            if queue:
                moment = max(self._reached[lane], _moment(queue[0]))
                if best is None or moment < best[0]:
                    best = (moment, lane)
        if best is None:
            return None
        if self._held <= MAX_HELD and any(self._holds(lane, best[0], now) for lane in self._queues):
            return None
        return best[1], self._queues[best[1]][0]

    def _holds(self, lane: int, moment: int, now: int) -> bool:
        if self._queues[lane] or not self._behind[lane] or self._reached[lane] >= moment:
            return False
        if now - self._heard[lane] < min(MOST_PATIENCE_MS, max(PATIENCE_MS, (now - moment) // OF_AGE)):
            return True
        if lane not in self._silent:
            self._silent.add(lane)
            self.given_up.append(lane)
        return False

    def advance(self, lane: int) -> list[Any]:
        """One entry, or the marks at the end, of the lane's message is done; gives the tokens that are done with."""
        waiting = self._queues[lane][0]
        message = waiting.message
        self._reached[lane] = max(self._reached[lane], _moment(waiting))
        if not waiting.over:
            waiting.place += 1
            self._held -= 1
            # Everything before the message is done, and so many entries of it.
            self.cursors[lane] = (message.offset - 1, waiting.place)
            return []
        self._queues[lane].popleft()
        self.cursors[lane] = (message.offset, 0)
        return waiting.tokens


def _moment(waiting: Waiting) -> int:
    message = waiting.message
    if not waiting.over:
        return message.seen[waiting.place][0]
    return max(message.marks.values(), default=NEVER_SEEN)
