"""YAML that people wrote, before it is loaded: the loader recurses in C and would end the process on deep nesting."""

from __future__ import annotations

from typing import Any

import yaml

from yunshao.errors import BadConfiguration

MAX_DEPTH = 64


class TooDeep(yaml.YAMLError):
    """Nested deeper than any file of ours needs."""


def check_depth(text: str, most: int = MAX_DEPTH) -> str:
    """The text, if nothing in it is nested deeper than `most`. Raises yaml.YAMLError."""
    depth = 0
    # Events come from a parser that keeps its own stack on the heap.
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > most:
                raise TooDeep(f"nested deeper than {most}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return text


def read_yaml(text: str, place: str = "") -> Any:
    """What a YAML text that people wrote holds. Raises BadConfiguration with its place."""
    try:
        return yaml.load(check_depth(text), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = getattr(error, "problem", None) or str(error)
        raise BadConfiguration(f"not YAML: {why}", "", place) from None
