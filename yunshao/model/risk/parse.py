"""A site's own method as data: the tables and cuts of a shipped one replaced, and checked before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yunshao.errors import BadConfiguration
from yunshao.model.risk import gbt20984, iso27005
from yunshao.model.risk.method import Criterion, Method
from yunshao.model.risk.scales import Table, monotonic

AXIS = 5
LARGEST = 10_000
BASES = ("gbt20984-matrix", "iso27005")


def parse_method(data: object, place: str) -> Method:
    """A method from `id`, `name` {zh, en}, `base`, and `tables` and `cuts` that replace those of the base.

    Raises BadConfiguration for a table that is not 5 x 5 or falls along an axis, and for cuts that do not rise.
    """
    if not isinstance(data, Mapping):
        raise BadConfiguration("a method is a mapping", "id, name, base, tables, cuts", place)
    key, name, base = data.get("id"), data.get("name"), data.get("base", BASES[0])
    if not isinstance(key, str) or not key.replace("-", "").replace("_", "").isalnum() or len(key) > 60:
        raise BadConfiguration("a method needs an id of letters, digits and hyphens", "", place)
    if not isinstance(name, Mapping) or not {"zh", "en"} <= set(name):
        raise BadConfiguration(f"method {key} needs a name in zh and en", "", place)
    if base not in BASES:
        raise BadConfiguration(f"method {key} is based on {base!r}", f"one of {', '.join(BASES)}", place)
    said = {"zh": str(name["zh"]), "en": str(name["en"])}
    tables, cuts = _mapping(data, "tables", place), _mapping(data, "cuts", place)
    standard = str(data.get("standard", ""))
    if base == "iso27005":
        table = _table(tables.get("iso", iso27005.ISO27005), "iso", place, AXIS)
        return iso27005.matrix_method(key, said, standard or iso27005.METHOD.standard, table)
    criteria = tuple(
        Criterion(
            one.key,
            _table(tables.get(one.key, one.table), one.key, place, LARGEST),
            _cuts(cuts.get(one.key, one.cuts), one.key, place),
        )
        for one in gbt20984.CRITERIA
    )
    for one in criteria:
        if one.table[-1][-1] > one.cuts[-1]:
            raise BadConfiguration(f"table {one.key} has values above its last cut", "", place)
    return gbt20984.matrix_method(key, said, standard or gbt20984.MATRIX.standard, criteria)


def _mapping(data: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, Mapping):
        raise BadConfiguration(f"{key} is a mapping", "by the letter of the table: L, F, R", place)
    return found


def _table(value: Any, key: str, place: str, largest: int) -> Table:
    shaped = isinstance(value, list | tuple) and len(value) == AXIS
    rows = [row for row in value if isinstance(row, list | tuple) and len(row) == AXIS] if shaped else []
    if len(rows) != AXIS or not all(type(n) is int and 1 <= n <= largest for row in rows for n in row):
        raise BadConfiguration(f"table {key} is not 5 x 5 whole numbers from 1 to {largest}", "", place)
    table = tuple(tuple(row) for row in rows)
    if not monotonic(table):
        raise BadConfiguration(f"table {key} falls along an axis", "a higher input never gives a lower risk", place)
    return table


def _cuts(value: Any, key: str, place: str) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) != AXIS or not all(type(n) is int for n in value):
        raise BadConfiguration(f"cuts {key} are not 5 whole numbers", "the largest value of each level", place)
    cuts = tuple(value)
    if list(cuts) != sorted(set(cuts)):
        raise BadConfiguration(f"cuts {key} do not rise", "", place)
    return cuts
