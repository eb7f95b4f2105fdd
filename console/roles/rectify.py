"""Rectification items at work: made by drills and assessments, closed with evidence, verified by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from console.roles.evidence import EvidenceFiles
from console.wiring import Workspace, wall_clock
from playbooks.drill.readiness import readiness
from yunshao.errors import NotFound
from yunshao.model import rectification as words
from yunshao.model.estate import Estate
from yunshao.model.rectification import KIND, Item
from yunshao.ports import Archive, Clock

MOST = 5000
MOST_DRILLS = 500


class Rectifications:
    """Every item of a workspace."""

    def __init__(self, workspace: Workspace, clock: Clock = wall_clock) -> None:
        self._store = workspace.store
        self._estate = workspace.estate
        self._clock = clock
        self._files = EvidenceFiles(workspace.data)

    def find(self, units: Iterable[str] = ()) -> list[Item]:
        """Items of these units (of all, where none is named): what is open first, by deadline."""
        wanted = set(units)
        found = [one for one in self._store.find(KIND, MOST) if not wanted or one["unit"] in wanted]
        return sorted(found, key=lambda one: (one["state"] != "open", one["due"], one["id"]))

    def get(self, item: str) -> Item:
        """One, by its id. Raises NotFound."""
        return self._store.get(KIND, item)

    def done(self, item: str, by: str, note: str, files: Sequence[tuple[str, bytes]] = ()) -> None:
        """It is mended. Raises NotFound, WrongUse."""
        kept = [{"name": name[:200], "size": len(data), "sha256": self._files.keep(name, data)} for name, data in files]
        self._change(item, by, "done", lambda one: words.done(one, kept, by, self._clock(), note))

    def verify(self, item: str, by: str, note: str = "") -> None:
        """Somebody else agrees. Raises NotFound, WrongUse."""
        self._change(item, by, "verify", lambda one: words.verify(one, by, self._clock(), note))

    def give_back(self, item: str, by: str, note: str) -> None:
        """It is not mended. Raises NotFound, WrongUse."""
        self._change(item, by, "return", lambda one: words.give_back(one, by, self._clock(), note))

    def drop(self, item: str, by: str, note: str) -> None:
        """It will not be done. Raises NotFound, WrongUse."""
        self._change(item, by, "drop", lambda one: words.drop(one, by, self._clock(), note))

    def move_deadline(self, item: str, due: int, by: str, note: str) -> None:
        """Another deadline (ms). Raises NotFound, WrongUse."""
        self._change(item, by, "move", lambda one: words.move_deadline(one, due, by, self._clock(), note))

    def _change(self, item: str, by: str, did: str, change: Callable[[Item], Item]) -> None:
        def there(kept: Item | None) -> Item:
            if kept is None:
                raise NotFound(f"no rectification item {item[:60]!r}", "`yunshao rectify list`")
            return change(kept)

        self._store.change(KIND, item, there)
        self._store.note(by, f"rectify.{did}", item)

    def readiness(self, units: Iterable[str]) -> dict[str, Any]:
        """How ready these units are together, with each deduction."""
        return readiness(units, self._store.find("drill", MOST_DRILLS), self._store.find(KIND, MOST), self._clock())


def enter_items(store: Archive, items: Iterable[Item]) -> int:
    """Enter items; one that is there already stays as people left it. Gives how many there are."""
    count = 0
    for item in items:
        store.change(KIND, item["id"], partial(_kept_or, item))
        count += 1
    return count


def _kept_or(fresh: Item, kept: Item | None) -> Item:
    return kept or fresh


def enter_drill(store: Archive, estate: Estate, drill: Mapping[str, Any], now: int) -> int:
    """Enter what a finished drill asks to be mended; an aborted one asks nothing."""
    top = next((one.id for one in estate.units.values() if not one.parent), "")
    return enter_items(store, words.items_of_drill(drill, top, now)) if drill["state"] == "done" else 0
