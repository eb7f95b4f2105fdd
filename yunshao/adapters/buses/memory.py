"""The fake beside the spool: the same door over a list."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from yunshao.model.event import NOBODY, Owner, Record, Rejected


class MemoryBus:
    """`ports.Bus` that forgets when the process ends; its offset is the number of records read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.records: list[tuple[str, bytes, int, str]] = []

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        with self._lock:
            self.records += [(source, raw, received, hint) for raw in records]

    def intake(self, claims: Mapping[str, Owner] | None = None, name: str = "spool") -> MemoryIntake:
        """A reader over what was appended."""
        return MemoryIntake(self, dict(claims or {}), name)


class MemoryIntake:
    """`ports.Intake` over a memory bus."""

    def __init__(self, bus: MemoryBus, claims: dict[str, Owner], name: str) -> None:
        self._bus = bus
        self._claims = claims
        self.name = name

    def read(self, offset: str, limit: int) -> tuple[list[Record | Rejected], str]:
        start = int(offset or 0)
        found: list[Record | Rejected] = [
            Record(source, raw, number, received, hint, self._claims.get(source, NOBODY))
            for number, (source, raw, received, hint) in enumerate(self._bus.records[start : start + limit], start + 1)
        ]
        return found, str(start + len(found))
