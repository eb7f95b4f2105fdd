"""The risk register in memory."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable

from yunshao.adapters.stores.database import now
from yunshao.model.register import Change, Revision, body_text, revision_id


class MemoryRegister:
    """Entries with their history, as `SqliteRegister` keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self._revisions: list[Revision] = []

    def enter(self, changes: Iterable[Change]) -> list[Revision]:
        """Make the changes true; gives the revisions that this added."""
        at = max(now(), self._revisions[-1].at if self._revisions else 0)
        made: list[Revision] = []
        for change in changes:
            before = [one for one in (*self._revisions, *made) if (one.kind, one.key) == (change.kind, change.key)]
            text = body_text(change.body)
            if (body_text(before[-1].body) if before else None) == text:
                continue
            key = revision_id(change, text, before[-1].id if before else "")
            body = None if text is None else json.loads(text)
            number = len(self._revisions) + len(made) + 1
            made.append(Revision(number, key, change.kind, change.key, body, at, change.by, change.reason))
        self._revisions += made
        return copy.deepcopy(made)

    def entries(self, kind: str, as_of: int | None = None) -> list[Revision]:
        """Every entry of a kind that stands (stood at `as_of`, ms), by key."""
        last = {one.key: one for one in self._revisions if one.kind == kind and (as_of is None or one.at <= as_of)}
        return copy.deepcopy([one for _, one in sorted(last.items()) if one.body is not None])

    def history(self, kind: str, key: str) -> list[Revision]:
        """Every revision of one entry, the oldest first."""
        return copy.deepcopy([one for one in self._revisions if (one.kind, one.key) == (kind, key)])

    def register_head(self) -> int:
        """The number of the newest revision, 0 for none."""
        return len(self._revisions)
