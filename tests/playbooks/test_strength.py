"""What drills prove of the monitoring: people who took the alert count, a rule that fired by itself does not."""

from __future__ import annotations

from typing import Any

import pytest

from playbooks.assess.register import measures
from yunshao.model.estate import Estate, InfoSystem, Unit

NOW = 1_774_915_200_000
NAME = {"zh": "甲", "en": "A"}
ESTATE = Estate(NAME, {"u": Unit("u", NAME, "department")}, {}, {"s": InfoSystem("s", NAME, "u", 3, 3, 3, 3, NAME)})
SOURCES = [{"last_received": NOW - 1000}]


def drill(name: str, technique: str, states: str, unattended: bool) -> dict[str, Any]:
    """A finished drill: `m` is an alert that came, `x` one that did not."""
    expected = [{"type": "alert", "state": "met" if state == "m" else "missed"} for state in states]
    return {
        "id": name,
        "state": "done",
        "ended": NOW - 86_400_000,
        "unattended": unattended,
        "expectations": expected,
        "alerts": [{"techniques": [technique]}] if "m" in states else [],
    }


def shown(*drills: dict[str, Any]) -> dict[str, tuple[float, bool, list[str]]]:
    rows = measures(ESTATE, SOURCES, drills, frozenset({"u"}), NOW)
    return {row["shared"]: (row["effectiveness"], row["tested"], row["techniques"]) for row in rows}


def test_an_attended_drill_proves_the_monitoring() -> None:
    assert shown(drill("d1", "T1078", "mm", False)) == {"monitoring": (1.0, True, ["T1078"])}


def test_an_unattended_drill_leaves_it_untested() -> None:
    found = shown(drill("d1", "T1078", "mm", True))
    assert found == {"monitoring": (0.5, False, []), "detection": (0.5, False, ["T1078"])}


def test_an_unattended_drill_lends_no_strength_to_what_an_attended_one_proved_elsewhere() -> None:
    found = shown(drill("d1", "T1078", "mm", False), drill("d2", "T1110", "mm", True))
    assert found == {"monitoring": (1.0, True, ["T1078"]), "detection": (0.5, False, ["T1110"])}


@pytest.mark.parametrize(("states", "effect"), [("xxxm", 0.25), ("mmmm", 0.5), ("mmmx", 0.5)])
def test_an_unattended_drill_can_lower_but_never_raise(states: str, effect: float) -> None:
    assert shown(drill("d1", "T1110", states, True))["detection"][0] == effect


def test_what_an_unattended_drill_missed_lowers_what_an_attended_one_proved() -> None:
    found = shown(drill("d1", "T1078", "mm", False), drill("d2", "T1078", "xx", True))
    assert found == {"monitoring": (0.5, True, ["T1078"])}
    more = shown(drill("d1", "T1078", "mx", False), drill("d2", "T1078", "mm", True))
    assert more["monitoring"][0] == 0.5
