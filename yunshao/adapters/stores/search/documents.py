"""Documents, the drill register and the trail, each in a small index of one shard whose writes are numbered."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from yunshao.adapters.stores.plain import clean, dumps, loads
from yunshao.adapters.stores.search.bulk import REFUSED, THERE, Write, settle
from yunshao.adapters.stores.search.connect import Node
from yunshao.adapters.stores.search.events import event_key
from yunshao.errors import NotFound, Unreachable, WrongUse
from yunshao.ports import Clock

MAX_TRAIL_TEXT = 4000
MAX_TRIES = 50
MAX_FORGOTTEN = 5_000
MAX_WAKES = 1 << 62
NEWEST = [{"_seq_no": "desc"}]

Document = dict[str, Any]


class SearchArchive:
    """`ports.Archive`, `ports.DrillRegister` and `ports.Trail`."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node = node
        self._clock = clock

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Written whole."""
        self._settled([self._write(kind, key, document, "index", {})])

    def get(self, kind: str, key: str) -> Document:
        """Raises NotFound."""
        found = self._find(kind, key)
        if found is None:
            raise NotFound(f"no {kind} {key!r}")
        body: Document = loads(found["_source"]["body"])
        return body

    def find(self, kind: str, limit: int = 100) -> list[Document]:
        """Newest written first."""
        body = {"query": {"term": {"kind": clean(kind)}}, "sort": NEWEST, "size": min(limit, 10_000)}
        hits = self._node.search(self._node.name("documents"), body)["hits"]["hits"]
        return [loads(hit["_source"]["body"]) for hit in hits]

    def change(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document:
        """Read, change and write; again where somebody wrote in between."""
        for _ in range(MAX_TRIES):
            found = self._find(kind, key)
            changed = change(loads(found["_source"]["body"]) if found else None)
            head = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]} if found else {}
            write = self._write(kind, key, changed, "index" if found else "create", head)
            if self._settled([write])[0] != THERE:
                return changed
        raise Unreachable("others change this document all the time", "try again", f"{kind} {key}")

    def change_due(
        self, kind: str, until: int, change: Callable[[Document], Document], limit: int = 100
    ) -> list[Document]:
        """Change those that wake by `until`, earliest first; gives those that were changed here and by nobody else.

        A change that fails changes nothing of all. Two callers never change the same document for the same waking.
        """
        found = self._due(kind, until, limit)
        wanted = [(hit, change(loads(hit["_source"]["body"]))) for hit in found]
        writes = []
        for hit, changed in wanted:
            head = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
            writes.append(self._write(kind, hit["_source"]["key"], changed, "index", head))
        states = self._settled(writes)
        return [changed for (_, changed), state in zip(wanted, states, strict=True) if state != THERE]

    def waking(self, kind: str, until: int, limit: int = 1000) -> list[Document]:
        """Those that wake by `until`, earliest first, as they stand."""
        return [loads(hit["_source"]["body"]) for hit in self._due(kind, until, limit)]

    def forget(self, kind: str, keys: Sequence[str]) -> int:
        """Take these documents out; gives how many were there. Told again it goes on."""
        gone = 0
        for start in range(0, len(keys), MAX_FORGOTTEN):
            named = [_key(kind, key) for key in keys[start : start + MAX_FORGOTTEN]]
            asked = {"query": {"ids": {"values": named}}}
            gone += self._node.delete(self._node.name("documents"), asked)
        return gone

    def _due(self, kind: str, until: int, limit: int) -> list[dict[str, Any]]:
        asked = [{"term": {"kind": clean(kind)}}, {"range": {"wakes": {"lte": max(-MAX_WAKES, min(MAX_WAKES, until))}}}]
        body = {
            "query": {"bool": {"filter": asked}},
            "sort": [{"wakes": "asc"}, {"_seq_no": "asc"}],
            "size": min(limit, 10_000),
            "seq_no_primary_term": True,
        }
        found: list[dict[str, Any]] = self._node.search(self._node.name("documents"), body)["hits"]["hits"]
        return found

    def _find(self, kind: str, key: str) -> dict[str, Any] | None:
        found = self._node.get_many([(self._node.name("documents"), _key(kind, key))])
        return found[0] if found else None

    def _write(self, kind: str, key: str, document: Mapping[str, Any], action: str, head: dict[str, Any]) -> Write:
        wakes = document.get("wakes")
        body: Document = {"kind": clean(kind), "key": clean(key), "body": dumps(document)}
        if isinstance(wakes, int) and not isinstance(wakes, bool) and abs(wakes) < MAX_WAKES:
            body["wakes"] = wakes
        return Write(self._node.name("documents"), _key(kind, key), body, action, head)

    def _settled(self, writes: Sequence[Write]) -> list[str]:
        settled = settle(self._node, writes)
        refused = next((one.why for one in settled if one.state == REFUSED), "")
        if refused:
            raise Unreachable(f"the node refuses a document: {refused}", "", self._node.cluster.opensearch)
        return [one.state for one in settled]

    # The register.

    def register(self, drill: str, injected: Iterable[tuple[str, str, str, int]]) -> None:
        """All of these or none. Raises WrongUse for an id that another drill, or another record, holds."""
        wanted = {event_key(source, uid): (source, uid, digest, planned) for source, uid, digest, planned in injected}
        self._check(drill, wanted)
        writes = [
            Write(self._node.name("register"), key, _entry(drill, source, uid, digest, planned))
            for key, (source, uid, digest, planned) in wanted.items()
        ]
        if THERE in self._settled(writes):
            self._check(drill, wanted)

    def _check(self, drill: str, wanted: Mapping[str, tuple[str, str, str, int]]) -> None:
        for found in self._node.get_many([(self._node.name("register"), key) for key in wanted]):
            source, uid, digest, _ = wanted[found["_id"]]
            if (found["_source"]["drill"], found["_source"]["digest"]) != (drill, digest):
                what = f"event {uid!r} of {source} is registered already"
                raise WrongUse(what, "a drill makes its own event ids")

    def injected(self, drill: str) -> list[tuple[str, str, int]]:
        """(source, uid, planned time) of one drill."""
        sort = [{"planned": "asc"}, {"source": "asc"}, {"uid": "asc"}]
        body = {"query": {"term": {"drill": drill}}, "sort": sort}
        hits = self._node.pages(self._node.name("register"), body)
        return [(hit["_source"]["source"], hit["_source"]["uid"], hit["_source"]["planned"]) for hit in hits]

    def registered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
        """(drill, digest) of those of these (source, uid) that are registered."""
        asked = {event_key(*key): key for key in keys}
        found = self._node.get_many([(self._node.name("register"), key) for key in asked])
        return {asked[doc["_id"]]: (doc["_source"]["drill"], doc["_source"]["digest"]) for doc in found}

    # The trail.

    def note(self, by: str, did: str, on: str, detail: str = "") -> None:
        """Who did what."""
        texts = dict(zip(("by", "did", "on", "detail"), (by, did, on, detail), strict=True))
        body = {"at": self._clock(), **{name: clean(text)[:MAX_TRAIL_TEXT] for name, text in texts.items()}}
        self._settled([Write(self._node.name("trail"), secrets.token_hex(12), body)])

    def trail(self, limit: int = 200) -> list[dict[str, Any]]:
        """Newest first."""
        body = {"query": {"match_all": {}}, "sort": NEWEST, "size": min(limit, 10_000)}
        return [dict(hit["_source"]) for hit in self._node.search(self._node.name("trail"), body)["hits"]["hits"]]

    def trail_after(self, number: int, limit: int = 10_000) -> list[tuple[int, dict[str, Any]]]:
        """Audit entries after a number, in order; up to what is finished, so that no later one comes before."""
        until = self._node.finished("trail")
        self._node.refresh("trail")
        query = {"range": {"_seq_no": {"gt": number - 1, "lte": until - 1}}}
        body = {"query": query, "sort": [{"_seq_no": "asc"}], "size": min(limit, 10_000), "seq_no_primary_term": True}
        hits = self._node.search(self._node.name("trail"), body)["hits"]["hits"]
        return [(hit["_seq_no"] + 1, dict(hit["_source"])) for hit in hits]


def _key(kind: str, key: str) -> str:
    return hashlib.sha256(f"{clean(kind)}\0{clean(key)}".encode()).hexdigest()[:40]


def _entry(drill: str, source: str, uid: str, digest: str, planned: int) -> dict[str, Any]:
    return {"drill": drill, "source": source, "uid": clean(uid), "digest": digest, "planned": planned}
