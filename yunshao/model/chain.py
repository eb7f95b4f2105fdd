"""One chain of hashes over reports, alerts and audit entries: whoever keeps a checkpoint outside notices a rewrite.

Each link holds the hash of the one before it, so that an edit, a removal, another order or a cut shows at a link. A
chain that was made anew from its first link fits in itself; only a checkpoint that was kept elsewhere shows that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

KINDS = ("report", "alert", "audit", "key")
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be linked: its kind and id, its place among its own kind, and the SHA-256 of its content."""

    kind: str
    subject: str
    place: int
    digest: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `number` begins at 1; `at` (ms) is when it was made; `hash` is over everything else."""

    number: int
    kind: str
    subject: str
    place: int
    at: int
    digest: str
    previous: str
    hash: str

    def as_row(self) -> dict[str, Any]:
        """The link as one JSON object."""
        return {name: getattr(self, name) for name in ("number", *FIELDS, "hash")}


FIELDS = ("kind", "subject", "place", "at", "digest", "previous")
TYPES = {"number": int, "place": int, "at": int}


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where a chain is not what it was: a stable code, the number of the link, and words."""

    code: str
    number: int
    text: str


def digest_of(content: Any) -> str:
    """SHA-256 of JSON with sorted keys and no spaces."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def hash_of(number: int, item: Item, at: int, previous: str) -> str:
    """The hash of a link."""
    return digest_of([number, item.kind, item.subject, item.place, at, item.digest, previous])


def link(previous: Link | None, item: Item, at: int) -> Link:
    """The link after another one (None: the first)."""
    number, before = (previous.number + 1, previous.hash) if previous else (1, START)
    hashed = hash_of(number, item, at, before)
    return Link(number, item.kind, item.subject, item.place, at, item.digest, before, hashed)


def read_links(rows: Iterable[object]) -> tuple[list[Link], list[Flaw]]:
    """Links from JSON types; a row that is none is a flaw."""
    links, flaws = [], []
    names = ("number", *FIELDS, "hash")
    for place, row in enumerate(rows, start=1):
        good = isinstance(row, Mapping) and set(row) == set(names)
        if not (good and isinstance(row, Mapping) and all(type(row[name]) is TYPES.get(name, str) for name in names)):
            flaws.append(Flaw("bad_link", place, "not a link of a chain"))
            continue
        links.append(Link(**{name: row[name] for name in names}))
    return links, flaws


def check(links: Sequence[Link], after: Link | None = None, whole: bool = False) -> list[Flaw]:
    """What is wrong with a stretch of a chain, by link. `whole` wants it to begin at the first link."""
    flaws = []
    before = after
    if whole and links and links[0].number != 1:
        flaws.append(Flaw("chain_removed", 1, f"links before {links[0].number} are missing"))
    for one in links:
        if before is not None and one.number != before.number + 1:
            said = "out of order" if one.number <= before.number else "links are missing before it"
            flaws.append(Flaw("chain_reordered" if one.number <= before.number else "chain_removed", one.number, said))
        elif before is not None and one.previous != before.hash:
            flaws.append(Flaw("chain_broken", one.number, "does not hold the hash of the link before it"))
        if one.number == 1 and one.previous != START:
            flaws.append(Flaw("chain_broken", 1, "the first link holds a hash of something before it"))
        if hash_of(one.number, Item(one.kind, one.subject, one.place, one.digest), one.at, one.previous) != one.hash:
            flaws.append(Flaw("chain_changed", one.number, f"{one.kind} {one.subject[:80]} was changed"))
        before = one
    return flaws


def against(links: Sequence[Link], checkpoint: Mapping[str, Any]) -> list[Flaw]:
    """Whether a chain is the one that a checkpoint was taken of; silent where the stretch does not reach it."""
    number, wanted = checkpoint["number"], checkpoint["hash"]
    if not links or links[0].number > number:
        return []
    if links[-1].number < number:
        return [Flaw("chain_truncated", number, f"the chain ends at link {links[-1].number}, before the checkpoint")]
    found = next((one for one in links if one.number == number), None)
    if found is None:
        return [Flaw("chain_removed", number, "the link of the checkpoint is missing")]
    if found.hash != wanted:
        return [Flaw("chain_rewritten", number, "not the link that the checkpoint was taken of")]
    return []
