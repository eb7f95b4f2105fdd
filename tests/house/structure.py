"""Reads the house: every module of ours, what it imports and what it calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("collectors", "streams", "detectors", "playbooks", "reports")
ROOMS = ("yunshao", *STAGES, "console")


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, its text and its tree."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """The path from the root, for messages."""
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the seven packages."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(path, name, text, ast.parse(text)))
    return tuple(found)


@cache
def names_of_modules() -> frozenset[str]:
    """The dotted names of `modules()`."""
    return frozenset(module.name for module in modules())


def imports(module: Module) -> list[tuple[int, str, bool]]:
    """(line, dotted name, whether it stands inside a function) of every import."""
    inside = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            # `from package import module` means the module, not what else the package holds.
            names = {f"{origin}.{alias.name}" for alias in node.names} & names_of_modules() or {origin}
            found += [(node.lineno, name, id(node) in inside) for name in sorted(names)]
    return found


def is_shell(name: str) -> bool:
    """Whether a module may touch the outside: see CONTRIBUTING.md."""
    parts = name.split(".")
    return (
        parts[0] == "console"
        or name.startswith("yunshao.adapters")
        or (parts[0] == "collectors" and parts[-1] == "source")
        or (parts[0] == "streams" and parts[-1].startswith("run_"))
        or name in LOADERS
    )


# Files that read our own packaged content, or a folder that somebody names; each says so in its docstring.
LOADERS = {
    "yunshao.text": "the catalogues of texts",
    "detectors.catalog": "the rule library",
    "detectors.sigma.load": "folders of rules",
    "detectors.sigma.check": "folders of rules",
    "playbooks.load": "folders of playbooks",
    "playbooks.controls.catalogue": "the catalogue of controls",
    "reports.shared.content": "templates and texts",
    "reports.shared.faces": "letters of the installed fonts",
    "reports.shared.glyphs": "what the installed fonts can print",
}
