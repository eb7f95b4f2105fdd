"""Incidents and playbooks in the console: opened from an alert, worked, answered, seen by whom they concern."""

from __future__ import annotations

import pytest
from small_city import HOSTILE, SmallCity, form

from yunshao.model.alert import AlertQuery


def opened(city: SmallCity) -> str:
    """An incident of one alert that belongs to none."""
    client = city.visitor("operator")
    desk = city.up.incidents
    found = next(one for one in city.place.store.alerts(AlertQuery(limit=60)) if not desk.of_alert(one.id))
    assert form(client, "/incidents/open", ids=found.id) == 303
    return city.up.incidents.of_alert(found.id)


def test_an_alert_page_opens_an_incident_and_then_leads_to_it(city: SmallCity) -> None:
    key = opened(city)
    alert = city.up.incidents.get(key)["alerts"][0]
    page = city.visitor("operator").get(f"/alerts/{alert}").text
    assert f'href="/incidents/{key}"' in page
    assert 'action="/incidents/open"' not in page


def test_what_was_named_by_an_attacker_is_text_in_an_incident(city: SmallCity) -> None:
    found = city.place.store.alerts(AlertQuery(entity=HOSTILE, limit=1))[0]
    client = city.visitor("operator")
    assert form(client, "/incidents/open", ids=found.id, title=HOSTILE) == 303
    page = client.get(f"/incidents/{city.up.incidents.of_alert(found.id)}").text
    assert "<script>alert" not in page
    assert "{{7*7}}" in page


def test_an_incident_is_worked_to_its_end_from_its_page(city: SmallCity) -> None:
    key = opened(city)
    client = city.visitor("operator")
    for verb, fields in (
        ("lead", {}),
        ("classify", {"category": "DS.05"}),
        ("grade", {"object": "important", "loss": "serious", "harm": "general"}),
        ("fact", {"key": "personal_records", "value": "1000000"}),
        ("clock", {"operator": "cii", "crime": "no", "known": ""}),
        ("task", {"title": "look into it", "post": "operations", "due": "2027-01-01T09:00"}),
        ("task", {"task": "T-01", "how": "done"}),
        ("comment", {"text": "cause: a key in a repository"}),
        ("events", {}),
        ("move", {"to": "confirmed"}),
        ("move", {"to": "recovered"}),
        ("sent", {"duty": "first", "note": "by fax"}),
        ("sent", {"duty": "summary"}),
        ("move", {"to": "closed", "note": "the key is gone"}),
    ):
        assert form(client, f"/incidents/{key}/{verb}", **fields) == 303, verb
    kept = city.up.incidents.get(key)
    assert kept["state"] == "closed"
    assert kept["lead"] == "operator"
    assert (kept["classification"]["grade"], kept["reporting"]["grade"]) == (3, 3)
    assert form(client, f"/incidents/{key}/move", to="reopen", note="again") == 303
    assert client.get(f"/incidents/{key}/evidence/E-01").headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_incident_page_is_whole_in_both_languages(city: SmallCity, language: str) -> None:
    key = opened(city)
    client = city.visitor("auditor")
    client.cookies.set("yunshao_lang", language)
    page = client.get(f"/incidents/{key}")
    assert page.status_code == 200
    assert "<form class" not in page.text


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("move", {"to": "closed", "note": "x"}),
        ("classify", {"category": "NONE"}),
        ("fact", {"key": "people", "value": "many"}),
        ("fact", {"key": "people", "value": "nan"}),
        ("clock", {"operator": "cii", "known": "tomorrow"}),
        ("sent", {"duty": "first"}),
        ("task", {"title": ""}),
        ("merge", {"other": "inc-none"}),
        ("playbook", {"playbook": "none"}),
        ("explode", {}),
    ],
)
def test_what_cannot_be_is_refused(city: SmallCity, verb: str, fields: dict[str, str]) -> None:
    known = city.up.incidents.find(50)
    key = next((one["id"] for one in known if one["state"] == "new"), "") or opened(city)
    assert form(city.visitor("operator"), f"/incidents/{key}/{verb}", **fields) in {400, 404}


def test_an_auditor_only_reads_and_a_chief_sees_the_own_units_alone(city: SmallCity) -> None:
    mine = next(one for one in city.place.store.alerts(AlertQuery(limit=60)) if one.finding.owner.unit == city.unit)
    other = next(one for one in city.place.store.alerts(AlertQuery(limit=60)) if one.finding.owner.unit != city.unit)
    desk = city.up.incidents
    seen = desk.of_alert(mine.id) or desk.open([mine.id], "operator")
    hidden = desk.open([], "operator", title="of another unit")
    desk.add_alerts(hidden, [other.id], "operator") if not desk.of_alert(other.id) else None
    assert form(city.visitor("auditor"), f"/incidents/{seen}/comment", text="x") == 403
    chief = city.visitor("chief")
    assert chief.get(f"/incidents/{seen}").status_code == 200
    assert chief.get(f"/incidents/{hidden}").status_code == 404
    listed = [one["id"] for part in chief.get("/incidents.json").json().values() for one in part]
    assert seen in listed
    assert hidden not in listed


def test_a_playbook_is_begun_answered_and_seen_in_the_console(city: SmallCity) -> None:
    key = opened(city)
    client = city.visitor("operator")
    assert form(client, f"/incidents/{key}/playbook", playbook="incident_first_hours") == 303
    for _ in range(5):
        city.up.runs.tick()
    waiting = client.get("/playbooks.json").json()["waiting"]
    question = next(one for one in waiting if one["run"] in city.up.incidents.get(key)["runs"])
    assert form(client, f"/playbooks/runs/{question['run']}/answer", step=question["path"], answer="reported") == 303
    for _ in range(4):
        city.up.runs.tick()
    for language in ("zh", "en"):
        client.cookies.set("yunshao_lang", language)
        page = client.get(f"/playbooks/runs/{question['run']}")
        assert page.status_code == 200
    assert page.text.count("st-done") >= 5
    assert len(city.up.incidents.get(key)["tasks"]) == 3


def test_a_playbook_that_cannot_be_is_refused(city: SmallCity) -> None:
    client = city.visitor("operator")
    assert form(client, "/playbooks/start", playbook="nothing") == 404
    assert form(client, "/playbooks/start", playbook="leaked_key_response") == 400
    assert client.get("/playbooks/runs/run-none").status_code == 404
    assert form(city.visitor("auditor"), "/playbooks/start", playbook="leaked_key_response") == 403
