"""Whoever had a partition finishes the step at hand before another begins there, and takes no further one.

The engine ends an agent only when partitions are dealt anew, and by then another worker may have read the tables back:
two would make the same step, under the same number. So the old one keeps the dealing waiting for what is at hand.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOG = logging.getLogger("yunshao.worker")
SECONDS = 8.0
"""Less than a session: who keeps the broker waiting for longer is taken for dead, and its partitions are dealt."""
LOOK_SECONDS = 0.01


class HandedOver(Exception):
    """Nothing more may be begun here: whoever has the partition next does it."""


class HandOver:
    """Around whatever leaves a trace. `app` tells when partitions are taken away and dealt."""

    def __init__(self, app: Any) -> None:
        self._at_hand = 0
        self._over = False
        app.on_partitions_revoked.connect(self.revoked)
        app.on_partitions_assigned.connect(self.assigned)

    @contextmanager
    def step(self) -> Iterator[None]:
        """One that is seen to its end. Raises HandedOver where it may not begin."""
        if self._over:
            raise HandedOver
        self._at_hand += 1
        try:
            yield
        finally:
            self._at_hand -= 1

    async def revoked(self, _app: Any, _parts: Any, **_more: Any) -> None:
        """Begin nothing more, and wait for what is at hand."""
        self._over = True
        end = time.monotonic() + SECONDS
        while self._at_hand and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
        if self._at_hand:
            LOG.warning("partitions are dealt anew while %d steps are at hand still", self._at_hand)

    async def assigned(self, _app: Any, _parts: Any, **_more: Any) -> None:
        """Partitions are dealt: go on with what is ours now."""
        self._over = False
