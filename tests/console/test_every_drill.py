"""Every shipped drill through the real intake and pipeline, unattended; and what a drill must never move."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from small_city import SmallCity, small_city

from console.roles.assessments import run_assessment
from console.wiring import wall_clock
from playbooks.load import library
from playbooks.scenes import demo_city, story
from yunshao.model.alert import AlertQuery
from yunshao.model.drill import Document

DRILLS = sorted(one.id for one in library().values() if one.kind == "drill")
LONGEST_SECONDS = 40


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    return small_city(tmp_path_factory.mktemp("drills"))


def conducted(town: SmallCity, name: str) -> Document:
    drill = town.up.drills.start(name, "operator", 1000, unattended=True)
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        document = town.up.drills.advance(drill)
        if document["phase"] == "over":
            return document
        town.up.pipeline.drain()
        time.sleep(0.1)
    raise AssertionError([one for one in document["expectations"] if one["state"] == "waiting"])


@pytest.mark.parametrize("name", DRILLS)
def test_each_drill_runs_unattended_and_everything_expected_is_noticed(town: SmallCity, name: str):
    document = conducted(town, name)
    assert document["state"] == "done"
    assert [one["rule"] for one in document["expectations"] if one["type"] == "alert" and one["state"] != "met"] == []
    assert {step["state"] for step in document["steps"]} == {"done"}
    assert all(not row["gap"] for row in document["techniques"])
    assert all(one.status == "closed" for one in town.place.store.alerts(AlertQuery(drill=document["id"], limit=100)))


def test_a_second_run_is_compared_with_the_first(town: SmallCity):
    first, second = (conducted(town, "audit_switched_off") for _ in range(2))
    assert second["previous"]["id"] == first["id"]
    assert second["previous"]["metrics"]["mttd"] == first["metrics"]["mttd"]


def figures(town: SmallCity) -> bytes:
    """Every figure of what really happened: counts of alerts, threats with their frequency, risks before measures.

    How well a measure works is meant to follow from drills, and is shown as such in the assessment.
    """
    store = town.place.store
    counts = {
        by: store.count_alerts(AlertQuery(), by) for by in ("level", "status", "unit", "rule_id", "technique", "day")
    }
    made: dict[str, Any] = store.get("assessment", run_assessment(town.place, "city_risk_assessment", "operator"))
    risks = [{key: one[key] for key in ("asset", "threat", "weakness", "inherent")} for one in made["risks"]]
    assert risks
    assert counts["rule_id"]
    # They stand in the order of what is left after measures; here the order is nobody's figure.
    ordered = sorted(risks, key=lambda one: json.dumps(one, sort_keys=True))
    return json.dumps([counts, made["threats"], ordered], sort_keys=True).encode()


def test_a_drill_moves_no_real_figure_by_a_byte(tmp_path: Path):
    town = small_city(tmp_path)
    before = figures(town)
    for name in ("ransomware_in_a_district", "insider_misuses_rights"):
        conducted(town, name)
    assert figures(town) == before


def test_a_record_that_claims_to_be_a_drills_is_an_ordinary_record_and_an_alert(town: SmallCity):
    drill = town.up.drills.start("audit_switched_off", "operator", 1, unattended=True)
    (line,) = story("kms_key_deletion", demo_city(), wall_clock(), "outsider")
    record = json.loads(line.raw)
    record["userAgent"] = record["requestParameters"]["drill"] = f"drill:{drill}"
    record["metadata"] = {"labels": [f"drill:{drill}"]}
    town.send([line._replace(raw=json.dumps(record).encode())])
    found = town.place.store.alerts(AlertQuery(limit=1000, drill="any"))
    mine = [one for one in found if any(event.uid == record["eventID"] for event in one.events)]
    assert {one.drill for one in mine} == {""}
    assert {one.finding.rule_name for one in mine} >= {"call_claims_to_be_a_drill"}
    assert town.up.drills.abort_all("operator") == [drill]
    town.up.drills.advance(drill)
