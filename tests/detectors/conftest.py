"""Rules from a few lines of YAML, and events without a parser."""

from __future__ import annotations

import itertools
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from yunshao.model.event import Event

sys.path.insert(0, str(Path(__file__).resolve().parent))
_serial = itertools.count(1)
HEAD = "title: A rule\nid: {id}\nlevel: high\nlogsource: {logsource}\n"


def make_event(
    native: dict[str, Any], source: str = "aws.cloudtrail", time: int = 0, uid: str = "", ocsf=None
) -> Event:
    """An event of a native record; its OCSF form is what is given."""
    form = ocsf or {}
    return Event(source, uid or f"u{next(_serial)}", time, native, lambda _native, _identity: form)


def rule_text(
    detection: str, logsource: str = "{product: aws, service: cloudtrail}", number: int = 1, more: str = ""
) -> str:
    """A rule document around a detection block."""
    head = HEAD.format(id=f"00000000-0000-4000-8000-{number:012d}", logsource=logsource)
    return (
        head
        + "detection:\n"
        + textwrap.indent(textwrap.dedent(detection).strip("\n"), "  ")
        + "\n"
        + textwrap.dedent(more)
    )


def load(*texts: str, placeholders: dict[str, list[str]] | None = None):
    """What the texts hold, each one a file."""
    files = ((f"rule{number}.yml", text.encode()) for number, text in enumerate(texts))
    return load_texts(files, placeholders or {})


@pytest.fixture
def event():
    """make_event."""
    return make_event


@pytest.fixture
def read():
    """load."""
    return load


@pytest.fixture
def rule():
    """rule_text."""
    return rule_text


@pytest.fixture
def fires():
    """Whether a detection fires on a native record."""

    def ask(detection: str, native: dict[str, Any], source: str = "aws.cloudtrail", **more: Any) -> bool:
        loaded = load(rule_text(detection, **more))
        assert not loaded.refused, loaded.refused
        return bool(Matcher(loaded.rules).matches(make_event(native, source)))

    return ask


@pytest.fixture
def refusal():
    """Why a detection is refused: (line, reason)."""

    def ask(detection: str, **more: Any) -> tuple[int, str]:
        loaded = load(rule_text(detection, **more))
        assert len(loaded.refused) == 1, loaded
        return loaded.refused[0].line, loaded.refused[0].reason

    return ask
