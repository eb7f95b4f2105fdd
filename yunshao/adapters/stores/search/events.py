"""Events in daily indices by their own time: found again, hunted, counted, replayed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from yunshao.adapters.stores.columns import COLUMNS, SCHEMA, row_of
from yunshao.adapters.stores.events import COUNTED
from yunshao.adapters.stores.hunting import hunt
from yunshao.adapters.stores.ledger import hour_of
from yunshao.adapters.stores.packing import whole
from yunshao.adapters.stores.plain import loads, seen_id
from yunshao.adapters.stores.questions import is_sql
from yunshao.adapters.stores.search.bulk import CREATED, THERE, Write, settle
from yunshao.adapters.stores.search.connect import Node
from yunshao.adapters.stores.search.words import prefilter
from yunshao.errors import NotFound, WrongUse
from yunshao.model.event import Event, EventRef, Owner
from yunshao.ports import Kept, KeptEvent, Packed, StoredEvent

MAX_HUNTED = 200_000
PAGE = 2_000
MAX_BUCKETS = 10_000
ORDER = [{"time": "asc"}, {"source": "asc"}, {"uid": "asc"}]
NEWEST_FIRST = [{"time": "desc"}, {"source": "asc"}, {"uid": "asc"}]
_KEPT = ("source", "uid", "time", "unit", "system", "cloud", "native")
MIN_TIME, MAX_TIME = -(1 << 62), 1 << 62


def event_key(source: str, uid: str) -> str:
    """The id of an event's document."""
    return seen_id(source, uid).hex()


