"""Techniques by the strongest thing that can be said of them, and the layer that the Navigator opens."""

from __future__ import annotations

import re

import pytest

from detectors.catalog import library
from detectors.coverage import coverage, layer
from detectors.sigma.model import Loaded


@pytest.fixture
def rules(read, rule) -> Loaded:
    """One rule on T1685.002 (by its old number) and T1078."""
    return read(rule("s: {a: x}\ncondition: s", more="name: one\ntags: [attack.t1562.008, attack.t1078]\n"))


def states(found):
    return {each.id: each.state for each in found}


def test_covered_proved_and_seen_are_told_apart(rules):
    assert states(coverage(rules, [], {})) == {"T1078": "covered by a rule", "T1685.002": "covered by a rule"}
    found = coverage(rules, [("drill-1", ["T1078", "T1078"])], {"T1685.002": 3, "T1003": 1})
    assert states(found) == {
        "T1003": "seen for real",
        "T1078": "proved by a drill",
        "T1685.002": "seen for real",
    }
    assert next(each for each in found if each.id == "T1078").drills == ["drill-1"]


def test_an_old_number_counts_as_the_new_one(rules):
    found = coverage(rules, [("d", ["T1562.008"])], {"T1562.008": 1, "T1685.002": 2})
    (each,) = [one for one in found if one.id == "T1685.002"]
    assert (each.rules, each.drills, each.alerts) == (["one"], ["d"], 3)


def test_the_layer_has_what_format_4_5_asks_for():
    made = layer(coverage(library(), [("d", ["T1078.004"])], {"T1530": 2}), "name", "words")
    assert made["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
    assert (made["name"], made["domain"], made["description"]) == ("name", "enterprise-attack", "words")
    ids = [each["techniqueID"] for each in made["techniques"]]
    assert len(ids) == len(set(ids)) > 50
    assert all(re.fullmatch(r"T[0-9]{4}(\.[0-9]{3})?", name) for name in ids)
    for each in made["techniques"]:
        assert set(each) <= {
            *(
                "techniqueID",
                "tactic",
                "score",
                "color",
                "comment",
                "enabled",
                "metadata",
                "links",
                "showSubtechniques",
            ),
        }
        assert each.get("score", 1) in {1, 2, 3}
        assert re.fullmatch(r"#[0-9a-f]{6}", each.get("color", "#000000"))
        assert all(set(fact) == {"name", "value"} for fact in each.get("metadata", ()))
        assert all(isinstance(value, str) for fact in each.get("metadata", ()) for value in fact.values())
    assert made["gradient"] == {"colors": ["#9ecae1", "#74c476", "#fd8d3c"], "minValue": 1, "maxValue": 3}
    assert [set(item) for item in made["legendItems"]] == [{"label", "color"}] * 3


def test_a_parent_of_a_covered_part_is_opened(rules):
    made = layer(coverage(rules, [], {}), "n", "d")
    assert {"techniqueID": "T1685", "showSubtechniques": True} in made["techniques"]
