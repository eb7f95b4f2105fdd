"""A stretch of the stream being judged: observations in order, ticks in between, memories as they change.

Time is the newest event's, for each source by itself: the windows over one are not closed because another is ahead. A
memory that is due gets its tick before the first event that reaches its due time, so that cutting the same stream into
other batches changes nothing. What comes so late that its time has passed is kept as long as it would have been.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streams.pipeline import Rooms, judge
from streams.times import NEVER_SEEN, Times
from yunshao.model.event import NOBODY
from yunshao.model.finding import CLOSING, Finding, Observation, Step

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

    def __init__(self, rooms: Rooms, recall: Recall, times: Times, due: Iterable[tuple[str, str, int]] = ()) -> None:
        """`times` is the caller's, who moves it on."""
        self._rooms = rooms
        self._recall = recall
        self._times = times
        self._due: dict[Key, int] = {}
        self._heaps: dict[tuple[str, ...], list[tuple[int, Key]]] = {}
        self.changed: dict[Key, Kept] = {}
        self.let_go = 0
        self.troubles: list[tuple[Key, Exception]] = []
        self.expect(due)

    def expect(self, due: Iterable[tuple[str, str, int]]) -> None:
        """Stored memories that want a tick; those that were touched since say themselves when."""
        for detector, key, at in due:
            if (detector, key) not in self.changed:
                self._wants((detector, key), at)

    @property
    def waits(self) -> bool:
        """Whether something wants a tick by now."""
        return self._is_due(0)

    def leap(self, source: str, time: int) -> bool:
        """Let the time of a source come at once, however it came there; not where anything becomes due by it."""
        before = self._times.at(source)
        if before == NEVER_SEEN or self.waits:
            return False
        newest = self._times.newest
        self._times.note(source, time)
        if self.waits:
            self._times.back(source, before, newest)
            return False
        return True

    def see(self, observations: Sequence[Observation]) -> list[Finding]:
        """Judge what one event meant. Raises what a detector raises, and then nothing of the event stays."""
        draft: dict[Key, Kept] = {}
        findings = self._judge(observations, draft)
        self._keep(draft)
        return findings

    def pass_time(self, beyond: int = 0) -> list[Finding]:
        """Tick what is due by now, or `beyond` ms from now. A detector that fails on a tick gets no further one for
        that key."""
        findings: list[Finding] = []
        ticks = 0
        for sources, heap in list(self._heaps.items()):
            while heap and heap[0][0] <= self._times.of(sources) + beyond and ticks < MAX_TICKS:
                due, key = heapq.heappop(heap)
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

    def settle(self) -> list[Finding]:
        """Tick all that is due when nothing late is waited for any more."""
        findings: list[Finding] = []
        beyond = self._rooms.lateness + MAX_HOPS
        # A conclusion may be a row of another group, of a kind that was looked at before.
        while self._is_due(beyond):
            findings += self.pass_time(beyond)
        return findings

    def _is_due(self, beyond: int) -> bool:
        of = self._times.of
        return any(heap and heap[0][0] <= of(sources) + beyond for sources, heap in self._heaps.items())

    def close(self, key: Key, memory: Any) -> list[Finding]:
        """Judge a memory as it stands, because there is no room for it any longer, and expect nothing more of it."""
        draft: dict[Key, Kept] = {key: (memory, None)}
        end = self._times.of(self._rooms.hears(*key)) + self._rooms.lateness + MAX_HOPS
        last = Observation(*key, end, None, NOBODY, {CLOSING: True}, tick=True)
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
                draft[key] = self._kept(step, seen)
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

    def _kept(self, step: Step, seen: Observation) -> Kept:
        """The memory and its due time. A late event's is put off by as much as it is late, and stays so much behind:
        others may follow it."""
        if step.memory is None or step.due is None:
            return step.memory, None
        if seen.tick:
            return step.memory, step.due + step.put_off
        reached = seen.time if step.reached is None else step.reached
        late = self._times.of(self._rooms.hears(seen.detector, seen.key)) - reached
        return step.memory, step.due + (late if late > self._rooms.lateness else 0)

    def _wants(self, key: Key, due: int | None) -> None:
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heapq.heappush(self._heaps.setdefault(self._rooms.hears(*key), []), (due, key))
        if sum(map(len, self._heaps.values())) > 1000 + 2 * len(self._due):
            self._tidy()

    def _tidy(self) -> None:
        """Without what is no longer due."""
        self._heaps = {}
        for key, due in self._due.items():
            self._heaps.setdefault(self._rooms.hears(*key), []).append((due, key))
        for heap in self._heaps.values():
            heapq.heapify(heap)
