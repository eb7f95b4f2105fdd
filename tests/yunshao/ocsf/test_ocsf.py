"""Our table of classes against the published schema, and the cheap check."""

from __future__ import annotations

from typing import Any

import pytest
from ocsf_json_schema import get_ocsf_schema

from yunshao.ocsf.check import check
from yunshao.ocsf.classes import CATEGORIES, CLASSES, SEVERITIES, VERSION, EventClass

SCHEMA = get_ocsf_schema(VERSION)
BASE = {"time", "severity_id", "type_uid", "category_uid", "metadata", "class_uid", "activity_id", "osint", "cloud"}
GOOD: dict[str, Any] = {
    "class_uid": 6003,
    "category_uid": 6,
    "activity_id": 2,
    "type_uid": 600302,
    "severity_id": 1,
    "status_id": 1,
    "time": 0,
    "metadata": {"version": VERSION, "product": {"name": "x"}, "profiles": ["cloud"]},
    "actor": {"user": {"name": "a"}},
    "api": {"operation": "o"},
    "src_endpoint": {"ip": "198.51.100.7"},
    "cloud": {"provider": "AWS"},
}


@pytest.mark.parametrize("listed", CLASSES.values(), ids=lambda listed: listed.name)
def test_a_class_is_as_published(listed: EventClass) -> None:
    published = SCHEMA["classes"][listed.name]
    attributes = published["attributes"]
    assert published["uid"] == listed.uid
    assert published["caption"] == listed.caption
    assert published["category_uid"] == listed.category_uid
    activities = {int(number): one["caption"] for number, one in attributes["activity_id"]["enum"].items()}
    assert activities == listed.activities
    required = {name for name, one in attributes.items() if one["requirement"] == "required"} - BASE
    assert set(listed.required) == required
    constraints = published.get("constraints") or {}
    assert set(listed.needs_one) == set(constraints.get("at_least_one") or constraints.get("just_one") or ())


def test_categories_and_severities_are_as_published() -> None:
    published = {
        0: "Uncategorized",
        **{one["uid"]: one["caption"] for one in SCHEMA["categories"]["attributes"].values()},
    }
    assert CATEGORIES.items() <= published.items()
    severities = SCHEMA["classes"]["base_event"]["attributes"]["severity_id"]["enum"]
    assert {int(number): one["caption"] for number, one in severities.items()} == SEVERITIES


def test_a_good_event_has_no_problem() -> None:
    assert check(GOOD) == ()


@pytest.mark.parametrize(
    "name", ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"]
)
def test_what_every_event_needs_is_missed(name: str) -> None:
    assert any(name in problem for problem in check({key: value for key, value in GOOD.items() if key != name}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"class_uid": 9}, "class_uid 9"),
        ({"class_uid": []}, "class_uid []"),
        ({"activity_id": 77}, "activity_id 77"),
        ({"activity_id": 99, "type_uid": 600399}, "activity_name"),
        ({"type_uid": 1}, "type_uid 1"),
        ({"category_uid": 3}, "category_uid 3"),
        ({"severity_id": 7}, "severity_id 7"),
        ({"severity_id": True}, "severity_id True"),
        ({"status_id": 4}, "status_id 4"),
        ({"time": 1.5}, "time"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"version": "1.0", "product": {}}}, "version"),
        ({"metadata": {"version": VERSION, "product": {}}}, "product"),
        ({"metadata": {"version": VERSION, "product": {"name": "x"}, "profiles": ["osint"]}}, "osint"),
        ({"cloud": {}}, "provider"),
        ({"actor": {}}, "actor"),
        ({"actor": {"user": {}}}, "actor.user"),
        ({"src_endpoint": {"port": 1}}, "src_endpoint"),
        ({"api": {}}, "operation"),
    ],
)
def test_each_problem_is_named(change: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in check({**GOOD, **change}))


def test_a_class_without_what_it_needs_is_named() -> None:
    missing = {key: value for key, value in GOOD.items() if key != "api"}
    assert check(missing) == ("api_activity needs api",)
    network = {**GOOD, "class_uid": 4001, "category_uid": 4, "activity_id": 6, "type_uid": 400106}
    network.pop("src_endpoint")
    assert check(network) == ("network_activity needs one of dst_endpoint, src_endpoint",)
