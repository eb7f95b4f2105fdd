"""Steps made durable in a table of single writes: each is one record in a ring, spread over its keys now and then.

A table keeps keys one by one, and a worker may die between any two. So whatever a step changes stands in one record
first, and is there as a whole or not at all. After some steps the keys are written one by one, and only then the ring
goes on over them. What is read back is the keys with the records since laid over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streams.judgement import Kept, Key
from yunshao.wire.text import dumps, loads

RING = 16
CHECKPOINT = "checkpoint"

Writes = list[tuple[bytes, bytes | None]]


class Journal:
    """The memories, state and last step of one partition of a table whose keys begin with its number."""

    def __init__(self, partition: int, get: Callable[[bytes], bytes | None]) -> None:
        self._prefix = f"{partition}|"
        self._get = get
        self._dirty: dict[Key, Kept] = {}
        self._spread = 0
        self.number = 0
        self.state: Mapping[str, Any] | None = None
        self.outbox: Any = None

    def load(self, items: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str, int]]:
        """Read back; gives the (detector, key, due) of what waits for its time."""
        prefix = self._prefix.encode()
        records: list[dict[str, Any]] = []
        due: dict[Key, int] = {}
        for raw_key, raw in items:
            if not raw_key.startswith(prefix) or raw is None:
                continue
            name = raw_key[len(prefix) :]
            if name.startswith(b"m"):
                head, _, _ = raw.partition(b"\n")
                if head != b"-":
                    due[_key_of(name)] = int(head)
            elif name == CHECKPOINT.encode():
                held = loads(raw)
                self._spread, self.number, self.state = held["number"], held["number"], held["state"]
                self.outbox = held["outbox"]
            else:
                records.append(loads(raw))
        for record in sorted(records, key=lambda one: one["number"]):
            if record["number"] > self._spread and record["number"] == self.number + 1:
                self.number, self.state, self.outbox = record["number"], record["state"], record["outbox"]
                for detector, key, memory, when in record["changed"]:
                    self._dirty[detector, key] = (memory, when)
        for key, (memory, when) in self._dirty.items():
            due.pop(key, None)
            if memory is not None and when is not None:
                due[key] = when
        return [(*key, when) for key, when in due.items()]

    def recall(self, detector: str, key: str) -> Any:
        """What is remembered; None for nothing."""
        if (detector, key) in self._dirty:
            return self._dirty[detector, key][0]
        raw = self._get(self._name((detector, key)))
        return loads(raw.partition(b"\n")[2]) if raw else None

    def step(self, changed: Mapping[Key, Kept], state: Mapping[str, Any], outbox: Any) -> Writes:
        """The one write of a step. Its number is `number` from here on."""
        self.number += 1
        self.state, self.outbox = state, outbox
        self._dirty.update(changed)
        rows = [[*key, memory, when] for key, (memory, when) in changed.items()]
        record = {"number": self.number, "state": state, "outbox": outbox, "changed": rows}
        return [(f"{self._prefix}r{self.number % RING}".encode(), dumps(record).encode())]

    def full(self) -> bool:
        """Whether the ring is about to go over records that stand nowhere else."""
        return self.number - self._spread >= RING - 1

    def spread(self) -> Writes:
        """Every key that changed since the last time, then the mark. All of it must be durable before the next step."""
        writes: Writes = []
        for key, (memory, when) in self._dirty.items():
            head = "-" if when is None else str(when)
            writes.append((self._name(key), None if memory is None else f"{head}\n{dumps(memory)}".encode()))
        mark = {"number": self.number, "state": self.state, "outbox": self.outbox}
        writes.append((f"{self._prefix}{CHECKPOINT}".encode(), dumps(mark).encode()))
        return writes

    def spread_done(self) -> None:
        """What `spread` gave is durable."""
        self._dirty.clear()
        self._spread = self.number

    def _name(self, key: Key) -> bytes:
        return f"{self._prefix}m{dumps(list(key))}".encode()


def _key_of(name: bytes) -> Key:
    detector, key = loads(name[1:])
    return detector, key
