"""What a collector is: a parser, how its bytes are framed, how its records are recognised, and its own samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from collectors.files.reading import Framing
from yunshao.ports import Parser

_DAY = re.compile(r" \((\d{4}-\d{2}-\d{2})\)\Z")


@dataclass(frozen=True, slots=True)
class Collector:
    """One source. `recognises` is asked with a decoded JSON object (or the text of a line) and the hint."""

    parser: Parser
    title: dict[str, str]
    package: str
    recognises: Callable[[Any, str], bool]
    framing: Framing = "json"

    @property
    def source(self) -> str:
        """The name in configuration, metrics and reports."""
        return self.parser.source


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample that a collector ships: a record, and its OCSF form or the reason why it is refused."""

    name: str
    raw: bytes
    hint: str
    expected: bytes
    refused: bool


def samples(collector: Collector) -> Iterator[Sample]:
    """Every sample of a collector: `x.log` with `x.ocsf.json`, or `wrong_x.log` with `wrong_x.reason`."""
    folder = resources.files(collector.package).joinpath("samples")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        stem, _, ending = entry.name.rpartition(".")
        if ending != "log":
            continue
        refused = stem.startswith("wrong_")
        expected = folder.joinpath(f"{stem}.reason" if refused else f"{stem}.ocsf.json").read_bytes()
        hint = dated_hint(entry.name, 1_767_323_045_000) if collector.framing == "lines" else entry.name
        yield Sample(stem, entry.read_bytes().removesuffix(b"\n"), hint, expected, refused)


def dated_hint(hint: str, received: int) -> str:
    """The hint with the day (UTC) a record came in, for sources whose time stamps name no year."""
    day = datetime.fromtimestamp(received / 1000, UTC).date()
    return f"{hint} ({day.isoformat()})"


def day_of(hint: str) -> datetime | None:
    """The day that `dated_hint` wrote down."""
    found = _DAY.search(hint)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
