"""Who gets in, and what a form must carry."""

from __future__ import annotations

import pytest
from small_city import PASSWORD, SmallCity, csrf_of, form, hostile_record
from starlette.testclient import TestClient

PAGES = ("/", "/alerts", "/units", "/assessments", "/drills", "/reports", "/sources")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_door(city: SmallCity, path: str) -> None:
    answer = city.visitor().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"


def test_a_stranger_gets_no_live_stream(city: SmallCity) -> None:
    assert city.visitor().get("/live").status_code in {303, 401}


def test_a_program_without_a_session_is_told_so_in_json(city: SmallCity) -> None:
    answer = city.visitor().get("/alerts.json")
    assert answer.status_code == 401


def test_a_wrong_password_opens_nothing(city: SmallCity) -> None:
    client = city.visitor()
    assert client.post("/login", data={"name": "admin", "password": "no"}).status_code == 401
    assert client.get("/").status_code == 303


def test_an_unknown_name_is_answered_as_a_wrong_password_is(city: SmallCity) -> None:
    client = city.visitor()
    known = client.post("/login", data={"name": "admin", "password": "no"})
    unknown = client.post("/login", data={"name": "nobody", "password": "no"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


def test_the_door_closes_after_five_failures_even_for_the_right_password(city: SmallCity) -> None:
    client = city.visitor()
    codes = [client.post("/login", data={"name": "auditor", "password": "no"}).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert client.post("/login", data={"name": "auditor", "password": PASSWORD}).status_code == 429


def test_the_cookie_is_for_this_site_and_not_for_scripts(city: SmallCity) -> None:
    cookie = city.visitor().post("/login", data={"name": "admin", "password": PASSWORD}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_the_password_is_nowhere_in_the_store(city: SmallCity) -> None:
    assert PASSWORD.encode() not in (city.place.data / "yunshao.db").read_bytes()


def test_logging_out_ends_the_session_on_the_server(city: SmallCity) -> None:
    client = city.visitor("admin")
    token = client.cookies["yunshao_session"]
    assert form(client, "/logout") == 303
    client.cookies.set("yunshao_session", token)
    assert client.get("/").status_code == 303


def _some_alert(client: TestClient) -> str:
    rows = client.get("/alerts.json").json()["alerts"]
    return str(rows[0]["id"])


@pytest.mark.parametrize("name", ["auditor", "chief"])
def test_roles_that_read_change_nothing(city: SmallCity, name: str) -> None:
    client = city.visitor(name)
    alert = _some_alert(client)
    assert form(client, "/alerts/do", what="acknowledge", ids=alert) == 403
    assert form(client, "/drills/start", scenario="leaked_cloud_key") == 403
    assert form(client, "/assessments/run", playbook="city_risk_assessment") == 403


def test_a_form_without_the_sessions_token_is_refused(city: SmallCity) -> None:
    client = city.visitor("operator")
    fields = {"what": "acknowledge", "ids": _some_alert(client)}
    assert client.post("/alerts/do", data=fields).status_code == 403
    assert client.post("/alerts/do", data=fields | {"csrf": csrf_of(city.visitor("admin"))}).status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_of_another_site_is_refused(city: SmallCity, headers: dict[str, str]) -> None:
    client = city.visitor("operator")
    fields = {"what": "acknowledge", "ids": _some_alert(client), "csrf": csrf_of(client)}
    assert client.post("/alerts/do", data=fields, headers=headers).status_code == 403


def test_a_form_larger_than_a_mebibyte_is_refused(city: SmallCity) -> None:
    client = city.visitor("operator")
    assert client.post("/alerts/do", content=b"x" * (1 << 20) + b"xx").status_code == 413


def test_a_form_of_unsaid_length_is_refused(city: SmallCity) -> None:
    assert city.visitor("operator").post("/alerts/do", content=iter([b"a=b"])).status_code == 411


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_the_language_switch_leads_nowhere_else(city: SmallCity, to: str) -> None:
    answer = city.visitor("admin").get("/language/en", params={"to": to})
    assert answer.headers["location"] == "/"


def test_a_push_needs_the_token_and_arrives(city: SmallCity) -> None:
    client = city.visitor()
    line = hostile_record().replace(b"hostile-1", b"pushed-1")
    assert client.post("/intake/aws.cloudtrail", content=line).status_code == 401
    token = {"Authorization": f"Bearer {city.place.push_token}"}
    assert client.post("/intake/aws.cloudtrail", content=line, headers=token).status_code == 202
    city.up.pipeline.drain()
    assert city.place.store.hunt("uid:pushed-1")
