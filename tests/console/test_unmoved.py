"""A drill moves no real figure: two cities, one of which held drills, show the same to everybody, byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_process import cli
from small_city import SETTINGS, HandClock, SmallCity, small_city

from console.roles.assessments import run_assessment
from console.roles.reviews import make_review
from playbooks.scenes import demo_city, story
from reports.catalog import build

NINE = 1_795_054_800_000
HOUR = 3_600_000
# With the detectors that learn: what they remember must be the same too.
LEARNING = SETTINGS.replace("anomalies: false", "anomalies: true")
HELD = ("ransomware_in_a_district", "api_abused")
LATER = ("mass_delete", "root_login", "kms_key_deletion")
PAGES = (
    "overview", "alerts", "incidents", "units", "risks", "risks/proposals", "assessments", "questions",
    "rectifications", "oncall", "playbooks", "sources",
)  # fmt: skip
REVIEWS = ("posture", "scorecard", "mlps", "data_security")
# What drills are shown by, and what is made anew in every city.
DRILLS_OWN = {"drill", "running"}


def held(town: SmallCity, name: str) -> None:
    drill = town.up.drills.start(name, "operator", 1000, unattended=True)
    for _ in range(200):
        if town.up.drills.advance(drill)["phase"] == "over":
            # Whether drills were held, and how well, is meant to be seen; set aside, it is taken back.
            town.up.drills.set_aside(drill, "operator", "a test")
            return
        town.up.pipeline.drain()
        town.place.clock.goes(0.5)  # type: ignore[attr-defined]
    raise AssertionError(name)


def lived(folder: Path, drills: tuple[str, ...]) -> SmallCity:
    """A city's morning: stories, drills or none, and stories again, about the same accounts."""
    clock = HandClock(NINE)
    town = small_city(folder, clock, LEARNING)
    for name in drills:
        held(town, name)
    clock.now = NINE + 2 * HOUR
    for number, name in enumerate(LATER):
        town.send(story(name, demo_city(), NINE + HOUR + number * 60_000, f"later|{number}"))
    return town


def shown(town: SmallCity) -> dict[str, Any]:
    """What people see, page by page and document by document."""
    client = town.visitor("admin")
    paths = [*PAGES, *(f"units/{unit}" for unit in town.place.estate.units)]
    found: dict[str, Any] = {}
    for path in paths:
        answer = client.get(f"/{path}.json")
        assert answer.status_code == 200, path
        found[path] = {name: value for name, value in answer.json().items() if name not in DRILLS_OWN}
    place = town.place
    made = place.store.get("assessment", run_assessment(place, "city_risk_assessment", "operator"))
    assert made["risks"]
    found["assessment"] = made
    found["its report"] = build("assessment", made, ("en",), ("html",))["assessment.en.html"].decode()
    for kind in REVIEWS:
        found[kind] = place.store.get(kind, make_review(place, kind, "operator"))
    for by in ("source", "unit", "hour", "class_uid"):
        # Cut off within an hour, so that files are looked into as well.
        found[f"events by {by}"] = place.store.count_events(by, NINE - 3 * HOUR, NINE + 1_000)
        found[f"all events by {by}"] = place.store.count_events(by, 0, NINE + 5 * HOUR)
    done = cli("alerts", "list", "-w", place.folder, "--limit", "5000", "--format", "ndjson")
    found["export"] = done.out.decode()
    return found


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallCity, SmallCity]:
    """One without and one with drills."""
    return lived(tmp_path_factory.mktemp("without"), ()), lived(tmp_path_factory.mktemp("with"), HELD)


def test_everything_that_people_see_is_the_same_byte_by_byte(towns: tuple[SmallCity, SmallCity]) -> None:
    without, with_drills = (shown(one) for one in towns)
    assert len(without["export"].splitlines()) > 10
    differing = [name for name in without if json.dumps(without[name]) != json.dumps(with_drills[name])]
    assert differing == []


def test_what_detectors_remember_of_real_events_is_the_same(towns: tuple[SmallCity, SmallCity]) -> None:
    def remembered(town: SmallCity) -> list[Any]:
        rows = town.place.local._db.rows("SELECT detector, key, body, due FROM memory")
        return sorted(row for row in rows if "\x1e" not in row[1])

    without, with_drills = (remembered(one) for one in towns)
    assert {row[0] for row in without} >= {"sigma", "first_seen", "isolation"}
    assert with_drills == without
