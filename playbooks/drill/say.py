"""The drill's sentences, in both languages at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yunshao.text import LANGUAGES, texts_of

PEOPLE = (
    "on_call", "data_security", "unit_chief", "system_chief", "general_chief", "operations", "business", "publicity",
    "supplier", "unattended",
)  # fmt: skip


def both(key: str, **values: object) -> dict[str, str]:
    """A text in zh and en; a value that is itself in two languages is taken in each."""
    texts = texts_of("playbooks")
    return {
        language: texts(
            language,
            key,
            **{name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()},
        )
        for language in LANGUAGES
    }


def entry(at: int, kind: str, ref: str = "", **values: object) -> dict[str, Any]:
    """One line of a drill's timeline; posts that we know are called by their names."""
    named = {name: person(value) if name in {"by", "post"} else value for name, value in values.items()}
    return {"at": at, "kind": kind, "text": both(f"drill.{kind}", **named), "ref": ref}


def person(name: object) -> object:
    """A post in both languages, or the name as it is."""
    return both(f"person.{name}") if name in PEOPLE else name
