"""Words for people made from values of the log: bounded, nothing invisible, nothing executed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from detectors.sigma.values import MISSING, leaves, text_of

MAX_VALUE = 200
MAX_TEXT = 2_000
MAX_LISTED = 5
_FIELD = re.compile(r"\{([^{}\s]{1,256})\}")
UNKNOWN: Mapping[str, str] = {"zh": "（未知）", "en": "(unknown)"}


def visible(text: str, limit: int = MAX_VALUE) -> str:
    """The text with control and other invisible characters written out, cut to `limit` characters."""
    if len(text) <= limit and text.isprintable():
        return text
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in cut)[
        : limit * 2
    ]


def shown(value: Any) -> str:
    """A field's value for people; empty where it is absent, null or holds no text."""
    if value.__class__ is str:
        return visible(value)
    if value is MISSING or value is None:
        return ""
    texts = []
    for leaf in leaves(value):
        text = text_of(leaf)
        if text:
            texts.append(text)
        if len(texts) > MAX_LISTED:
            texts[MAX_LISTED:] = ["…"]
            break
    return visible(", ".join(texts))


def render(template: str, language: str, read: Callable[[str], str]) -> str:
    """The template with each `{field}` replaced by what `read` gives; a value is never read as a template."""
    unknown = UNKNOWN[language]
    texts, fields = _parts(template)
    said = [texts[0]]
    for field, after in zip(fields, texts[1:], strict=True):
        said += (read(field) or unknown, after)
    filled = "".join(said)
    return filled if len(filled) <= MAX_TEXT else f"{filled[: MAX_TEXT - 1]}…"


@lru_cache(maxsize=4_096)
def _parts(template: str) -> tuple[list[str], list[str]]:
    """The texts around the fields of a template, and the fields between them."""
    split = _FIELD.split(template)
    return split[::2], split[1::2]
