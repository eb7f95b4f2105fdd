"""Files and functions stay small enough to read."""

from __future__ import annotations

import ast
import statistics

from house.structure import modules

MAX_FILE, MAX_FUNCTION = 400, 60
FEW = 5


def _lengths() -> list[tuple[int, str]]:
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{module.place}:{node.lineno} {node.name}")
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_file_is_longer_than_400_lines() -> None:
    assert not [module.place for module in modules() if module.text.count("\n") > MAX_FILE]


def test_hardly_a_function_is_longer_than_60_lines() -> None:
    assert len([place for lines, place in _lengths() if lines > MAX_FUNCTION]) <= FEW


def test_the_usual_function_is_short() -> None:
    lengths = sorted(lines for lines, _ in _lengths())
    assert statistics.median(lengths) <= 12
    assert lengths[int(0.9 * len(lengths))] <= 35
