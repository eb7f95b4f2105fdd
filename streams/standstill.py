"""Whether a worker stands still: messages wait, or one is at hand, and nothing has moved for long.

Kept apart from the engine that may stand still: values in, a sentence out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NUDGE_SECONDS, WAITING_SECONDS, BUSY_SECONDS = 8.0, 60.0, 300.0
"""A message that lies there is taken within a moment: what is not is asked for once more, and then again. One at hand
may wait for a store that is slow to answer."""

Part = tuple[str, int]


@dataclass(slots=True)
class Standstill:
    """Signs of life by stage and partition; all times are seconds of one clock that never goes back."""

    since: dict[Part, float] = field(default_factory=dict)
    taken: dict[Part, int] = field(default_factory=dict)
    busy: set[Part] = field(default_factory=set)
    nudged: dict[Part, float] = field(default_factory=dict)

    def begins(self, part: Part, offset: int, now: float) -> None:
        """A message is at hand, or tried again."""
        self.since[part] = now
        self.busy.add(part)
        self.taken[part] = max(offset + 1, self.taken.get(part, 0))

    def ends(self, part: Part, now: float) -> None:
        """It is done with."""
        self.since[part] = now
        self.busy.discard(part)

    def calm(self, now: float) -> None:
        """Nothing can move at present: partitions are dealt anew, tables read back, the broker is away."""
        self.since = dict.fromkeys(self.since, now)

    def dealt(self, now: float) -> None:
        """Partitions were dealt anew: what was not finished is told again."""
        self.taken.clear()
        self.calm(now)

    def forgotten(self, ends: Mapping[Part, int], done: Mapping[Part, int], now: float) -> dict[Part, int]:
        """Which partitions' messages are not handed on although nothing is at hand, and the offset that is next there;
        of each so every `NUDGE_SECONDS`."""
        found = {}
        for part, end in ends.items():
            following = max(self.taken.get(part, 0), done.get(part, 0))
            quiet = now - max(self.since.get(part, now), self.nudged.get(part, 0.0))
            if part not in self.busy and end > following and quiet > NUDGE_SECONDS:
                self.nudged[part] = now
                found[part] = following
        return found

    def look(self, ends: Mapping[Part, int], done: Mapping[Part, int], now: float) -> str:
        """What stands still, in words; empty where all is well. `ends`: the next offset of each partition that is ours;
        `done`: the next one that has to be finished."""
        for part in [known for known in self.since if known not in ends]:
            del self.since[part]
            self.taken.pop(part, None)
            self.busy.discard(part)
        for part, end in ends.items():
            still = now - self.since.setdefault(part, now)
            name, partition = part
            if part in self.busy:
                if still > BUSY_SECONDS:
                    return f"{name} of partition {partition} is at one message for {still:.0f} s"
            elif end > max(self.taken.get(part, 0), done.get(part, 0)) and still > WAITING_SECONDS:
                return f"{name} of partition {partition} takes nothing for {still:.0f} s, and messages wait"
        return ""
