"""The newest of what was used, and no more than fits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Newest(Generic[K, V]):
    """A mapping of bounded size, and of bounded weight if one is given, that forgets what was not used for longest."""

    def __init__(self, limit: int, weight_limit: int = 0) -> None:
        self._limit = limit
        self._weight_limit = weight_limit
        self._weight = 0
        self._weights: dict[K, int] = {}
        self._held: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K, default: V) -> V:
        """What is held, now the newest; else the default."""
        if key not in self._held:
            return default
        self._held.move_to_end(key)
        return self._held[key]

    def put(self, key: K, value: V, weight: int = 1) -> list[tuple[K, V]]:
        """Hold it as the newest; gives what had to be forgotten for it."""
        self._weigh(key, weight)
        self._held[key] = value
        self._held.move_to_end(key)
        forgotten = []
        while len(self._held) > self._limit or 0 < self._weight_limit < self._weight:
            oldest = next(iter(self._held))
            forgotten.append((oldest, self._held[oldest]))
            self.drop(oldest)
        return forgotten

    def _weigh(self, key: K, weight: int) -> None:
        if self._weight_limit:
            self._weight += weight - self._weights.get(key, 0)
            self._weights[key] = weight

    def drop(self, key: K) -> None:
        """Hold it no longer."""
        self._held.pop(key, None)
        self._weight -= self._weights.pop(key, 0)

    def clear(self) -> None:
        """Hold nothing."""
        self._held.clear()
        self._weights.clear()
        self._weight = 0