class SearchEvents:
    """`ports.EventStore`, and the door by which workers write."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def fresh(self, events: Sequence[Event], taken: set[Any] | None = None) -> list[Event]:
        """As `ports.PipelineStore.fresh`."""
        known = {doc["_id"] for doc in self._node.get_many(map(self._place, events), False)}
        taken = set() if taken is None else taken
        found = []
        for event in events:
            key = event_key(event.source, event.uid)
            if key not in known and key not in taken:
                taken.add(key)
                found.append(event)
        return found

    def pack(self, events: Sequence[Event]) -> Packed:
        """As `ports.PipelineStore.pack`: whole."""
        return whole(events)

    def write_events(
        self, events: Sequence[Event], origins: Sequence[str], rehearsed: Sequence[bool], patience: float
    ) -> list[Kept]:
        """Write each event once. An id that is there from the same origin is our own write, told again after a crash.

        `origins`: where each record stood (a topic's partition, offset and place); `rehearsed`: whether a drill sent
        it. Raises Unreachable.
        """
        writes = [
            Write(*self._place(event), _document(event, origin, drilled))
            for event, origin, drilled in zip(events, origins, rehearsed, strict=True)
        ]
        settled = settle(self._node, writes, patience)
        there = [write for write, one in zip(writes, settled, strict=True) if one.state == THERE]
        found = self._node.get_many([(one.place, one.key) for one in there], ("origin",)) if there else []
        first = {doc["_id"]: doc["_source"].get("origin") for doc in found}
        kept = []
        for write, one, drilled in zip(writes, settled, rehearsed, strict=True):
            if one.state == CREATED or (one.state == THERE and first.get(write.key) == write.body["origin"]):
                kept.append(Kept(True, rehearsed=drilled))
            else:
                kept.append(Kept(False, one.why, drilled))
        return kept

    def _place(self, event: Event) -> tuple[str, str]:
        return self._node.day(event.time, event.received), event_key(event.source, event.uid)

    def _places(self, ref: EventRef) -> list[tuple[str, str]]:
        key = event_key(ref.source, ref.uid)
        return [(self._node.day(ref.time), key), (self._node.day(0, 1 << 60), key)]

    def find_events(self, refs: Sequence[EventRef]) -> dict[tuple[str, str], StoredEvent]:
        """Those of these that are stored, by source and uid."""
        found = self._node.get_many([place for ref in refs for place in self._places(ref)])
        missing = [ref for ref in refs if not ref.time]
        if missing:
            keys = [event_key(ref.source, ref.uid) for ref in missing]
            found += self._node.search(self._node.events, {"query": {"ids": {"values": keys}}, "size": len(keys)})[
                "hits"
            ]["hits"]
        events = map(_stored, found)
        wanted = {event_key(ref.source, ref.uid): ref for ref in refs}
        return {
            (wanted[doc["_id"]].source, wanted[doc["_id"]].uid): event for doc, event in zip(found, events, strict=True)
        }

    def event(self, ref: EventRef) -> StoredEvent:
        found = self.find_events([ref])
        if not found:
            raise NotFound(f"no event {ref.uid!r} of {ref.source}")
        return next(iter(found.values()))

    def hunt(self, question: str, limit: int = 100) -> list[dict[str, Any]]:
        """As in the embedded store: the node narrows, the same engine answers. A SELECT reads up to 200,000 events."""
        if is_sql(question):
            return self._hunt_sql(question, limit)
        hunt([], question, 1)  # what makes no sense is refused before anything is read
        found: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        asked = {"query": prefilter(question), "sort": NEWEST_FIRST}
        for read, hit in enumerate(self._node.pages(self._node.events, asked, PAGE), start=1):
            rows.append(hit["_source"])
            if len(rows) == PAGE:
                found += hunt(_table(rows), question, limit - len(found))
                rows = []
            if len(found) >= limit or read >= MAX_HUNTED:
                return found[:limit]
        return (found + hunt(_table(rows), question, limit - len(found)))[:limit] if rows else found

    def _hunt_sql(self, question: str, limit: int) -> list[dict[str, Any]]:
        # What is refused is refused before anything is read.
        hunt([], question, 1)
        every = {"query": {"match_all": {}}, "sort": NEWEST_FIRST}
        rows: list[dict[str, Any]] = []
        for hit in self._node.pages(self._node.events, every, PAGE):
            rows.append(hit["_source"])
            if len(rows) > MAX_HUNTED:
                raise WrongUse(
                    f"more than {MAX_HUNTED:,} events are stored, too many for a SELECT on a cluster",
                    "narrow it with field:value words, such as since:2026-01-31 source:zeek",
                )
        return hunt(_table(rows) if rows else [], question, limit)

    def count_events(self, by: str, since: int, until: int) -> dict[str, int]:
        if by not in COUNTED:
            raise WrongUse(f"events are not counted by {by!r}", f"one of {', '.join(COUNTED)}")
        real = {"bool": {"filter": [_span(since, until)], "must_not": [{"term": {"rehearsed": True}}]}}
        return self._count(self._node.events, by, real)

    @property
    def every_event(self) -> str:
        """All indices of events."""
        return self._node.events

    def count_in(self, index: str) -> dict[str, int]:
        """How many events of each source one index holds; for `*` at the end, those that begin so."""
        return self._count(index, "source", {"match_all": {}})

    def _count(self, index: str, by: str, query: dict[str, Any]) -> dict[str, int]:
        aggs = {"by": {"terms": {"field": by, "size": MAX_BUCKETS}}}
        answer = self._node.search(index, {"size": 0, "query": query, "aggs": aggs})
        return dict(sorted((str(b["key"]), b["doc_count"]) for b in _buckets(answer, "by")))

    def events_between(self, since: int, until: int, sources: Sequence[str] = ()) -> Iterator[KeptEvent]:
        if since >= until:
            return
        query = _span(since, until, [{"terms": {"source": list(sources)}}] if sources else [])
        for hit in self._node.pages(self._node.events, {"query": query, "sort": ORDER, "_source": list(_KEPT)}, PAGE):
            yield _kept(hit["_source"])

    def sample_events(self, since: int, until: int, each: int, limit: int) -> list[KeptEvent]:
        if since >= until:
            return []
        some = {"top_hits": {"size": min(each, 100), "_source": list(_KEPT), "sort": [{"uid": "asc"}]}}
        answer = self._node.search(
            self._node.events,
            {
                "size": 0,
                "query": _span(since, until),
                "aggs": {"kinds": {"terms": {"field": "kind", "size": 1_000}, "aggs": {"some": some}}},
            },
        )
        columns = [[hit["_source"] for hit in bucket["some"]["hits"]["hits"]] for bucket in _buckets(answer, "kinds")]
        ranked = [(place, row) for rows in columns for place, row in enumerate(rows)]
        ranked.sort(key=lambda one: (one[0], one[1]["source"], one[1]["uid"]))
        return [_kept(row) for _, row in ranked[:limit]]


def _document(event: Event, origin: str, rehearsed: bool) -> dict[str, Any]:
    body: dict[str, Any] = dict(zip(COLUMNS, row_of(event), strict=True))
    body["hour"] = hour_of(event.time)
    body["kind"] = f"{body['source']}|{body['class_uid']}|{body['operation']}"
    body["origin"] = origin
    if rehearsed:
        body["rehearsed"] = True
    return body


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.table({name: [row.get(name) for row in rows] for name in COLUMNS}, schema=SCHEMA)


def _stored(doc: dict[str, Any]) -> StoredEvent:
    row = doc["_source"]
    named = {name: row[name] for name in ("source", "uid", "time", "unit", "system", "cloud")}
    return StoredEvent(**named, ocsf=loads(row["ocsf"]), native=loads(row["native"]))


def _kept(row: dict[str, Any]) -> KeptEvent:
    owner = Owner(row["unit"], row["system"], row["cloud"])
    return KeptEvent(row["source"], row["uid"], row["time"], owner, loads(row["native"]))


def _span(since: int, until: int, more: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    bounds = {"gte": max(MIN_TIME, min(MAX_TIME, since)), "lt": max(MIN_TIME, min(MAX_TIME, until))}
    return {"bool": {"filter": [{"range": {"time": bounds}}, *more]}}


def _buckets(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.get("aggregations", {}).get(name, {}).get("buckets", [])
    return found
