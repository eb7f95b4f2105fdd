"""One client of the node, the names and shapes of its indices, and every trouble in one clear line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy import exceptions as trouble

from yunshao.adapters.stores.columns import COLUMNS
from yunshao.errors import BadConfiguration, Unreachable
from yunshao.settings import ClusterSettings

PASSWORD = "YUNSHAO_OPENSEARCH_PASSWORD"  # noqa: S105 - the name of a variable
TIMEOUT = 60
MAX_TERM = 8_000
DAY = 86_400_000
OLDEST, NEWEST = 400 * DAY, 2 * DAY
EPOCH = date(1970, 1, 1).toordinal()
ODD = "odd"

KEYWORD: dict[str, Any] = {"type": "keyword", "ignore_above": MAX_TERM}
KEPT: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}
LONG, WHOLE = {"type": "long"}, {"type": "integer"}
WORDS = {"type": "wildcard"}
_EVENT_NUMBERS = {"time": LONG, "hour": LONG, "class_uid": WHOLE, "activity_id": WHOLE}
_EVENT_NUMBERS |= {"severity_id": WHOLE, "status_id": WHOLE}
EVENT_FIELDS: dict[str, Any] = {
    **dict.fromkeys(COLUMNS, KEYWORD),
    **_EVENT_NUMBERS,
    **dict.fromkeys(("ocsf", "native", "message"), KEPT),
    "kind": KEYWORD,
    "origin": KEPT,
    "rehearsed": {"type": "boolean"},
}
_ALERT_TEXTS = ("id", "status", "level", "unit", "rule_id", "entity", "assignee", "drill", "techniques", "facts")
SHAPES: dict[str, dict[str, Any]] = {
    "alerts": {
        **dict.fromkeys(_ALERT_TEXTS, KEYWORD),
        **dict.fromkeys(("detected", "time", "day", "snoozed", "flood"), LONG),
        "staged": {"type": "boolean"},
        "search": WORDS,
        "body": KEPT,
        "applied": {"type": "object", "enabled": False},
    },
    "documents": {"kind": KEYWORD, "key": KEPT, "body": KEPT, "wakes": LONG},
    "risk": {
        **dict.fromkeys(("part", "kind", "key"), KEYWORD),
        **dict.fromkeys(("number", "commit", "at"), LONG),
        **dict.fromkeys(("id", "body", "by", "reason"), KEPT),
    },
    "chain": {"last": LONG, "links": KEPT, "places": KEPT},
    "register": {"source": KEYWORD, "uid": KEYWORD, "drill": KEYWORD, "digest": KEPT, "planned": LONG},
    "trail": {"at": LONG, **dict.fromkeys(("by", "did", "on", "detail"), KEPT)},
    "rejects": {
        **dict.fromkeys(("source", "reason", "topic"), KEYWORD),
        **dict.fromkeys(("detail", "raw", "hint"), KEPT),
        **dict.fromkeys(("position", "received", "kept", "partition", "offset", "place"), LONG),
    },
    "ledger": {
        **dict.fromkeys(("source", "hop"), KEYWORD),
        **dict.fromkeys(("minute", "received", "processed", "rejected", "repeated", "rehearsed"), LONG),
        **dict.fromkeys(("last_event", "last_received"), LONG),
    },
    "excepted": {"exception": KEYWORD, "day": LONG, "count": LONG, "applied": {"type": "object", "enabled": False}},
}
DURABLE = {"translog.durability": "request", "refresh_interval": "1s", "number_of_shards": 1}


class Node:
    """The client, and what this process wrote and has not made visible yet. Any thread may use it."""

    def __init__(self, cluster: ClusterSettings) -> None:
        """Makes the templates and the small indices where they are not there. Raises Unreachable."""
        self.cluster = cluster
        self.client: Any = _client(cluster)
        self._unseen: set[str] = set()
        with self.told():
            self._install()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Trouble with the node as `Unreachable`."""
        try:
            yield
        except trouble.AuthenticationException:
            raise Unreachable("the node refuses the user or the password", PASSWORD, self.cluster.opensearch) from None
        except trouble.AuthorizationException as error:
            what = f"the node does not let this user do it: {_short(error)}"
            raise Unreachable(what, "the user's roles at the node", self.cluster.opensearch) from None
        except trouble.SSLError as error:
            what = f"the node's certificate is not trusted: {_short(error)}"
            raise Unreachable(what, "cluster.opensearch_ca", self.cluster.opensearch) from None
        except (trouble.OpenSearchException, OSError) as error:
            what = f"the node cannot be used: {_short(error)}"
            raise Unreachable(
                what, "is it running, and is cluster.opensearch right?", self.cluster.opensearch
            ) from None

    def name(self, kind: str) -> str:
        """The index of a kind."""
        return f"{self.cluster.prefix}-{kind}"

    def day(self, time: int, received: int | None = None) -> str:
        """The index of an event: its day, or one for all whose time no clock can explain."""
        if received is not None and not -OLDEST <= time - received <= NEWEST:
            return self.name(f"events-{ODD}")
        try:
            named = date.fromordinal(EPOCH + time // DAY).isoformat().replace("-", ".")
        except (ValueError, OverflowError):
            named = ODD
        return self.name(f"events-{named}")

    @property
    def events(self) -> str:
        """All events."""
        return self.name("events-*")

    def wrote(self, index: str) -> None:
        """What was written there is not visible to a search yet."""
        self._unseen.add(index)

    def refresh(self, kind: str) -> None:
        """What anybody wrote to a small index so far is visible to the next search. Raises Unreachable."""
        with self.told():
            self.client.indices.refresh(index=self.name(kind))

    def finished(self, kind: str) -> int:
        """The number of the newest write to a small index before which all are finished. Raises Unreachable."""
        with self.told():
            stats = self.client.indices.stats(index=self.name(kind), params={"level": "shards"})
        shards = [copy for index in stats["indices"].values() for copies in index["shards"].values() for copy in copies]
        return max(
            (shard["seq_no"]["local_checkpoint"] + 1 for shard in shards if shard["routing"]["primary"]), default=0
        )

    def search(self, index: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a search that sees whatever this process wrote. Raises Unreachable."""
        prefix = index.rstrip("*")
        mine = {name for name in self._unseen if name.startswith(prefix)}
        with self.told():
            if mine:
                self.client.indices.refresh(index=",".join(sorted(mine)), params={"ignore_unavailable": "true"})
                self._unseen -= mine
            answer: dict[str, Any] = self.client.search(
                index=index, body=dict(body), params={"ignore_unavailable": "true", "allow_no_indices": "true"}
            )
        return answer

    def delete(self, index: str, body: Mapping[str, Any]) -> int:
        """Take out what a query finds, also what was written just now; gives how much it was. Raises Unreachable."""
        with self.told():
            self.client.indices.refresh(index=index, params={"ignore_unavailable": "true"})
            asked = {"refresh": "true", "conflicts": "proceed", "ignore_unavailable": "true"}
            answer = self.client.delete_by_query(index=index, body=dict(body), params=asked)
        return int(answer["deleted"])

    def pages(self, index: str, body: Mapping[str, Any], size: int = 2_000) -> Iterator[dict[str, Any]]:
        """Every hit in the order of `sort`, which must be total, without holding more than a page."""
        after: Sequence[Any] | None = None
        while True:
            more = {**body, "size": size, **({"search_after": list(after)} if after else {})}
            hits = self.search(index, more)["hits"]["hits"]
            yield from hits
            if len(hits) < size:
                return
            after = hits[-1]["sort"]

    def get_many(self, wanted: Iterable[tuple[str, str]], fields: Sequence[str] | bool = True) -> list[dict[str, Any]]:
        """Documents by (index, id), as they are now, those that are there. Raises Unreachable."""
        asked = [{"_index": index, "_id": key, "_source": fields} for index, key in wanted]
        found: list[dict[str, Any]] = []
        for start in range(0, len(asked), 2_000):
            with self.told():
                answer = self.client.mget(body={"docs": asked[start : start + 2_000]})
            found += [doc for doc in answer["docs"] if doc.get("found")]
        return found

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _install(self) -> None:
        replicas = {"number_of_replicas": self.cluster.replicas - 1}
        settings = {"index": {**DURABLE, **replicas}}
        days = {"index": {**settings["index"], "number_of_shards": self.cluster.event_shards}}
        mappings = {"dynamic": False, "properties": EVENT_FIELDS}
        self.client.indices.put_index_template(
            name=self.name("events"),
            body={"index_patterns": [self.events], "template": {"settings": days, "mappings": mappings}},
        )
        for kind, fields in SHAPES.items():
            real = self.name(f"{kind}-1")
            if self.client.indices.exists(index=real):
                # A field that a later version brought is added; one that is there cannot change.
                self.client.indices.put_mapping(index=real, body={"properties": fields})
                continue
            body = {
                "settings": {"index": {**DURABLE, **replicas}},
                "mappings": {"dynamic": False, "properties": fields},
                "aliases": {self.name(kind): {"is_write_index": True}},
            }
            try:
                self.client.indices.create(index=real, body=body)
            except trouble.RequestError as error:
                # Another process was quicker.
                if error.error != "resource_already_exists_exception":
                    raise


def _client(cluster: ClusterSettings) -> OpenSearch:
    more: dict[str, Any] = {}
    if cluster.opensearch_user:
        password = os.environ.get(PASSWORD, "")
        if not password:
            raise BadConfiguration("cluster.opensearch_user needs a password", f"set {PASSWORD}", "yunshao.yaml")
        more["http_auth"] = (cluster.opensearch_user, password)
    if cluster.opensearch_ca:
        if not Path(cluster.opensearch_ca).is_file():
            raise BadConfiguration("cluster.opensearch_ca is no file", "a PEM file", cluster.opensearch_ca)
        more["ca_certs"] = cluster.opensearch_ca
    # Retries are our own: the library's are blind to single items, and without a pause.
    return OpenSearch([cluster.opensearch], timeout=TIMEOUT, max_retries=0, pool_maxsize=16, **more)


def _short(error: BaseException) -> str:
    if isinstance(error, trouble.ConnectionError):
        # Its own text says the same twice.
        return " ".join(str(error.error).split())[:240]
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:240]
