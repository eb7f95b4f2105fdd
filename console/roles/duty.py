"""Of any number of consoles on one cluster exactly one has the duty: it sends, drills, schedules and deletes old days.

Who has it renews a mark in the shared store. Another takes over when it has seen the same mark for long by a clock of
its own: the clocks of two machines are never compared. Who could not renew in time lets go before that.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from yunshao.errors import NotFound, Unreachable
from yunshao.ports import Archive

LOG = logging.getLogger("yunshao")
KIND, KEY = "duty", "console"
RENEW_SECONDS = 4.0
LET_GO_SECONDS = 15.0
TAKE_OVER_SECONDS = 30.0


class Duty:
    """Any thread may ask. Without a store the duty is always here: one process runs a workspace."""

    def __init__(self, store: Archive | None, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`name` is for people; `clock` counts seconds and never goes back."""
        self._store = store
        self._name = name
        self._clock = clock
        self._me = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._renewed: float | None = None
        self._asked: float | None = None
        self._seen: tuple[Any, float] = (None, 0.0)

    def holds(self) -> bool:
        """Whether this process has the duty now."""
        if self._store is None:
            return True
        with self._lock:
            now = self._clock()
            if self._asked is None or now - self._asked >= RENEW_SECONDS:
                self._asked = now
                self._ask(self._store, now)
            return self._renewed is not None and self._clock() - self._renewed < LET_GO_SECONDS

    def lay_down(self) -> None:
        """Let another have it at once; for a process that ends."""
        if self._store is not None and self.holds():
            with self._lock:
                self._renewed = None
                try:
                    self._store.change(KIND, KEY, lambda kept: self._mark("") if self._mine(kept) else kept or {})
                except Unreachable as error:
                    LOG.warning("the duty was not laid down: %s", error)

    def _ask(self, store: Archive, now: float) -> None:
        try:
            kept = self._kept(store)
            if not self._may(kept, now):
                self._renewed = None
                return
            taken = store.change(KIND, KEY, lambda found: self._mark(self._me) if found == kept else found or {})
        except Unreachable as error:
            LOG.warning("the duty is not known: %s", error)
            return
        if taken.get("holder") != self._me:
            self._renewed = None
            return
        if self._renewed is None:
            LOG.info("this process has the duty")
        # What counts is when it was asked for: the answer may have been long on its way.
        self._renewed = now

    @staticmethod
    def _kept(store: Archive) -> dict[str, Any] | None:
        try:
            return store.get(KIND, KEY)
        except NotFound:
            return None

    def _mine(self, kept: dict[str, Any] | None) -> bool:
        return kept is not None and kept.get("holder") == self._me

    def _may(self, kept: dict[str, Any] | None, now: float) -> bool:
        """Whether it is ours, nobody's, or has stood still for long."""
        if not kept or not kept.get("holder") or self._mine(kept):
            return True
        if kept != self._seen[0]:
            self._seen = (kept, now)
        return now - self._seen[1] >= TAKE_OVER_SECONDS

    def _mark(self, holder: str) -> dict[str, Any]:
        return {"holder": holder, "name": self._name, "beat": secrets.token_hex(8)}
