"""A stretch of the stream being judged: observations in order, ticks in between, memories as they change.

Time is the newest event's. A memory that is due gets its tick before the first event that reaches its due time, so
that cutting the same stream into other batches changes nothing.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streams.pipeline import Rooms, judge
from yunshao.model.event import NOBODY
from yunshao.model.finding import Finding, Observation, Step

Key = tuple[str, str]
Recall = Callable[[str, str], Any]
Kept = tuple[Any, int | None]

MAX_HOPS = 8
MAX_OBSERVATIONS = 2000
MAX_TICKS = 20_000
NEVER = 1 << 62


class Judgement:
    """What is remembered comes from `recall`; what changes is in `changed` until the caller has made it durable.

    `let_go` counts what detectors had to drop of memories that grew too large.
    """

    def __init__(self, rooms: Rooms, recall: Recall, due: Iterable[tuple[str, str, int]] = ()) -> None:
        self._rooms = rooms
        self._recall = recall
        self._due: dict[Key, int] = {}
        self._heap: list[tuple[int, Key]] = []
        self.changed: dict[Key, Kept] = {}
        self.let_go = 0
        self.troubles: list[tuple[Key, Exception]] = []
        for detector, key, at in due:
            self._wants((detector, key), at)

    @property
    def next_due(self) -> int:
        """The event time at which something may want a tick."""
        return self._heap[0][0] if self._heap else NEVER

    def see(self, observations: Sequence[Observation]) -> list[Finding]:
        """Judge what one event meant. Raises what a detector raises, and then nothing of the event stays."""
        draft: dict[Key, Kept] = {}
        findings = self._judge(observations, draft)
        self._keep(draft)
        return findings

    def pass_time(self, watermark: int) -> list[Finding]:
        """Tick what is due by now. A detector that fails on a tick gets no further one for that key."""
        findings: list[Finding] = []
        ticks = 0
        while self._heap and self._heap[0][0] <= watermark and ticks < MAX_TICKS:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                findings += self._tick(key, due)
                ticks += 1
        return findings

    def remembered(self, key: Key) -> Any:
        """What is remembered under a key now."""
        return self._memory(key, {})

    def remember(self, key: Key, memory: Any, due: int) -> None:
        """Remember something that is no detector's, until it is due."""
        self._keep({key: (memory, due)})

    def settle(self, watermark: int) -> list[Finding]:
        """Tick all that is due when nothing late is waited for any more: the newest event is of `watermark`."""
        end = watermark + self._rooms.lateness + MAX_HOPS
        findings: list[Finding] = []
        while self._heap and self._heap[0][0] <= end:
            findings += self.pass_time(end)
        return findings

    def close(self, key: Key, memory: Any, watermark: int) -> list[Finding]:
        """Judge a memory as it stands, because there is no room for it any longer, and expect nothing more of it."""
        draft: dict[Key, Kept] = {key: (memory, None)}
        last = Observation(*key, watermark + self._rooms.lateness + MAX_HOPS, None, NOBODY, tick=True)
        try:
            findings = self._judge([last], draft)
        except Exception as error:  # noqa: BLE001 - handed to the runner, which counts and records it
            self.troubles.append((key, error))
            findings, draft = [], {}
        draft.pop(key, None)
        self.changed.pop(key, None)
        self._due.pop(key, None)
        self._keep(draft)
        return findings

    def _tick(self, key: Key, due: int) -> list[Finding]:
        memory = self._memory(key, {})
        if memory is None:
            return []
        draft: dict[Key, Kept] = {}
        try:
            findings = self._judge([Observation(*key, due, None, NOBODY, tick=True)], draft)
        except Exception as error:  # noqa: BLE001 - handed to the runner, which counts and records it
            self.troubles.append((key, error))
            findings, draft = [], {key: (memory, None)}
        kept, again = draft.get(key, (memory, None))
        if again is not None and again <= due:
            # Asking for a time that has passed would tick for ever.
            again = None
        self._keep({**draft, key: (kept, again)})
        return findings

    def _judge(self, observations: Sequence[Observation], draft: dict[Key, Kept]) -> list[Finding]:
        findings: list[Finding] = []
        waiting = deque((seen, 0) for seen in observations)
        judged = 0
        while waiting and judged < MAX_OBSERVATIONS:
            seen, hops = waiting.popleft()
            judged += 1
            key = (seen.detector, seen.key)
            memory = self._memory(key, draft)
            step = judge(self._rooms, memory, seen)
            if step.memory is not None or memory is not None:
                draft[key] = _kept(step)
            findings += step.findings
            self.let_go += step.let_go
            if hops < MAX_HOPS:
                waiting.extend((onward, hops + 1) for onward in step.onward)
        return findings

    def _memory(self, key: Key, draft: dict[Key, Kept]) -> Any:
        known = draft.get(key) or self.changed.get(key)
        return known[0] if known else self._recall(*key)

    def _keep(self, draft: dict[Key, Kept]) -> None:
        self.changed.update(draft)
        for key, (_, due) in draft.items():
            self._wants(key, due)

    def _wants(self, key: Key, due: int | None) -> None:
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heapq.heappush(self._heap, (due, key))
        if len(self._heap) > 1000 + 2 * len(self._due):
            self._heap = [(at, other) for other, at in self._due.items()]
            heapq.heapify(self._heap)


def _kept(step: Step) -> Kept:
    return (step.memory, step.due if step.memory is not None else None)
