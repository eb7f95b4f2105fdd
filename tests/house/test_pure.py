"""The core takes values and gives values: no files, sockets, clocks, environment or unseeded chance."""

from __future__ import annotations

import ast

import pytest
from house.structure import LOADERS, Module, imports, is_shell, modules

FORBIDDEN_IMPORTS = {
    "asyncio", "duckdb", "fcntl", "faust", "glob", "http", "httpx", "kafka", "multiprocessing", "opensearchpy", "os",
    "pyarrow", "requests", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile",
    "threading", "uvicorn",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "open", "time.time", "time.time_ns", "time.monotonic", "time.sleep", "datetime.now", "datetime.utcnow",
    "datetime.today", "date.today", "uuid.uuid1", "uuid.uuid4", "uuid4", "uuid1", "os.urandom", "input", "print",
    "eval", "exec",
}  # fmt: skip
SEEDED = {"random.Random"}
PURE = [module for module in modules() if not is_shell(module.name)]


def _called(node: ast.Call) -> str:
    parts: list[str] = []
    target: ast.expr = node.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if isinstance(target, ast.Name):
        parts.append(target.id)
    return ".".join(reversed(parts))


@pytest.mark.parametrize("module", PURE, ids=lambda module: module.place)
def test_a_pure_file_imports_no_driver(module: Module) -> None:
    found = [
        f"{module.place}:{line} {name}" for line, name, _ in imports(module) if name.split(".")[0] in FORBIDDEN_IMPORTS
    ]
    assert not found, found


@pytest.mark.parametrize("module", PURE, ids=lambda module: module.place)
def test_a_pure_file_calls_nothing_of_the_outside(module: Module) -> None:
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = _called(node)
            unseeded = name.startswith("random.") and name not in SEEDED
            if name in FORBIDDEN_CALLS or unseeded:
                found.append(f"{module.place}:{node.lineno} {name}")
    assert not found, found


def test_each_loader_that_is_excused_exists() -> None:
    assert set(LOADERS) <= {module.name for module in modules()}
