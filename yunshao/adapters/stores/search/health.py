"""The ledger, the dead letters and what exceptions hid, on a cluster."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from yunshao.adapters.stores.alerts import day_name
from yunshao.adapters.stores.ledger import MAX_DETAIL, MAX_RAW, MINUTE
from yunshao.adapters.stores.plain import clean
from yunshao.adapters.stores.search.bulk import CREATED, REFUSED, Write, settle
from yunshao.adapters.stores.search.connect import Node
from yunshao.errors import NotFound
from yunshao.model.event import Event, Rejected
from yunshao.ports import Clock, Letter

COUNTS = ("received", "processed", "rejected", "repeated")
MAX_SOURCES = 1_000
MAX_TRIES = 50
MAX_TIME = 1 << 62


class SearchHealth:
    """`ports.SourceHealth`."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node = node
        self._clock = clock

    def sources(self) -> list[dict[str, Any]]:
        """Per source, summed over its minutes and lanes; of real records alone, a drill's are in the ledger only."""
        aggs: dict[str, Any] = {name: {"sum": {"field": name}} for name in (*COUNTS, "rehearsed")}
        aggs |= {name: {"max": {"field": name}} for name in ("last_event", "last_received")}
        by = {"by": {"terms": {"field": "source", "size": MAX_SOURCES}, "aggs": aggs}}
        body = {"size": 0, "query": _hop(""), "aggs": by}
        answer = self._node.search(self._node.name("ledger"), body)
        rows = []
        for bucket in sorted(answer["aggregations"]["by"]["buckets"], key=lambda one: one["key"]):
            row: dict[str, Any] = {"source": bucket["key"], **{name: int(bucket[name]["value"]) for name in COUNTS}}
            for name in ("last_event", "last_received"):
                value = bucket[name]["value"]
                row[name] = None if value is None else int(value)
            drilled = int(bucket["rehearsed"]["value"])
            if drilled and row["received"] <= drilled:
                continue
            row["received"], row["processed"] = row["received"] - drilled, row["processed"] - drilled
            rows.append(row)
        return rows

    def ledger(self, since: int, until: int, hop: str = "") -> list[dict[str, Any]]:
        """The counts per source and minute (ms of its start) of when records were received.

        `hop`: of the workers (empty), or what another hop counted: `taken`, `replayed`, `retired`.
        """
        span = {"range": {"minute": {"gte": max(-MAX_TIME, since), "lt": min(MAX_TIME, until)}}}
        query = {"bool": {"filter": [span, _hop(hop)]}}
        found: dict[tuple[int, str], Counter[str]] = {}
        sort = [{"minute": "asc"}, {"source": "asc"}, {"_seq_no": "asc"}]
        for hit in self._node.pages(self._node.name("ledger"), {"query": query, "sort": sort}):
            row = hit["_source"]
            counts = found.setdefault((row["minute"], row["source"]), Counter())
            counts.update({name: row.get(name) or 0 for name in COUNTS})
        return [
            {"source": source, "minute": minute, **{name: counts[name] for name in COUNTS}}
            for (minute, source), counts in sorted(found.items())
        ]

    def keep_counts(
        self, lane: str, rows: Sequence[Mapping[str, Any]], patience: float = 60.0, minute_in_key: bool = True
    ) -> None:
        """The counts of a lane as they stand: written whole, so that telling them twice changes nothing.

        Without `minute_in_key` a lane has one row a source, whatever its minute.
        """
        keys = [_ledger_key(row["source"], row["minute"] if minute_in_key else 0, lane) for row in rows]
        name = self._node.name("ledger")
        writes = [Write(name, key, dict(row), "index") for key, row in zip(keys, rows, strict=True)]
        settle(self._node, writes, patience)

    def add_counts(
        self, events: Sequence[Event], rejected: Sequence[Rejected], counted: Mapping[str, Counter[str]],
        rehearsed: Sequence[bool],
    ) -> None:  # fmt: skip
        """Add to the counts of this minute, for a writer that is alone. `rehearsed`: which events a drill sent."""
        at = self._clock()
        counts = {
            **counted,
            "processed": Counter(event.source for event in events),
            "rejected": Counter(clean(record.source) for record in rejected),
        }
        newest: dict[str, int] = {}
        drilled = Counter(event.source for event, drill in zip(events, rehearsed, strict=True) if drill)
        for event in (event for event, drill in zip(events, rehearsed, strict=True) if not drill):
            newest[event.source] = max(newest.get(event.source, event.time), event.time)
        writes = []
        for source in sorted({source for part in counts.values() for source in part}):
            key = _ledger_key(source, at // MINUTE * MINUTE, f"commit-{at}-{id(events)}")
            row: dict[str, Any] = {name: counts.get(name, Counter())[source] for name in COUNTS}
            row |= {"source": source, "minute": at // MINUTE * MINUTE, "last_event": newest.get(source)}
            row["rehearsed"] = drilled[source]
            row["last_received"] = at if row["received"] > drilled[source] else None
            writes.append(Write(self._node.name("ledger"), key, row, "index"))
        settle(self._node, writes)

    def keep_rejects(
        self, rejected: Sequence[Rejected], origins: Sequence[tuple[str, int, int, int]], patience: float = 60.0
    ) -> None:
        """Dead letters, each once: `origins` are (topic, partition, offset, place) of each."""
        writes = []
        for record, (topic, partition, offset, place) in zip(rejected, origins, strict=True):
            key = hashlib.sha256(f"{topic}|{partition}|{offset}|{place}|{record.reason}".encode()).hexdigest()[:40]
            body = {
                "source": clean(record.source),
                "position": record.position,
                "reason": clean(record.reason),
                "detail": clean(record.detail[:MAX_DETAIL]),
                "raw": base64.b64encode(record.raw[:MAX_RAW]).decode("ascii"),
                "received": record.received,
                "hint": clean(record.hint[:MAX_DETAIL]),
                "kept": self._clock(),
            }
            body |= {"topic": topic, "partition": partition, "offset": offset, "place": place}
            writes.append(Write(self._node.name("rejects"), key, body))
        settled = settle(self._node, writes, patience)
        # What the node does not take as it is (a number beyond its own) is kept by its reason at least.
        poorer = [
            write._replace(body={**write.body, "position": 0, "received": 0, "detail": one.why[:MAX_DETAIL]})
            for write, one in zip(writes, settled, strict=True)
            if one.state == REFUSED
        ]
        settle(self._node, poorer, patience)

    def rejects(self, source: str = "", limit: int = 100) -> list[tuple[int, Rejected]]:
        """Newest first, with their numbers."""
        return [(one.number, one.record) for one in self.letters(source, 0, limit)]

    def letters(self, source: str = "", before: int = 0, limit: int = 100) -> list[Letter]:
        """The newest first; a letter's number is that of its write, which never changes."""
        asked: list[dict[str, Any]] = [{"term": {"source": clean(source)}}] if source else []
        asked += [{"range": {"_seq_no": {"lt": before - 1}}}] if before else []
        return self._letters({"bool": {"filter": asked}}, limit)

    def letter(self, number: int) -> Letter:
        """Raises NotFound."""
        found = self._letters({"range": {"_seq_no": {"gte": number - 1, "lte": number - 1}}}, 1) if number > 0 else []
        if not found:
            raise NotFound(f"no dead letter {number}", "`yunshao deadletter list` shows them")
        return found[0]

    def _letters(self, query: dict[str, Any], limit: int) -> list[Letter]:
        body = {"query": query, "sort": [{"_seq_no": "desc"}], "size": min(limit, 10_000), "seq_no_primary_term": True}
        hits = self._node.search(self._node.name("rejects"), body)["hits"]["hits"]
        return [_letter(hit) for hit in hits]

    def letters_ever(self) -> dict[str, int]:
        """By source, and under an empty name all; none is ever deleted."""
        by = {"by": {"terms": {"field": "source", "size": MAX_SOURCES}}}
        body = {"size": 0, "track_total_hits": True, "aggs": by}
        answer = self._node.search(self._node.name("rejects"), body)
        found = {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["by"]["buckets"]}
        return {**found, "": answer["hits"]["total"]["value"]}

    # What exceptions hid.

    def count_excepted_once(self, counts: Mapping[tuple[str, int], int], sender: str, number: int) -> None:
        """Add to what each exception hid, once for each number of a sender."""
        for (name, day), count in counts.items():
            key = hashlib.sha256(f"{clean(name)}|{day}".encode()).hexdigest()[:40]
            for _ in range(MAX_TRIES):
                found = self._node.get_many([(self._node.name("excepted"), key)])
                held: dict[str, Any] = (
                    found[0]["_source"] if found else {"exception": clean(name), "day": day, "count": 0, "applied": {}}
                )
                if held["applied"].get(sender, 0) >= number:
                    break
                body = {**held, "count": held["count"] + count, "applied": {**held["applied"], sender: number}}
                head = {"if_seq_no": found[0]["_seq_no"], "if_primary_term": found[0]["_primary_term"]} if found else {}
                write = Write(self._node.name("excepted"), key, body, "index" if found else "create", head)
                if settle(self._node, [write])[0].state == CREATED:
                    break

    def excepted(self) -> list[dict[str, Any]]:
        """How many findings each exception hid, a day."""
        body = {"query": {"match_all": {}}, "sort": [{"exception": "asc"}, {"day": "asc"}]}
        rows = [hit["_source"] for hit in self._node.pages(self._node.name("excepted"), body)]
        return [{"exception": row["exception"], "day": day_name(row["day"]), "count": row["count"]} for row in rows]


def _ledger_key(source: str, minute: int, lane: str) -> str:
    return hashlib.sha256(f"{source}|{minute}|{lane}".encode()).hexdigest()[:40]


def _hop(name: str) -> dict[str, Any]:
    if name:
        return {"term": {"hop": name}}
    return {"bool": {"must_not": [{"exists": {"field": "hop"}}]}}


def _letter(hit: Mapping[str, Any]) -> Letter:
    row = hit["_source"]
    texts = (row["source"], row["position"], row["reason"], row["detail"], base64.b64decode(row["raw"]))
    record = Rejected(*texts, row["received"], row["hint"])
    at = (row.get("topic", ""), row.get("partition", -1), row.get("offset", -1), row.get("place", -1))
    return Letter(hit["_seq_no"] + 1, record, *at)
