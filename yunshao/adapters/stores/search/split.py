"""The store of a cluster as a console sees it: who may enter this console stays on its machine, all else is shared.

A worker may read and write whatever lies in the node. Password hashes and sessions are no business of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yunshao.adapters.stores.database import now
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.ports import Archive, Clock
from yunshao.settings import ClusterSettings

LOCAL = frozenset({"user", "session"})
Document = dict[str, Any]


class SplitStore(SearchStore):
    """`ports.ChainedBody`; documents of the kinds in `LOCAL` are kept by another archive."""

    def __init__(self, cluster: ClusterSettings, local: Archive, clock: Clock = now) -> None:
        """Raises Unreachable, BadConfiguration."""
        super().__init__(cluster, clock)
        self._local = local

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Written whole."""
        if kind in LOCAL:
            self._local.put(kind, key, document)
        else:
            super().put(kind, key, document)

    def get(self, kind: str, key: str) -> Document:
        """Raises NotFound."""
        return self._local.get(kind, key) if kind in LOCAL else super().get(kind, key)

    def find(self, kind: str, limit: int = 100) -> list[Document]:
        """Newest written first."""
        return self._local.find(kind, limit) if kind in LOCAL else super().find(kind, limit)

    def change(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document:
        """Read, change and write."""
        return self._local.change(kind, key, change) if kind in LOCAL else super().change(kind, key, change)
