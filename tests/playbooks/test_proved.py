"""What a drill has fired is proved for a year; what it has not is a gap that the assessment names."""

from __future__ import annotations

from typing import Any

from playbooks.drill.proved import fired, limit_of

NOW, DAY = 1_790_000_000_000, 86_400_000
RULES = {"a": ("T1", "T2"), "b": ("T2",), "c": ("T3",)}


def drill(name: str, at: int, *rules: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "state": "done", "alerts": [{"rule_name": rule, "detected": at} for rule in rules], **more}


def test_a_rule_is_proved_by_its_latest_drill_and_its_techniques_with_it():
    found = fired(RULES, [drill("d1", NOW - 9 * DAY, "a"), drill("d2", NOW - DAY, "a", "unknown")], NOW)
    assert found["fired"] == [{"rule": "a", "at": NOW - DAY, "drill": "d2"}]
    assert (found["proved"], found["gaps"], found["never"]) == (["T1", "T2"], ["T3"], ["b", "c"])
    assert (found["rules"], found["techniques"]) == (3, 3)


def test_what_is_older_than_a_year_aborted_or_set_aside_proves_nothing():
    drills = [
        drill("d1", NOW - 366 * DAY, "a"),
        drill("d2", NOW, "b", state="aborted"),
        drill("d3", NOW, "c", set_aside={"by": "x"}),
    ]
    assert fired(RULES, drills, NOW)["fired"] == []


def test_an_assessment_says_it_in_both_languages():
    said = limit_of(fired(RULES, [drill("d1", NOW, "a")], NOW))
    assert "Of 3 rules 1" in said["en"]
    assert "3 条规则" in said["zh"]
