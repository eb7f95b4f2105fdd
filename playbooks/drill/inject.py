"""What a drill sends, as the register must know it: whose source, which id, which digest, when planned."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yunshao.errors import BadContent, Rejection
from yunshao.model.event import Native
from yunshao.ports import Parser


@dataclass(frozen=True, slots=True)
class Injected:
    """One record of a drill: the bytes that go through the door, and who it will be on the other side."""

    source: str
    raw: bytes
    uid: str
    digest: str
    part: str
    offset: int

    def as_json(self) -> dict[str, Any]:
        """Kept with the drill, so that whoever goes on can send it."""
        return {
            "source": self.source,
            "raw": base64.b64encode(self.raw).decode("ascii"),
            "uid": self.uid,
            "digest": self.digest,
            "part": self.part,
            "offset": self.offset,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Injected:
        """The record as it was kept."""
        return cls(
            kept["source"], base64.b64decode(kept["raw"]), kept["uid"], kept["digest"], kept["part"], kept["offset"]
        )


def prepare(
    lines: Sequence[tuple[str, int, bytes, str]],
    parsers: Mapping[str, Parser],
    digest: Callable[[Native], str],
    start: int,
) -> list[Injected]:
    """Scene lines (source, time, raw, part) as records to inject, in order; the offset counts from `start`, in ms.

    Raises BadContent for a line that its own parser would reject: a drill must not fail halfway.
    """
    found = []
    for source, time, raw, part in lines:
        parser = parsers[source]
        try:
            native = parser.decode(raw, "")
            uid = parser.identify(native).uid
        except Rejection as error:
            raise BadContent(f"a record of the drill is no {source}: {error}", "") from None
        found.append(Injected(source, raw, uid, digest(native), part, max(0, time - start)))
    return found
