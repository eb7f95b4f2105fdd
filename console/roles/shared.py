"""What a console on a cluster has beside the pages; the drivers of the engines are loaded only where there is one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from console.wiring import Workspace
from yunshao.ports import Bus

if TYPE_CHECKING:
    from console.roles.watch import Shared


def shared_parts(place: Workspace) -> Shared | None:
    """The parts; None where one process does all."""
    if place.settings.cluster is None:
        return None
    made: Shared = importlib.import_module("console.roles.watch").Shared(place)
    return made


def door(place: Workspace) -> Bus:
    """Where a command of this workspace hands records in: its spool, or the broker of its cluster."""
    if place.settings.cluster is None:
        return place.spool
    made: Bus = importlib.import_module("console.roles.taking").Taking(place)
    return made


def waiting(place: Workspace) -> int:
    """How many messages the workers of the cluster have not finished. Raises Unreachable."""
    found: int = importlib.import_module("console.roles.watch").waiting(place)
    return found
