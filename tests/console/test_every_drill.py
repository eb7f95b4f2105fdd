"""Every shipped drill through the real intake and pipeline, unattended."""

from __future__ import annotations

import json

import pytest
from small_city import HandClock, SmallCity, small_city

from playbooks.load import library
from playbooks.scenes import demo_city, story
from yunshao.model.alert import AlertQuery
from yunshao.model.drill import Document

DRILLS = sorted(one.id for one in library().values() if one.kind == "drill")
# A Thursday morning; any moment will do.
NINE = 1_795_054_800_000
TURNS = 200


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    return small_city(tmp_path_factory.mktemp("drills"), HandClock(NINE))


def conducted(town: SmallCity, name: str) -> Document:
    drill = town.up.drills.start(name, "operator", 1000, unattended=True)
    for _ in range(TURNS):
        document = town.up.drills.advance(drill)
        if document["phase"] == "over":
            return document
        town.up.pipeline.drain()
        town.place.clock.goes(0.5)
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


def test_a_record_that_claims_to_be_a_drills_is_an_ordinary_record_and_an_alert(town: SmallCity):
    drill = town.up.drills.start("audit_switched_off", "operator", 1, unattended=True)
    (line,) = story("kms_key_deletion", demo_city(), town.place.clock(), "outsider")
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
