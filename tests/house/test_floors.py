"""Imports only ever point down, and stand at the top of the file."""

from __future__ import annotations

import pytest
from house.structure import ROOMS, STAGES, Module, imports, modules

GROUND = (
    ("yunshao.adapters",),
    ("yunshao.estate", "yunshao.ocsf", "yunshao.wire"),
    ("yunshao.ports",),
    ("yunshao.model", "yunshao.settings"),
    ("yunshao.errors", "yunshao.text", "yunshao.meters", "yunshao.yaml_text"),
)


def floor(name: str) -> int:
    """0 is the roof; a larger number lies lower."""
    if name.startswith("console"):
        return 0
    if name.split(".")[0] in STAGES:
        return 1
    for depth, row in enumerate(GROUND, start=2):
        if any(name == part or name.startswith(f"{part}.") for part in row):
            return depth
    return 99


def wrong(module: Module, name: str) -> str:
    """Why this import may not be, or an empty string."""
    room, other = module.name.split(".")[0], name.split(".")[0]
    if name.startswith("."):
        return "relative import"
    if other not in ROOMS:
        return ""
    if other in STAGES and room in STAGES and other != room:
        return "two stages are strangers to each other"
    if floor(name) < floor(module.name):
        return "points up"
    if name.startswith("yunshao.adapters") and not module.name.startswith(("console", "yunshao.adapters")):
        return "only the roof imports adapters"
    return ""


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.place)
def test_every_import_points_down(module: Module) -> None:
    found = [
        f"{module.place}:{line} {name}: {why}" for line, name, _ in imports(module) if (why := wrong(module, name))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.place)
def test_no_import_hides_in_a_function(module: Module) -> None:
    found = [f"{module.place}:{line} {name}" for line, name, inside in imports(module) if inside]
    assert not found, "circles hide here: " + ", ".join(found)


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    names = {module.name for module in modules()}
    arrows = {
        module.name: {
            target for _, name, _ in imports(module) for target in (name,) if target in names and target != module.name
        }
        for module in modules()
    }
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, "circle: " + " -> ".join((*way, name))
        if name not in done:
            for target in sorted(arrows[name]):
                walk(target, (*way, name))
            done.add(name)

    for name in sorted(names):
        walk(name, ())
