"""One line of a scene, and the pen that writes ids, times and addresses from a seed."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson


class Line(NamedTuple):
    """One native record: whose source, when it happens (ms), its bytes, and the part of a story it belongs to."""

    source: str
    time: int
    raw: bytes
    part: str = ""


class Pen:
    """Chance with a seed: the same seed writes the same text."""

    def __init__(self, seed: str | int) -> None:
        self.chance = random.Random(f"yunshao|{seed}")  # noqa: S311 - traffic, not secrets

    def id(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        """So many hexadecimal digits."""
        return f"{self.chance.getrandbits(4 * digits):0{digits}x}"

    def key(self, prefix: str = "AKIA") -> str:
        """An access key's id."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        return prefix + "".join(self.chance.choices(letters, k=16))

    def zeek_uid(self) -> str:
        """A connection's id as Zeek writes it."""
        letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
        return "C" + "".join(self.chance.choices(letters, k=17))

    def inside(self, stem: str, part: int | None = None) -> str:
        """An address of a network given by its first two bytes."""
        third = self.chance.randrange(1, 20) if part is None else part
        return f"{stem}.{third}.{self.chance.randrange(10, 250)}"

    def outside(self) -> str:
        """An address of the ranges that are kept for documentation: nobody's."""
        return f"{self.chance.choice(('203.0.113', '198.51.100', '192.0.2'))}.{self.chance.randrange(1, 255)}"

    def port(self) -> int:
        """A client's port."""
        return self.chance.randrange(32768, 61000)


def iso(time: int, digits: int = 0) -> str:
    """A time in ms as ISO 8601, UTC, with so many digits after the second."""
    moment = datetime.fromtimestamp(time / 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}"[: len(text) + 1 + digits] + "Z" if digits else f"{text}Z"


def pack(source: str, time: int, record: dict[str, Any], part: str = "") -> Line:
    """A JSON record as a line."""
    return Line(source, time, orjson.dumps(record), part)
