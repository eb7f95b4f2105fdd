"""Taking turns: every intake is read a little, so that none keeps its neighbours waiting."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from yunshao.model.event import Record, Rejected
from yunshao.ports import Batch, Clock, Intake, PipelineStore

CHUNK = 500
MAX_ROUNDS = 1000
MAX_BYTES = 64 << 20
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1_000, 60_000
LOG = logging.getLogger("yunshao.streams")


class Reading:
    """Round and round the intakes in small bites, until the batch is full or nobody has more.

    An intake that fails is left alone for a while, ever longer; the others are read meanwhile.
    """

    def __init__(self, intakes: Sequence[Intake], store: PipelineStore, clock: Clock, batch_size: int) -> None:
        self._intakes = intakes
        self._store = store
        self._clock = clock
        self._batch_size = batch_size
        self._first = 0
        self._pauses: dict[str, tuple[int, int, str]] = {}

    def read(self, batch: Batch) -> list[Record | Rejected]:
        """Records for one batch; the offsets after them are in the batch, to be committed with it."""
        found: list[Record | Rejected] = []
        total = 0
        asked = self._in_turn()
        for _ in range(MAX_ROUNDS):
            still = []
            for intake in asked:
                limit = min(CHUNK, self._batch_size - len(found))
                if limit <= 0 or total >= MAX_BYTES:
                    return found
                before = batch.offsets.get(intake.name)
                part = self._ask(intake, limit, batch)
                found += part
                total += sum(len(record.raw) for record in part)
                # One that moved on without giving anything has stepped over something: there may be more behind it.
                if part or batch.offsets.get(intake.name) != before:
                    still.append(intake)
            asked = still
            if not asked:
                break
        return found

    def troubles(self) -> dict[str, str]:
        """What is wrong with which intake."""
        return {name: what for name, (_, _, what) in self._pauses.items()}

    def _in_turn(self) -> list[Intake]:
        """Those that are not paused, another one first each time."""
        self._first = (self._first + 1) % max(1, len(self._intakes))
        turned = [*self._intakes[self._first :], *self._intakes[: self._first]]
        now = self._clock()
        return [intake for intake in turned if self._pauses.get(intake.name, (0, 0, ""))[0] <= now]

    def _ask(self, intake: Intake, limit: int, batch: Batch) -> list[Record | Rejected]:
        before = batch.offsets.get(intake.name)
        if before is None:
            before = self._store.offset(intake.name)
        try:
            found, after = intake.read(before, limit)
        except Exception as error:
            LOG.exception("intake %s", intake.name)
            self._pause(intake.name, error)
            return []
        self._pauses.pop(intake.name, None)
        if after != before:
            batch.offsets[intake.name] = after
        return found

    def _pause(self, name: str, error: Exception) -> None:
        _, last, _ = self._pauses.get(name, (0, 0, ""))
        pause = min(LONGEST_PAUSE_MS, last * 2 or FIRST_PAUSE_MS)
        self._pauses[name] = (self._clock() + pause, pause, str(error))
