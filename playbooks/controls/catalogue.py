"""The catalogue of controls. Reads our packaged file and nothing else."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from yunshao.model.controls import CLAUSE_OF_LEVEL, Control


@cache
def _tree() -> dict[str, Any]:
    text = resources.files("playbooks.controls").joinpath("catalogue.yml").read_text(encoding="utf-8")
    tree: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return tree


@cache
def mlps(level: int) -> tuple[Control, ...]:
    """The control points of GB/T 22239 for a protection level: those of 2 for level 1 and 2, those of 3 above."""
    used = 2 if level <= 2 else 3
    found = []
    for place, family in enumerate(_tree()["mlps"], start=1):
        points = [one for one in family["points"] if one.get("from", 2) <= used]
        found += [
            _control(f"mlps.{family['family']}", family, one, f"{CLAUSE_OF_LEVEL[used]}.{place}.{number}")
            for number, one in enumerate(points, start=1)
        ]
    return tuple(found)


@cache
def data() -> tuple[Control, ...]:
    """The items of data security, in the four areas of GB/T 45577."""
    return tuple(
        _control(f"data.{family['family']}", family, one, f"{place}.{number}")
        for place, family in enumerate(_tree()["data"], start=1)
        for number, one in enumerate(family["points"], start=1)
    )


@cache
def families() -> dict[str, dict[str, str]]:
    """The names of families and areas."""
    return {
        f"{framework}.{one['family']}": one["title"] for framework in ("mlps", "data") for one in _tree()[framework]
    }


def _control(family: str, group: dict[str, Any], one: dict[str, Any], clause: str) -> Control:
    # The id is made of the family and the English title: a point keeps it on every level, though its clause differs.
    name = "".join(c if c.isalnum() else "-" for c in one["title"]["en"].lower())
    return Control(
        id=f"{family}.{'-'.join(filter(None, name.split('-')))}",
        clause=clause,
        family=family,
        side=group["side"],
        title=one["title"],
        how=one.get("how", "manual"),
        by=one.get("by", ""),
        against=tuple(one.get("against", ())),
        weight=one.get("weight", 1),
        stage=one.get("stage", ""),
        personal=one.get("personal", ""),
    )


def known() -> dict[str, Control]:
    """Every control by its id."""
    return {one.id: one for one in (*mlps(3), *data())}
