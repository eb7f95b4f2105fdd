"""What `normalise` and `detect` share: files that exist, sources that are known, rejects as rows."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from collectors.catalog import PARSERS
from yunshao.errors import WrongUse
from yunshao.model.event import Rejected

MAX_SHOWN_RAW = 65536
PipelineOption = Annotated[
    list[Path] | None,
    typer.Option("--pipeline", help="A pySigma processing pipeline (YAML) that the rules go through; repeatable."),
]


def checked_source(name: str) -> None:
    """Raises WrongUse for a name that no parser has."""
    if name != "auto" and name not in PARSERS:
        raise WrongUse(f"unknown source {name!r}", f"one of auto, {', '.join(sorted(PARSERS))}")


def checked_files(files: Sequence[Path]) -> None:
    """Raises WrongUse for a path that is not there."""
    for path in files:
        if not path.exists():
            raise WrongUse("no such file", "", str(path))


def rejected_row(rejected: Rejected) -> dict[str, Any]:
    """A rejected record as one JSON object; `raw` is base64 where it is not UTF-8 text."""
    row: dict[str, Any] = {
        "source": rejected.source,
        "file": rejected.hint,
        "position": rejected.position,
        "reason": rejected.reason,
        "detail": rejected.detail,
    }
    head = rejected.raw[:MAX_SHOWN_RAW]
    try:
        row["raw"] = head.decode("utf-8")
    except UnicodeDecodeError:
        row["raw_base64"] = base64.b64encode(head).decode("ascii")
    if len(rejected.raw) > MAX_SHOWN_RAW:
        row["raw_truncated"] = len(rejected.raw)
    return row


class Guessed:
    """Counts what `--source auto` took each record for."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, source: str) -> None:
        """One more of this source."""
        self._counts[source] += 1

    def words(self) -> str:
        """`aws.cloudtrail 12, zeek 3`, or `nothing`."""
        return ", ".join(f"{name} {count}" for name, count in self._counts.most_common()) or "nothing"
