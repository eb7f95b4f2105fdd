"""The rules that ship, loaded once from the package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from detectors.sigma.load import load_texts
from detectors.sigma.model import Loaded


@cache
def library() -> Loaded:
    """Every rule below `detectors/library`, named by its path there; what is refused is in `refused`."""
    return load_texts(library_texts(), {})


def library_texts() -> Iterator[tuple[str, bytes]]:
    """The rule files of the library: the path below `detectors`, and what stands there."""
    root = resources.files("detectors").joinpath("library")
    return ((name, entry.read_bytes()) for name, entry in _rule_files(root, "library"))


def _rule_files(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    """The rule files below a folder, with their path, in order."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _rule_files(entry, path)
        elif entry.name.endswith((".yml", ".yaml")):
            yield path, entry
