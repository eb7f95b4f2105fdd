"""What detectors remember while files are read: held here alone, bounded, and counted where that is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streams.judgement import Judgement, Key
from streams.remembered import Newest
from yunshao.model.finding import Finding

MAX_MEMORIES = 100_000
MAX_EVENTS = 200_000
FLUSH, FLUSH_SEEN = 500, 5_000


@dataclass(slots=True)
class LetGo:
    """What had to go because memory is bounded: whole memories (each judged first as it stood), and events of them."""

    memories: int = 0
    events: int = 0


class ShortMemory:
    """The memories that were used last: so many keys, and so many events in all of them together."""

    def __init__(self, let_go: LetGo, limit: int = MAX_MEMORIES, events: int = MAX_EVENTS) -> None:
        self._let_go = let_go
        self._held: Newest[Key, Any] = Newest(limit, events)
        self._seen = 0

    def recall(self, detector: str, key: str) -> Any:
        """What is remembered; None for nothing."""
        return self._held.get((detector, key), None)

    def keep(self, judgement: Judgement, seen: int) -> list[Finding]:
        """After an event of `seen` observations: take over what changed, now and then.

        What there is no room for is judged as it stands; gives what that led to.
        """
        self._seen += seen
        if self._seen < FLUSH_SEEN and len(judgement.changed) < FLUSH:
            return []
        return self.flush(judgement)

    def flush(self, judgement: Judgement) -> list[Finding]:
        """Take over all that changed; gives what judging what there is no room for led to."""
        crowded: dict[Key, Any] = {}
        for key, (memory, _) in judgement.changed.items():
            crowded.pop(key, None)
            if memory is None:
                self._held.drop(key)
            else:
                crowded.update(self._held.put(key, memory, _events_in(memory)))
        judgement.changed.clear()
        judgement.troubles.clear()
        self._seen = 0
        self._let_go.memories += len(crowded)
        findings = [found for key, memory in crowded.items() for found in judgement.close(key, memory)]
        self._let_go.events, judgement.let_go = self._let_go.events + judgement.let_go, 0
        return findings


def _events_in(memory: Any) -> int:
    rows = memory.get("rows", ()) if isinstance(memory, dict) else ()
    return 1 + len(rows)
