"""Where reading stands in each file, as text that a store keeps; and which file is which after a rotation. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from collectors.files.reading import START, Mark

MAX_FILES = 2000
PRINTED_BYTES = 1024
_SURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Print:
    """What a file begins with: a hash of its first `size` bytes of text."""

    size: int = 0
    hash: str = ""

    def fits(self, head: bytes) -> bool:
        """Whether a file that begins with `head` can be this one."""
        return len(head) >= self.size and print_of(head[: self.size]) == self


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read: from `mark`, `skip` pieces are done already; `number` records came before the mark."""

    path: str
    inode: int
    print: Print
    mark: Mark = START
    skip: int = 0
    number: int = 0
    size: int = 0
    done: bool = False
    changed: int = 0


def print_of(head: bytes) -> Print:
    """The print of a head of up to PRINTED_BYTES."""
    head = head[:PRINTED_BYTES]
    return Print(len(head), hashlib.sha256(head).hexdigest()[:16])


def written(places: Iterable[Place], before: int) -> str:
    """The places as an offset. `before`: files that have not changed since (ns) and have no place were read."""
    rows = [
        [p.path, p.inode, p.print.size, p.print.hash, *p.mark, p.skip, p.number, p.size, int(p.done), p.changed]
        for p in places
    ]
    return orjson.dumps({"v": 1, "before": before, "files": rows}).decode("utf-8", "replace")


def read(offset: str) -> tuple[dict[int, Place], int]:
    """The places by inode. An offset that is no offset of ours starts anew."""
    try:
        told = orjson.loads(offset) if offset else {}
        return {place.inode: place for place in map(_place, told.get("files", ()))}, int(told.get("before", 0))
    except (ValueError, TypeError, AttributeError, IndexError):
        return {}, 0


def _place(row: list[Any]) -> Place:
    path, inode, size, mark_hash, at, nest, header, skip, number, seen, done, changed = row
    return Place(
        str(path),
        int(inode),
        Print(int(size), str(mark_hash)),
        Mark(int(at), str(nest), int(header)),
        int(skip),
        int(number),
        int(seen),
        bool(done),
        int(changed),
    )


def bounded(places: Iterable[Place], before: int) -> tuple[list[Place], int]:
    """At most MAX_FILES: those read to their end that changed longest ago are summed up in `before`."""
    kept = list(places)
    surplus = len(kept) - MAX_FILES
    if surplus <= 0:
        return kept, before
    finished = sorted((place for place in kept if place.done), key=lambda place: place.changed)[:surplus]
    gone = {place.inode for place in finished}
    kept = [place for place in kept if place.inode not in gone]
    summed = max((place.changed for place in finished), default=before)
    oldest = min((place.changed for place in kept if not place.done), default=summed + 1)
    return kept, max(before, min(summed, oldest - 1))


def copied(head: bytes, path: str, inode: int, places: Iterable[Place]) -> Place | None:
    """The place of the file that this one is a copy of: a log that was copied or packed when it was rotated."""
    for place in places:
        related = path != place.path and path.startswith(place.path)
        if related and place.print.size >= _SURE_BYTES and place.print.fits(head):
            return replace(place, path=path, inode=inode, size=0, done=False)
    return None
