"""A worker tells the shared store that it is there, and how far the recovery of its tables has come."""

from __future__ import annotations

import logging
import threading
from typing import Any

from yunshao.errors import Unreachable
from yunshao.ports import Archive, Clock

LOG = logging.getLogger("yunshao.worker")
KIND = "worker"
SECONDS = 3.0


class Beat:
    """A thread beside the application. What it tells is for people alone: nothing depends on it."""

    def __init__(self, app: Any, archive: Archive, name: str, clock: Clock) -> None:
        self._app = app
        self._archive = archive
        self._name = name
        self._clock = clock
        self._whole = 0
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin; it ends with the process."""
        threading.Thread(target=self._run, name="beat", daemon=True).start()

    def turn(self) -> dict[str, Any]:
        """What there is to tell: name, at (ms), and messages of changelogs `left` to read `of` so many."""
        left = self._left()
        self._whole = max(self._whole, left) if left else 0
        if left:
            share = 100 * (self._whole - left) // self._whole
            LOG.info("tables are read back: %d of %d messages left, %d %% done", left, self._whole, share)
        return {"name": self._name, "at": self._clock(), "left": left, "of": self._whole}

    def _left(self) -> int:
        app = self._app
        # Before the first assignment there are no tables to ask.
        if not getattr(app, "in_recovery", False):
            return 0
        return max(0, int(app.tables.recovery.active_remaining_total()))

    def _run(self) -> None:
        while not self._stop.wait(SECONDS):
            try:
                self._archive.put(KIND, self._name, self.turn())
            except Unreachable as error:
                LOG.warning("not told: %s", error)
            except Exception:  # the shell's edge: a look at a library's inside must not end a worker
                LOG.exception("beat")
