"""How far event time has come: for each source by itself, since one may tell of things much later than another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NEVER_SEEN = -(1 << 62)


class Times:
    """The newest event time of each source. A source of which nothing was ever heard holds nobody up."""

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        self._of = dict(known or {})
        self.newest = max(self._of.values(), default=NEVER_SEEN)

    def note(self, source: str, time: int) -> None:
        """An event of the source was of this time (ms)."""
        if time > self._of.get(source, NEVER_SEEN):
            self._of[source] = time
            self.newest = max(self.newest, time)

    def at(self, source: str) -> int:
        """The newest event time of one source."""
        return self._of.get(source, NEVER_SEEN)

    def back(self, source: str, time: int, newest: int) -> None:
        """Take back what was noted of a source that was known before."""
        self._of[source] = time
        self.newest = newest

    def of(self, sources: Iterable[str]) -> int:
        """The time that has come for all of these; of none, or of none that is known, the newest of any."""
        known = [self._of[source] for source in sources if source in self._of]
        return min(known) if known else self.newest

    def known(self) -> dict[str, int]:
        """The newest time by source."""
        return dict(self._of)
