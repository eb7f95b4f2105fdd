"""The risk register in one small index: revisions are added, and count only once their writer has committed them.

A node knows no transaction over several documents. So the revisions of one `enter` carry the name of their part, and
a document `commit-N`, which can be created once, says that the part is true. Who finds N taken begins again from what
the other wrote. What a writer left behind that died before its commit is in no part that counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from opensearchpy import exceptions as trouble

from yunshao.adapters.stores.plain import clean, loads
from yunshao.adapters.stores.search.bulk import REFUSED, THERE, Write, settle
from yunshao.adapters.stores.search.connect import Node
from yunshao.errors import Unreachable
from yunshao.model.register import Change, Revision, body_text, revision_id
from yunshao.ports import Clock

MAX_TRIES = 50
MAX_TIME = 1 << 62
LIGHT = ("key", "number", "part")


class _Head(NamedTuple):
    """The newest commit: its number, that of its last revision, and its time."""

    commit: int = 0
    number: int = 0
    at: int = 0


class SearchRegister:
    """`ports.RiskRegister`."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node = node
        self._clock = clock
        self._parts: set[str] = set()
        self._newest = _Head()

    @property
    def _risk(self) -> str:
        return self._node.name("risk")

    def enter(self, changes: Iterable[Change]) -> list[Revision]:
        """Make the changes true, all or none; gives the revisions that this added. Raises Unreachable."""
        wanted = [(change, body_text(change.body)) for change in changes]
        for _ in range(MAX_TRIES):
            head = self._last()
            made = self._revisions(wanted, head)
            if not made or self._committed(made, head):
                return made
        raise Unreachable("others write the register all the time", "try again", self._node.cluster.opensearch)

    def _revisions(self, wanted: Sequence[tuple[Change, str | None]], head: _Head) -> list[Revision]:
        """What the changes add to what stands; a clock that went back must not change what stood at a past moment."""
        at = max(self._clock(), head.at)
        held = {
            (kind, key): (doc["id"], doc["body"])
            for kind in sorted({change.kind for change, _ in wanted})
            for key, doc in self._standing(kind, {clean(one.key) for one, _ in wanted if one.kind == kind}).items()
        }
        made: list[Revision] = []
        for change, text in wanted:
            key, by, reason = clean(change.key), clean(change.by), clean(change.reason)
            before, stood = held.get((change.kind, key), ("", None))
            if stood == text:
                continue
            named = revision_id(change, text, before)
            held[change.kind, key] = (named, text)
            number = head.number + len(made) + 1
            made.append(Revision(number, named, change.kind, key, change.body, at, by, reason))
        return made

    def _committed(self, made: Sequence[Revision], head: _Head) -> bool:
        part = secrets.token_hex(12)
        writes = [Write(self._risk, f"{part}-{one.number}", _document(one, part)) for one in made]
        self._settled(writes)
        last = {"commit": head.commit + 1, "part": part, "number": made[-1].number, "at": made[-1].at}
        if THERE not in self._settled([Write(self._risk, _commit_key(head.commit + 1), last)]):
            return True
        # Taken: by somebody else, or by a try of ours that was written and not answered.
        found = self._node.get_many([(self._risk, _commit_key(head.commit + 1))])
        if found and found[0]["_source"]["part"] == part:
            return True
        query = {"query": {"term": {"part": part}}}
        with suppress(trouble.OpenSearchException):
            self._node.client.delete_by_query(index=self._risk, body=query, params={"refresh": "true"})
        return False

    def _settled(self, writes: Sequence[Write]) -> list[str]:
        settled = settle(self._node, writes)
        refused = next((one.why for one in settled if one.state == REFUSED), "")
        if refused:
            raise Unreachable(f"the node refuses the register: {refused}", "", self._node.cluster.opensearch)
        return [one.state for one in settled]

    def _last(self) -> _Head:
        """The newest commit; the parts that count are known after this."""
        self._node.refresh("risk")
        query = {"range": {"commit": {"gt": self._newest.commit}}}
        for hit in self._node.pages(self._risk, {"query": query, "sort": [{"commit": "asc"}]}):
            row = hit["_source"]
            self._parts.add(row["part"])
            self._newest = _Head(row["commit"], row["number"], row["at"])
        return self._newest

    def _standing(self, kind: str, keys: set[str] | None = None, as_of: int | None = None) -> dict[str, dict[str, Any]]:
        """The newest revision of each key of a kind, also those that took their entry out."""
        asked: list[dict[str, Any]] = [{"term": {"kind": kind}}, {"exists": {"field": "key"}}]
        if as_of is not None:
            asked.append({"range": {"at": {"lte": max(-MAX_TIME, min(MAX_TIME, as_of))}}})
        newest: dict[str, tuple[int, str]] = {}
        body = {"query": {"bool": {"filter": asked}}, "sort": [{"number": "asc"}, {"part": "asc"}], "_source": LIGHT}
        for hit in self._node.pages(self._risk, body):
            row = hit["_source"]
            if row["part"] in self._parts and (keys is None or row["key"] in keys):
                newest[row["key"]] = (row["number"], hit["_id"])
        docs = self._node.get_many([(self._risk, key) for _, key in newest.values()])
        return {doc["_source"]["key"]: doc["_source"] for doc in docs}

    def entries(self, kind: str, as_of: int | None = None) -> list[Revision]:
        """Every entry of a kind that stands (stood at `as_of`, ms), by key."""
        self._last()
        found = sorted(self._standing(kind, None, as_of).items())
        return [_revision(row) for _, row in found if row["body"] is not None]

    def history(self, kind: str, key: str) -> list[Revision]:
        """Every revision of one entry, the oldest first."""
        self._last()
        asked = {"bool": {"filter": [{"term": {"kind": kind}}, {"term": {"key": clean(key)}}]}}
        hits = self._node.pages(self._risk, {"query": asked, "sort": [{"number": "asc"}, {"part": "asc"}]})
        return [_revision(hit["_source"]) for hit in hits if hit["_source"]["part"] in self._parts]

    def register_head(self) -> int:
        """The number of the newest revision, 0 for none."""
        return self._last().number


def _commit_key(number: int) -> str:
    return f"commit-{number}"


def _document(one: Revision, part: str) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in ("number", "id", "kind", "key", "at", "by", "reason")}
    return {**row, "body": body_text(one.body), "part": part}


def _revision(row: dict[str, Any]) -> Revision:
    body = None if row["body"] is None else loads(row["body"])
    return Revision(row["number"], row["id"], row["kind"], row["key"], body, row["at"], row["by"], row["reason"])
