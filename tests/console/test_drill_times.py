"""A drill's times agree with the clock on the wall: delays planted into the real pipeline and into people, measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_city import HandClock, SmallCity, form, small_city
from starlette.testclient import TestClient

from console.roles.reporting import build_report, file_of
from yunshao.model.alert import AlertQuery
from yunshao.model.drill import Document

# A Thursday morning; any moment will do.
NINE = 1_795_054_800_000
MINUTE = 60
PIPELINE, SLOWER = 3.0, 7.25


class Conductor:
    """A drill in a small city whose clock is in the test's hand; people work with the console's own pages."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock(NINE)
        self.town: SmallCity = small_city(folder, self.clock)
        self.client: TestClient = self.town.visitor("oncall")
        self.drills = self.town.up.drills
        self.id = self.drills.start("ransomware_in_a_district", "operator")
        self.began = self.clock()

    def at(self, minutes: float, seconds: float = 0.0) -> Document:
        """It is so long after the beginning, and the drill had its turn."""
        self.clock.now = self.began + int((minutes * MINUTE + seconds) * 1000)
        return self.drills.advance(self.id)

    def pipeline_after(self, seconds: float) -> None:
        """The pipeline stands still so long, then works off what is at its door."""
        self.clock.goes(seconds)
        self.town.up.pipeline.drain()
        self.drills.advance(self.id)

    def takes(self, rule: str) -> None:
        """Somebody takes the alert of a rule on the page."""
        alerts = self.town.place.store.alerts(AlertQuery(drill=self.id, limit=100))
        (alert,) = [one.id for one in alerts if one.finding.rule_name == rule]
        assert form(self.client, "/alerts/do", what="acknowledge", ids=alert) == 303

    def reports(self, step: int) -> None:
        """Somebody reports a task done on the page."""
        assert form(self.client, f"/drills/{self.id}/answer", index=str(step)) == 303


def held(one: Conductor) -> Document:
    """The whole drill: the pipeline 3 s and 7.25 s late, people as slow as the numbers say."""
    one.at(0)
    one.pipeline_after(PIPELINE)
    one.clock.goes(42)
    one.takes("backup_destroyed")
    one.clock.goes(3)
    one.takes("versioning_suspended")
    one.at(2)
    one.pipeline_after(SLOWER)
    one.clock.goes(20.5)
    one.takes("objects_encrypted_with_foreign_key")
    one.at(3)
    one.at(3, 25)
    one.reports(2)
    one.at(4)
    one.at(4, 35)
    one.reports(3)
    one.at(6)
    one.at(8)
    one.at(8, 5)
    one.reports(5)
    one.at(10)
    one.at(10, 50)
    one.reports(6)
    one.at(10, 51)
    return one.at(10, 52)


@pytest.fixture(scope="module")
def conductor(tmp_path_factory: pytest.TempPathFactory) -> Conductor:
    return Conductor(tmp_path_factory.mktemp("times"))


@pytest.fixture(scope="module")
def document(conductor: Conductor) -> Document:
    return held(conductor)


def test_delays_of_the_pipeline_are_measured_to_the_millisecond(document: Document):
    waited = {one["rule"]: one["detected"] - one["injected"] for one in document["expectations"] if one["rule"]}
    assert waited == {
        "backup_destroyed": 3000, "versioning_suspended": 3000, "objects_encrypted_with_foreign_key": 7250,
    }  # fmt: skip
    assert document["metrics"]["mttd"] == {
        "mean": 4.417, "median": 3, "p90": 7.25, "n": 3, "unfinished": 0, "errors": 0,
    }  # fmt: skip


def test_delays_of_people_are_measured_to_the_millisecond(document: Document):
    assert document["phase"] == "over"
    assert [one["took"] for one in document["expectations"] if one["type"] == "alert"] == [42_000, 45_000, 20_500]
    latest = 2 * MINUTE + SLOWER
    means = {name: document["metrics"][name]["mean"] for name in ("mtta", "mttt", "mttc", "mttr")}
    assert means == {
        "mtta": 35.833,
        "mttt": 3 * MINUTE + 25 - latest,
        "mttc": 4 * MINUTE + 35 - latest,
        "mttr": 10 * MINUTE + 50 - latest,
    }


def test_the_report_prints_the_same_times(conductor: Conductor, document: Document):
    report = build_report(conductor.town.place, document["id"], "x", ("html",), ("en",))
    page = file_of(conductor.town.place, report, "drill.en.html").decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for figures in (
        "MTTD detect 4.4 s 3 s 7.3 s 3 0", "MTTA acknowledge 35.8 s 42 s 45 s 3 0", "MTTT triage 1 min 18 s",
        "MTTC contain 2 min 28 s", "MTTR recover 8 min 43 s",
    ):  # fmt: skip
        assert figures in text, figures
