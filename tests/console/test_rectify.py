"""What drills and assessments found wanting, through the real store, the command line and the console."""

from __future__ import annotations

from typing import Any

import pytest
from small_city import SmallCity, form

from console.cli.main import run
from console.roles.assessments import run_assessment
from console.roles.rectify import Rectifications, enter_drill
from yunshao.errors import NotFound, WrongUse

SAID = {"zh": "补规则", "en": "add the rule"}


def drill(city: SmallCity, name: str, **more: Any) -> dict[str, Any]:
    """A finished drill of the small city's unit that missed one alert."""
    made = {
        "id": name, "kind": "drill", "state": "done", "phase": "over", "started": city.up.desk().clock(), "ended": None,
        "playbook": {"id": name, "title": SAID}, "steps": [], "alerts": [{"unit": city.unit}], "timeline": [],
        "expectations": [{"type": "alert", "state": "missed", "rule": "r"}],
        "improvements": [{"action": SAID, "problem": {"zh": name, "en": name}, "post": SAID, "due": 1}],
        "metrics": None, "rating": None, "by": "x", "unattended": True, **more,
    }  # fmt: skip
    city.place.store.put("drill", name, made)
    enter_drill(city.place.store, city.place.estate, made, 0)
    return made


def item_of(city: SmallCity, name: str) -> str:
    return next(one["id"] for one in Rectifications(city.place).find() if one["origin"]["id"] == name)


def test_a_finished_drill_enters_what_is_to_be_mended_once(city: SmallCity):
    made = drill(city, "rectify-once")
    key = item_of(city, "rectify-once")
    Rectifications(city.place).done(key, "a", "there")
    enter_drill(city.place.store, city.place.estate, made, 0)
    assert Rectifications(city.place).get(key)["state"] == "done"
    drill(city, "rectify-aborted", state="aborted")
    assert all(one["origin"]["id"] != "rectify-aborted" for one in Rectifications(city.place).find())


def test_an_assessment_enters_the_risks_that_must_be_treated(city: SmallCity):
    made = city.place.store.get("assessment", run_assessment(city.place, "city_risk_assessment", "operator"))
    wanted = [one for one in made["risks"] if one["current"]["level"] >= 4]
    run_assessment(city.place, "city_risk_assessment", "operator")
    found = [one for one in Rectifications(city.place).find() if one["origin"]["kind"] == "assessment"]
    assert len(found) == len(wanted)


def test_it_is_mended_and_verified_from_the_command_line_and_a_changed_file_is_known(city: SmallCity, tmp_path, capfd):
    drill(city, "rectify-cli")
    key, proof = item_of(city, "rectify-cli"), tmp_path / "rule.yml"
    proof.write_text("detection: {}", encoding="utf-8")
    place = ("-w", str(city.place.folder))
    assert run(["rectify", "list", "--state", "overdue", *place]) == 0
    assert key in capfd.readouterr().out
    assert run(["rectify", "done", key, *place]) == 2
    assert run(["rectify", "done", key, str(proof), "--by", "mender", *place]) == 0
    assert run(["rectify", "verify", key, "--by", "mender", *place]) == 2
    assert run(["rectify", "verify", key, "--by", "checker", *place]) == 0
    assert run(["rectify", "show", key, *place]) == 0
    assert "rule.yml" in capfd.readouterr().out
    assert run(["rectify", "readiness", city.unit, *place]) == 0
    assert run(["rectify", "list", "--state", "nonsense", *place]) == 2


def test_the_pages_show_it_and_a_chief_the_own_units_alone(city: SmallCity):
    drill(city, "rectify-page")
    drill(city, "rectify-other", alerts=[{"unit": "nobody-here"}])
    key, other = item_of(city, "rectify-page"), item_of(city, "rectify-other")
    client, chief = city.visitor("operator"), city.visitor("chief")
    assert form(client, f"/rectifications/{key}/done", note="the rule is there") == 303
    assert form(city.visitor("admin"), f"/rectifications/{key}/verify") == 303
    assert form(city.visitor("admin"), f"/rectifications/{key}/return", note="it is not") == 303
    assert form(client, f"/rectifications/{key}/move", until="2031-01-31", note="parts are late") == 303
    assert form(client, f"/rectifications/{key}/drop", note="") == 400
    assert form(client, f"/rectifications/{key}/explode") == 400
    assert form(client, "/rectifications/none/done", note="x") == 404
    assert form(city.visitor("auditor"), f"/rectifications/{key}/done", note="x") == 403
    rows = chief.get("/rectifications.json", params={"state": "all"}).json()["items"]
    assert key in {one["id"] for one in rows}
    assert other not in {one["id"] for one in rows}
    unit = client.get(f"/units/{city.unit}.json").json()
    assert unit["readiness"]["score"] == max(0, 100 - sum(one["points"] for one in unit["readiness"]["deductions"]))
    assert client.get("/overview.json").json()["overdue"] >= 1
    assert client.get("/rectifications", params={"state": "x"}).status_code == 400


def test_what_is_not_there_is_one_clear_line(city: SmallCity):
    with pytest.raises(NotFound):
        Rectifications(city.place).verify("rect-none", "a")
    drill(city, "rectify-line")
    with pytest.raises(WrongUse):
        Rectifications(city.place).verify(item_of(city, "rectify-line"), "a")
