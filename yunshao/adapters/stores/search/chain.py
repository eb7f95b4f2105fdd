"""The chain of hashes in one small index: a stretch of links is one document, named by its first number.

A document is created or refused as a whole, and nobody can make a second one of a name. So of two processes that go on
from the same link one is refused, reads what the other wrote, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from yunshao.adapters.stores.plain import clean, dumps, loads
from yunshao.adapters.stores.search.bulk import REFUSED, THERE, Write, settle
from yunshao.adapters.stores.search.connect import Node
from yunshao.errors import Unreachable
from yunshao.model.chain import Item, Link, link
from yunshao.ports import Clock

MAX_TRIES = 50
MAX_STRETCH = 5_000


class SearchChain:
    """`ports.Chain` but for the audit entries."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node = node
        self._clock = clock

    def link_up(self, items: Iterable[Item]) -> list[Link]:
        """Link what is not linked yet, in order; an item's place says what is new. Raises Unreachable."""
        found: list[Link] = []
        waiting = iter(items)
        while part := list(islice(waiting, MAX_STRETCH)):
            found += self._link_stretch(part)
        return found

    def _link_stretch(self, items: list[Item]) -> list[Link]:
        for _ in range(MAX_TRIES):
            last, places = self._end()
            at = max(self._clock(), last.at if last else 0)
            made: list[Link] = []
            for item in items:
                if item.place > places.get(item.kind, 0):
                    places[item.kind] = item.place
                    last = link(last, Item(item.kind, clean(item.subject), item.place, item.digest), at)
                    made.append(last)
            if not made or self._kept(made, places):
                return made
        raise Unreachable("others write the chain all the time", "try again", self._node.cluster.opensearch)

    def _kept(self, made: list[Link], places: dict[str, int]) -> bool:
        """Whether the stretch stands now; it does too where an earlier try of ours was written and not answered."""
        index, key = self._node.name("chain"), f"{made[0].number:020d}"
        text = dumps([one.as_row() for one in made])
        body = {"last": made[-1].number, "links": text, "places": dumps(places)}
        (settled,) = settle(self._node, [Write(index, key, body)])
        if settled.state == REFUSED:
            raise Unreachable(f"the node refuses links of the chain: {settled.why}", "", self._node.cluster.opensearch)
        if settled.state != THERE:
            return True
        found = self._node.get_many([(index, key)])
        return bool(found) and found[0]["_source"]["links"] == text

    def _end(self) -> tuple[Link | None, dict[str, int]]:
        """The newest link, and the last place of each kind."""
        self._node.refresh("chain")
        body = {"query": {"match_all": {}}, "sort": [{"last": "desc"}], "size": 1}
        hits = self._node.search(self._node.name("chain"), body)["hits"]["hits"]
        if not hits:
            return None, {}
        return _links(hits[0])[-1], loads(hits[0]["_source"]["places"])

    def links(self, after: int = 0, limit: int = 10_000) -> list[Link]:
        """Links after a number, in order."""
        self._node.refresh("chain")
        found: list[Link] = []
        body = {"query": {"range": {"last": {"gt": after}}}, "sort": [{"last": "asc"}]}
        for hit in self._node.pages(self._node.name("chain"), body, 20):
            found += [one for one in _links(hit) if one.number > after]
            if len(found) >= limit:
                break
        return found[:limit]

    def linked(self, kind: str) -> int:
        """The last place of a kind that is linked; 0 for none."""
        return self._end()[1].get(kind, 0)

    def chain_end(self) -> Link | None:
        """The newest link."""
        return self._end()[0]


def _links(hit: dict[str, Any]) -> list[Link]:
    return [Link(**row) for row in loads(hit["_source"]["links"])]
