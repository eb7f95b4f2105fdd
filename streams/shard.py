"""One partition of what is judged: observations in the order of event time, against memories that outlive the worker.

`take` gives a step: what changed, what was found, how far each lane was taken. The shell makes it durable as one, and
only then hands the findings on. So a step happens once, however often the worker dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.aligned import Aligned
from streams.judgement import Judgement, Kept, Key, Recall
from streams.pipeline import Rooms
from streams.times import Times
from yunshao.model.finding import Finding
from yunshao.wire.hops import PULSE, SETTLE, Observed

MAX_ENTRIES = 4_000
MAX_AHEAD = 60_000
SETTLED_MS = 5_000


@dataclass(slots=True)
class Step:
    """What one stretch of judging amounts to.

    `done`: the tokens whose messages need not be told again; `given_up`: lanes that were silent for too long, so that
    the others went ahead of them.
    """

    findings: list[list[Finding]] = field(default_factory=list)
    changed: dict[Key, Kept] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    done: list[Any] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    newest: int = 0
    entries: int = 0


class Shard:
    """Judges. `state` is that of the last step that was made durable; None at the very first."""

    def __init__(
        self,
        rooms: Rooms,
        lanes: int,
        recall: Recall,
        state: Mapping[str, Any] | None,
        due: Iterable[tuple[str, str, int]],
        now: int,
    ) -> None:
        held = state or {"cursors": {}, "times": {}}
        cursors = {int(lane): (int(at[0]), int(at[1])) for lane, at in held["cursors"].items()}
        self._rooms = rooms
        self._aligned = Aligned(lanes, cursors, now)
        self._times = Times(held["times"])
        self._judgement = Judgement(rooms, recall, self._times, due)
        self._heard: dict[str, int] = {}
        self._started = now
        self._controls: list[tuple[Observed, Any]] = []

    def receive(self, message: Observed, token: Any, now: int) -> list[Any]:
        """Take in a message; gives tokens that are done with at once."""
        if message.kind:
            self._aligned.at_rest(message.idle, now)
            self._controls.append((message, token))
            return []
        return self._aligned.receive(message, token, now)

    def take(self, now: int) -> Step:
        """Judge what has its turn, a bounded stretch of it."""
        step = Step()
        while step.entries < MAX_ENTRIES and (turn := self._aligned.next(now)):
            lane, waiting = turn
            if waiting.over:
                for source, time in waiting.message.marks.items():
                    self._times.note(source, time)
                    self._heard[source] = now
                self._found(step, self._judgement.pass_time())
            else:
                time, source, seen = waiting.message.seen[waiting.place]
                self._look(step, time, source, seen)
            step.done += self._aligned.advance(lane)
            step.entries += 1
        self._control(step, now)
        return self._finished(step)

    def _look(self, step: Step, time: int, source: str, seen: Any) -> None:
        judgement = self._judgement
        self._times.note(source, time)
        if judgement.waits:
            self._found(step, judgement.pass_time())
        try:
            self._found(step, judgement.see(seen))
        except Exception as error:  # noqa: BLE001 - told; the next event is judged
            step.troubles.append(f"{seen[0].detector}: {type(error).__name__}: {error}"[:500])
        if judgement.waits:
            self._found(step, judgement.pass_time())

    def _control(self, step: Step, now: int) -> None:
        """Time goes on while sources say nothing; and at an end nothing late is waited for."""
        left = []
        for message, token in self._controls:
            if message.kind == SETTLE and not self._aligned.empty:
                left.append((message, token))
                continue
            if message.kind == SETTLE:
                self._found(step, self._judgement.settle())
            elif message.kind == PULSE and self._aligned.empty:
                self._found(step, self._pass_rest(now))
            step.done.append(token)
        self._controls = left

    def _pass_rest(self, now: int) -> list[Finding]:
        """What is due by the time that goes on while nothing comes. It is taken back afterwards: else the next rest
        would begin where this one ended, and what comes after a silence would be late by all of it."""
        known, newest = self._times.known(), self._times.newest
        self._rest(now)
        found = self._judgement.pass_time()
        for source, time in known.items():
            self._times.back(source, time, newest)
        return found

    def _rest(self, now: int) -> None:
        for source, newest in self._times.known().items():
            quiet = now - self._heard.get(source, self._started)
            # What is told of long ago (a capture) is over when it is read; the time that passes since is ours.
            if quiet >= SETTLED_MS:
                self._times.note(source, min(newest + quiet, now + MAX_AHEAD))

    @staticmethod
    def _found(step: Step, findings: list[Finding]) -> None:
        if findings:
            step.findings.append(findings)

    def _finished(self, step: Step) -> Step:
        judgement = self._judgement
        step.changed = dict(judgement.changed)
        judgement.changed.clear()
        for (detector, _), error in judgement.troubles:
            step.troubles.append(f"tick of {detector}: {type(error).__name__}: {error}"[:500])
        judgement.troubles.clear()
        step.given_up, self._aligned.given_up = self._aligned.given_up, []
        step.newest = self._times.newest
        cursors = {str(lane): list(at) for lane, at in self._aligned.cursors.items()}
        step.state = {"cursors": cursors, "times": self._times.known()}
        return step
