"""What the node can narrow of a hunt's `field:value` words: never less than what the words ask for."""

from __future__ import annotations

import re
from typing import Any

from yunshao.adapters.stores.columns import COLUMNS
from yunshao.adapters.stores.questions import ALIASES, NUMBERS, condition_of

_WORD = re.compile(r'(?:^|\s)([A-Za-z_][\w.@-]*):("(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)')
_NARROWED = set(COLUMNS) - {"ocsf", "native", "message", "resources", *NUMBERS}


def prefilter(question: str) -> dict[str, Any]:
    """A query that every answer meets. Raises WrongUse where the words make no sense."""
    condition_of(question)
    parts: list[dict[str, Any]] = []
    for field, value in _WORD.findall(question):
        name = ALIASES.get(field.lower(), field.lower())
        text = re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value
        if name in NUMBERS and text.lstrip("-").isdecimal():
            parts.append({"term": {name: int(text)}})
        elif name in ("since", "until"):
            # The same reading of a date as everywhere.
            moment = condition_of(f'{name}:"{text}"').values[0]
            parts.append({"range": {"time": {"gte" if name == "since" else "lt": moment}}})
        elif name in _NARROWED and text.isascii():
            parts.append(_texts(name, text))
    return {"bool": {"filter": parts}} if parts else {"match_all": {}}


def _texts(name: str, text: str) -> dict[str, Any]:
    if "*" in text:
        pattern = escaped(text).replace("\\*", "*")
        return {"wildcard": {name: {"value": pattern, "case_insensitive": True}}}
    return {"term": {name: {"value": text, "case_insensitive": True}}}


def escaped(text: str) -> str:
    """Text whose signs stand for themselves in a wildcard query."""
    return re.sub(r"([\\*?])", r"\\\1", text)
