"""YAML that people wrote, before it is loaded: the loader recurses in C and would end the process on deep nesting."""

from __future__ import annotations

import yaml

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
