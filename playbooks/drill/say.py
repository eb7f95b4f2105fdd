"""The drill's sentences, in both languages at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yunshao.text import LANGUAGES, texts_of


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
    """One line of a drill's timeline."""
    return {"at": at, "kind": kind, "text": both(f"drill.{kind}", **values), "ref": ref}
