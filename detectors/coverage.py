"""Which ATT&CK techniques are covered by a rule, proved by a drill, seen for real; and as a layer of the Navigator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from detectors.sigma.attack import current
from detectors.sigma.model import Loaded

RULE, DRILL, REAL = "covered by a rule", "proved by a drill", "seen for real"
SCORES = {RULE: 1, DRILL: 2, REAL: 3}
COLOURS = {RULE: "#9ecae1", DRILL: "#74c476", REAL: "#fd8d3c"}
LAYER_FORMAT, ATTACK, NAVIGATOR = "4.5", "19", "5.1.0"
MAX_NAMED = 50


@dataclass(slots=True)
class Technique:
    """What is known of one technique: names of rules, ids of drills whose alerts carry it, and real alerts."""

    id: str
    rules: list[str] = field(default_factory=list)
    drills: list[str] = field(default_factory=list)
    alerts: int = 0

    @property
    def state(self) -> str:
        """The strongest thing that can be said."""
        return REAL if self.alerts else DRILL if self.drills else RULE


def coverage(loaded: Loaded, drilled: Iterable[tuple[str, Iterable[str]]], seen: Mapping[str, int]) -> list[Technique]:
    """Every technique that there is something to say about, in order of id.

    `drilled`: drills with the techniques of the alerts that fired in them; `seen`: real alerts by technique.
    """
    found: dict[str, Technique] = {}

    def at(name: str) -> Technique:
        return found.setdefault(current(name), Technique(current(name)))

    for rule in (*loaded.rules, *loaded.correlations):
        for name in rule.techniques:
            at(name).rules.append(rule.name or rule.title)
    for drill, techniques in drilled:
        for name in dict.fromkeys(techniques):
            at(name).drills.append(drill)
    for name, count in seen.items():
        at(name).alerts += count
    return [found[name] for name in sorted(found)]


def layer(techniques: Iterable[Technique], name: str, description: str) -> dict[str, Any]:
    """The techniques as a layer for the ATT&CK Navigator."""
    listed = list(techniques)
    below = {each.id.partition(".")[0] for each in listed if "." in each.id}
    parents = {each.id for each in listed if "." not in each.id}
    return {
        "name": name,
        "versions": {"attack": ATTACK, "navigator": NAVIGATOR, "layer": LAYER_FORMAT},
        "domain": "enterprise-attack",
        "description": description,
        "filters": {},
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "showAggregateScores": False},
        "hideDisabled": False,
        "techniques": [_entry(each, each.id in below) for each in listed]
        + [{"techniqueID": parent, "showSubtechniques": True} for parent in sorted(below - parents)],
        "gradient": {"colors": list(COLOURS.values()), "minValue": 1, "maxValue": 3},
        "legendItems": [{"label": label, "color": colour} for label, colour in COLOURS.items()],
        "metadata": [{"name": "score", "value": "1 covered by a rule, 2 proved by a drill, 3 seen for real"}],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def _entry(technique: Technique, opened: bool) -> dict[str, Any]:
    facts = (
        ("rules", ", ".join(technique.rules[:MAX_NAMED]) or "none"),
        ("drills", ", ".join(technique.drills[:MAX_NAMED]) or "none"),
        ("real alerts", str(technique.alerts)),
    )
    return {
        "techniqueID": technique.id,
        "score": SCORES[technique.state],
        "color": COLOURS[technique.state],
        "comment": technique.state,
        "enabled": True,
        "metadata": [{"name": name, "value": value} for name, value in facts],
        "showSubtechniques": opened,
    }
