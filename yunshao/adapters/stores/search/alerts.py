"""The alert queue in one index: every change is one write that holds only if nobody wrote in between."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yunshao.adapters.stores.alerts import DAY, GROUPS, day_name
from yunshao.adapters.stores.forms import alert_from_json, alert_to_json
from yunshao.adapters.stores.plain import clean
from yunshao.adapters.stores.search.bulk import REFUSED, THERE, Write, settle
from yunshao.adapters.stores.search.connect import Node
from yunshao.adapters.stores.search.words import escaped
from yunshao.errors import NotFound, Unreachable, WrongUse
from yunshao.model.alert import Alert, AlertQuery, repeated
from yunshao.model.snooze import Snooze

MAX_SEARCH = 3000
MAX_PAGE = 10_000
MAX_GROUPS = 10_000
MAX_TRIES = 50
MIN_TIME, MAX_TIME = -(1 << 62), 1 << 62
_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_FIELDS = {"technique": "techniques"}


class SearchAlerts:
    """`ports.AlertStore` but for what needs events or documents."""

    def __init__(self, node: Node, snoozes: Callable[[int], Sequence[Snooze]]) -> None:
        self._node = node
        self._snoozes = snoozes

    @property
    def _index(self) -> str:
        return self._node.name("alerts")

    def alert(self, alert_id: str) -> Alert:
        return alert_from_json(self._found(alert_id)["_source"]["body"])

    def _found(self, alert_id: str) -> dict[str, Any]:
        found = self._node.get_many([(self._index, _key(alert_id))])
        if not found:
            raise NotFound(f"no alert {alert_id!r}", "`yunshao alerts list` shows them")
        return found[0]

    def alerts(self, query: AlertQuery) -> list[Alert]:
        body: dict[str, Any] = {
            "query": self._asked(query),
            "size": max(1, min(query.limit, MAX_PAGE)),
            "sort": [{"detected": "desc"}, {"id": "desc"}],
            "_source": ["body"],
        }
        if query.before:
            source = self._found(query.before)["_source"]
            body["search_after"] = [source["detected"], source["id"]]
        return [alert_from_json(hit["_source"]["body"]) for hit in self._node.search(self._index, body)["hits"]["hits"]]

    def count_alerts(self, query: AlertQuery, by: str) -> dict[str, int]:
        if by not in GROUPS:
            raise WrongUse(f"alerts are not counted by {by!r}", f"one of {', '.join(GROUPS)}")
        terms = {"terms": {"field": _FIELDS.get(by, by), "size": MAX_GROUPS}}
        answer = self._node.search(self._index, {"size": 0, "query": self._asked(query), "aggs": {"by": terms}})
        buckets = sorted((bucket["key"], bucket["doc_count"]) for bucket in answer["aggregations"]["by"]["buckets"])
        return {day_name(key) if by == "day" else key: count for key, count in buckets}

    def change_alert(self, alert_id: str, change: Callable[[Alert], Alert]) -> Alert:
        for _ in range(MAX_TRIES):
            found = self._found(alert_id)
            before = alert_from_json(found["_source"]["body"])
            after = change(before)
            if after == before:
                return after
            if self._write_alert(after, found["_source"].get("applied") or {}, found):
                return after
        raise Unreachable("others change this alert all the time", "try again", alert_id)

    def _write_alert(self, alert: Alert, applied: Mapping[str, int], before: Mapping[str, Any] | None) -> bool:
        """Whether the write held: nobody was in between."""
        (settled,) = settle(self._node, [self._alert_write(alert, applied, before)])
        if settled.state == REFUSED:
            raise Unreachable(f"the node refuses an alert: {settled.why}", "", alert.id)
        return settled.state != THERE

    def _alert_write(self, alert: Alert, applied: Mapping[str, int], before: Mapping[str, Any] | None) -> Write:
        body = {**_fields(alert), "applied": dict(applied)}
        if before is None:
            return Write(self._index, _key(alert.id), body)
        head = {"if_seq_no": before["_seq_no"], "if_primary_term": before["_primary_term"]}
        return Write(self._index, _key(alert.id), body, "index", head)

    def fold_once(self, parts: Sequence[Alert], sender: str, number: int, patience: float = 60.0) -> list[Alert]:
        """Fold these parts into their groups, each at most once: the alert remembers what `sender` numbered so far.

        Gives the alerts that are new. Raises Unreachable.
        """
        waiting = {part.id: part for part in parts}
        fresh: list[Alert] = []
        for _ in range(MAX_TRIES):
            if not waiting:
                return fresh
            kept = {doc["_id"]: doc for doc in self._node.get_many([(self._index, _key(key)) for key in waiting])}
            writes, wholes = [], []
            for key in list(waiting):
                found = kept.get(_key(key))
                applied = (found["_source"].get("applied") or {}) if found else {}
                if applied.get(sender, 0) >= number:
                    del waiting[key]
                    continue
                whole = repeated(alert_from_json(found["_source"]["body"]), waiting[key]) if found else waiting[key]
                wholes.append((whole, found is None))
                writes.append(self._alert_write(whole, {**applied, sender: number}, found))
            for (whole, new), settled in zip(wholes, settle(self._node, writes, patience), strict=True):
                if settled.state == REFUSED:
                    raise Unreachable(f"the node refuses an alert: {settled.why}", "", whole.id)
                if settled.state != THERE:
                    del waiting[whole.id]
                    fresh += [whole] if new else []
        raise Unreachable("others change these alerts all the time", "try again", next(iter(waiting)))

    def alerts_after(self, sequence: int, limit: int = 200) -> list[tuple[int, Alert]]:
        """Up to what the shard has finished: a write that is still under way is told the next time."""
        until = self.last_sequence()
        query = {"range": {"_seq_no": {"gt": sequence - 1, "lte": until - 1}}}
        body = {
            "query": query,
            "sort": [{"_seq_no": "asc"}],
            "size": limit,
            "_source": ["body"],
            "seq_no_primary_term": True,
        }
        hits = self._node.search(self._index, body)["hits"]["hits"]
        return [(hit["_seq_no"] + 1, alert_from_json(hit["_source"]["body"])) for hit in hits]

    def last_sequence(self) -> int:
        """The number of the newest write before which all are finished."""
        return self._node.finished("alerts")

    def ids_from(self, start: str) -> list[str]:
        body = {"query": {"prefix": {"id": clean(start)}}, "sort": [{"id": "asc"}], "size": 2, "_source": ["id"]}
        return [hit["_source"]["id"] for hit in self._node.search(self._index, body)["hits"]["hits"]]

    def _asked(self, query: AlertQuery) -> dict[str, Any]:
        wanted: list[dict[str, Any]] = []
        for field, values in (
            *(("status", query.status), ("level", query.level), ("unit", query.unit)),
            *(("rule_id", query.rule), ("entity", query.entity), ("assignee", query.assignee)),
        ):
            if values:
                listed = [values] if isinstance(values, str) else list(values)
                wanted.append({"terms": {field: [_short(value) for value in listed]}})
        if query.since is not None or query.until is not None:
            since = MIN_TIME if query.since is None else max(MIN_TIME, min(MAX_TIME, query.since))
            until = MAX_TIME if query.until is None else max(MIN_TIME, min(MAX_TIME, query.until))
            wanted.append({"range": {"time": {"gte": since, "lt": until}}})
        for word in query.text.split()[:8]:
            wanted.append({"wildcard": {"search": {"value": f"*{escaped(clean(word).translate(_LOWER))}*"}}})
        wanted += [{"term": {"facts": _fact(key, value)}} for key, value in query.facts.items()]
        wanted += [{"range": {"flood": {"gt": 0}}}] if query.flood else []
        if query.staged != "any":
            wanted.append({"term": {"staged": query.staged == "only"}})
        if query.drill == "no":
            wanted.append({"term": {"drill": ""}})
        elif query.drill not in ("any", "only"):
            wanted.append({"term": {"drill": clean(query.drill)}})
        never = [{"term": {"drill": ""}}] if query.drill == "only" else []
        if query.snoozed != "any":
            (wanted if query.snoozed == "only" else never).append(self._resting(query.at))
        return {"bool": {"filter": wanted, "must_not": never}}

    def _resting(self, at: int) -> dict[str, Any]:
        some: list[dict[str, Any]] = [{"range": {"snoozed": {"gt": at}}}]
        for one in self._snoozes(at):
            pairs = (("rule_id", one.rule), ("entity", one.entity), ("unit", one.unit))
            some.append({"bool": {"filter": [{"term": {field: _short(value)}} for field, value in pairs if value]}})
        return {"bool": {"should": some, "minimum_should_match": 1}}


def _key(alert_id: str) -> str:
    return hashlib.sha256(clean(alert_id).encode()).hexdigest()[:40]


def _short(text: str) -> str:
    return clean(text)[:1000]


def _fact(key: str, value: object) -> str:
    """A fact as a term, whatever its length."""
    return hashlib.sha256(clean(f"{key}\0{value}").encode()).hexdigest()[:32]


def _fields(alert: Alert) -> dict[str, Any]:
    finding = alert.finding
    said = [
        *finding.title.values(),
        finding.rule_name,
        *finding.why.values(),
        finding.entity,
        finding.rule_id,
        alert.id,
    ]
    return {
        "id": clean(alert.id),
        "status": alert.status,
        "level": alert.level,
        "unit": _short(finding.owner.unit),
        "rule_id": _short(finding.rule_id),
        "entity": _short(finding.entity),
        "assignee": _short(alert.assignee),
        "drill": clean(alert.drill),
        "techniques": [clean(name) for name in finding.techniques],
        "facts": [_fact(key, value) for key, value in finding.facts.items()],
        "detected": alert.detected,
        "time": finding.time,
        "day": finding.time // DAY,
        "snoozed": alert.snoozed,
        "flood": alert.groups,
        "staged": finding.staged,
        "search": clean("\n".join(said)).translate(_LOWER)[:MAX_SEARCH],
        "body": alert_to_json(alert),
    }
