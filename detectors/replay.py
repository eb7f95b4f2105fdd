"""A detector over a list of events, its memory in a dict: for rules' own proofs and for looking back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from detectors.spec import heard
from yunshao.model.event import NOBODY, Event
from yunshao.model.finding import Finding, Observation
from yunshao.ports import Detector

MAX_TURNS = 1_000_000
END_OF_TIME = 1 << 53


def replay(detector: Detector, events: Iterable[Event], *, finish: bool = True) -> list[Finding]:
    """Every finding, in the order they were made. Time passes with the events; `finish` lets it pass on to the end."""
    memories = _Memories(detector)
    findings: list[Finding] = []
    watermark = 0
    for event in events:
        watermark = max(watermark, heard(event))
        findings.extend(memories.judge(detector.observe(event)))
        findings.extend(memories.tick(watermark))
    if finish:
        findings.extend(memories.tick(END_OF_TIME))
    return findings


class _Memories:
    """What the detector remembers, and when it wants to be woken."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._held: dict[str, Any] = {}
        self._due: dict[str, int] = {}

    def judge(self, observations: Iterable[Observation]) -> Iterator[Finding]:
        """Judge them, and whatever they send on."""
        waiting = deque(observations)
        for _turn in range(MAX_TURNS):
            if not waiting:
                return
            seen = waiting.popleft()
            step = self._detector.step(self._held.get(seen.key), seen)
            if step.memory is None:
                self._held.pop(seen.key, None)
            else:
                self._held[seen.key] = step.memory
            self._wake(seen.key, step.due)
            waiting.extend(step.onward)
            yield from step.findings

    def _wake(self, key: str, due: int | None) -> None:
        if due is None:
            self._due.pop(key, None)
        else:
            self._due[key] = due

    def tick(self, watermark: int) -> Iterator[Finding]:
        """Wake every memory whose time has come, earliest first."""
        for _turn in range(MAX_TURNS):
            ready = min(((due, key) for key, due in self._due.items() if due <= watermark), default=None)
            if ready is None:
                return
            due, key = ready
            del self._due[key]
            yield from self.judge([Observation(self._detector.name, key, due, None, NOBODY, {}, tick=True)])
