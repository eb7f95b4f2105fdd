"""ATT&CK ids in rule tags, renumbered from version 18 to 19."""

from __future__ import annotations

import re

RENUMBERED = {
    "T1562": "T1685",
    "T1562.001": "T1685",
    "T1562.002": "T1685.001",
    "T1562.004": "T1686",
    "T1562.006": "T1685",
    "T1562.007": "T1686.001",
    "T1562.008": "T1685.002",
    "T1562.010": "T1689",
    "T1070.001": "T1685.005",
    "T1070.002": "T1685.006",
    "T1656": "T1684.001",
}
_TECHNIQUE = re.compile(r"[Tt][0-9]{4}(?:\.[0-9]{3})?\Z")
_TECHNIQUE_LIKE = re.compile(r"[Tt][0-9.]+\Z")


def current(technique: str) -> str:
    """The id that a technique has today."""
    return RENUMBERED.get(technique, technique)


def techniques_of(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The technique ids named by `attack.t…` tags, today's numbers, each once."""
    found: dict[str, None] = {}
    for tag in tags:
        namespace, _, value = tag.partition(".")
        if namespace == "attack" and _TECHNIQUE.match(value):
            found[current(value.upper())] = None
    return tuple(found)


def is_misshapen(tag: str) -> bool:
    """Whether the tag means a technique and does not have the shape of one."""
    namespace, _, value = tag.partition(".")
    return namespace == "attack" and bool(_TECHNIQUE_LIKE.match(value)) and not _TECHNIQUE.match(value)
