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

_MOMENT = re.compile(r" \((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})Z\)\Z")
SAMPLES_RECEIVED = 1_767_323_045_000
_LAST_SECOND = 253_402_300_799


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
        hint = hint_for(collector.framing, entry.name, SAMPLES_RECEIVED)
        yield Sample(stem, entry.read_bytes().removesuffix(b"\n"), hint, expected, refused)


def dated_hint(hint: str, received: int) -> str:
    """The hint with the moment (UTC) a record came in, for sources whose time stamps name no year."""
    seconds = min(max(received // 1000, 0), _LAST_SECOND)
    return f"{hint} ({datetime.fromtimestamp(seconds, UTC).strftime('%Y-%m-%dT%H:%M:%S')}Z)"


def moment_of(hint: str) -> datetime | None:
    """The moment that `dated_hint` wrote down."""
    found = _MOMENT.search(hint)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def hint_for(framing: Framing, hint: str, received: int) -> str:
    """What an intake writes beside its records: dated where lines are read."""
    return dated_hint(hint, received) if framing == "lines" else hint
