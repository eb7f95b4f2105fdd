"""The collecting half of a cluster: intakes are read, their records sent, and only then do their offsets move."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from streams.reading import Reading
from yunshao import meters
from yunshao.model.event import Record, Rejected
from yunshao.ports import Batch, Clock, Intake, PipelineStore

IDLE_SECONDS = 0.5
LONGEST_PAUSE = 30.0
LOG = logging.getLogger("yunshao.collect")

Send = Callable[[str, Sequence[Record | Rejected]], int]


class Collecting:
    """One thread calls `turn` or `run`. What was read is held until the broker has it: memory is bounded by a batch.

    A crash between the acknowledgement and the commit of the offsets sends the batch again; workers know its events.
    """

    def __init__(
        self, store: PipelineStore, intakes: Sequence[Intake], send: Send, clock: Clock, batch_size: int = 5000
    ) -> None:
        """`send` returns when everything is acknowledged, and raises Unreachable where it is not."""
        self._store = store
        self._send = send
        self._readings = [(one.name, Reading([one], store, clock, batch_size)) for one in intakes]
        self.trouble = ""

    def turn(self) -> int:
        """Read a batch of each intake, send it, commit its offsets; gives how many records. Raises Unreachable."""
        total = 0
        for name, reading in self._readings:
            batch = Batch()
            items = reading.read(batch)
            if items:
                self._send(name, items)
                total += len(items)
            for item in items:
                batch.received[item.source] = batch.received.get(item.source, 0) + 1
            if batch.offsets:
                self._store.commit(batch)
            for item in items:
                meters.RECEIVED.labels(item.source).inc()
        return total

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Turn until `stop`; `wake` cuts a pause short. A broker that is away is waited for."""
        failures = 0
        while not stop.is_set():
            try:
                read = self.turn()
            except Exception as error:  # noqa: BLE001 - the shell's edge: whatever it is, it is tried again
                failures += 1
                self.trouble = str(error)
                LOG.warning("not sent (%d in a row): %s", failures, error)
                stop.wait(min(LONGEST_PAUSE, 0.25 * 2 ** min(failures, 10)))
                continue
            failures, self.trouble = 0, ""
            if not read:
                wake.wait(IDLE_SECONDS)
                wake.clear()
