"""The register's pages: what is in sight, the machine's word beside a person's, acceptance that ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_city import HOSTILE, SmallCity, form, small_city
from starlette.testclient import TestClient

from console.roles.assessments import run_assessment
from console.web.risk_book import Shelf, acceptance_of, book_of, heat, risk_row, standing
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.model.register import Change
from yunshao.model.risk import METHODS, calculate

NEXT_YEAR = str((datetime.now(UTC) + timedelta(days=365)).date())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCity]:
    """A city of its own, assessed once: these tests change its register."""
    made = small_city(Path(tmp_path_factory.mktemp("town")))
    run_assessment(made.place, "city_risk_assessment", "admin")
    yield made
    made.up.pipeline.stop()


def _risks(client: TestClient, **query: str) -> list[dict[str, Any]]:
    return list(client.get("/risks.json", params=query).json()["risks"])


def _one(client: TestClient, key: str, **query: str) -> dict[str, Any]:
    return dict(client.get("/risks/one.json", params={"id": key, **query}).json())


def _proposals(client: TestClient) -> list[dict[str, Any]]:
    return list(client.get("/risks/proposals.json").json()["proposals"])


def _of_level(client: TestClient, level: int) -> list[str]:
    return [row["id"] for row in _risks(client, level=str(level))]


def test_the_register_shows_each_risk_the_highest_first(town: SmallCity) -> None:
    client = town.visitor("operator")
    data = client.get("/risks.json").json()
    levels = [row["level"] for row in data["risks"]]
    assert levels == sorted(levels, reverse=True)
    assert data["total"] == len(town.place.store.entries("risk"))
    assert {int(level): n for level, n in data["counts"].items() if n} == Counter(levels)
    assert sum(cell["count"] for row in data["heat"] for cell in row) == data["total"]
    assert sum(data["standing"]["treatments"].values()) == data["total"]


def test_a_cell_of_the_matrix_leads_to_its_own_risks(town: SmallCity) -> None:
    client = town.visitor("operator")
    page = client.get("/risks").text
    for row in client.get("/risks.json").json()["heat"]:
        for cell in row:
            found = client.get(
                "/risks.json", params={"loss": str(cell["loss"]), "likelihood": str(cell["likelihood"])}
            ).json()
            assert found["total"] == cell["count"]
            assert (f"loss={cell['loss']}&amp;likelihood={cell['likelihood']}&" in page) == bool(cell["count"])


def test_the_matrix_is_coloured_by_the_method_itself() -> None:
    method = METHODS["gbt20984-matrix"]
    criteria = [{"key": one.key, "table": one.table, "cuts": one.cuts} for one in method.criteria]
    cells = {(one["loss"], one["likelihood"]): one["level"] for row in heat([], criteria) for one in row}
    for asset in range(1, 6):
        for threat in range(1, 6):
            for weakness in range(1, 6):
                found = calculate(method.id, asset, threat, weakness)
                assert cells[found.loss_level, found.likelihood_level] == found.level
    assert {one["level"] for row in heat([], [{"key": "R", "table": (), "cuts": (5, 25)}]) for one in row} == {0}


def test_a_risk_shows_its_figures_evidence_and_proposals(town: SmallCity) -> None:
    client = town.visitor("operator")
    client.cookies.set("yunshao_lang", "en")
    key = next(row["id"] for row in _risks(client) if row["evidence"])
    data = _one(client, key)
    page = client.get("/risks/one", params={"id": key}).text
    assert "GB/T 20984" in page
    for step in (*data["risk"]["current"]["way"], *data["risk"]["inherent"]["way"]):
        assert step in page
    assert data["evidence"]["shown"]
    for link in data["evidence"]["shown"]:
        assert link["href"] in page
        assert client.get(link["href"]).status_code == 200
    assert data["proposals"]
    assert [one["kind"] for one in data["history"]] == ["risk"]


def test_a_decision_stands_beside_what_the_machine_proposed_and_counts_from_the_next_assessment(
    town: SmallCity,
) -> None:
    client = town.visitor("operator")
    found = next(one for one in _proposals(client) if one["kind"] == "threat" and one["risks"])
    other = 1 if found["proposed"] != 1 else 2
    fields = {"proposal": found["id"], "verdict": "adjust", "value": str(other)}
    assert form(client, "/risks/decide", **fields) == 400
    assert form(client, "/risks/decide", **fields, reason="a planned exercise") == 303
    kept = next(one for one in _proposals(client) if one["id"] == found["id"])
    assert (kept["state"], kept["proposed"], kept["counts"]) == ("adjust", found["proposed"], other)
    assert (kept["decision"]["by"], kept["decision"]["waits"]) == ("operator", True)
    assert "a planned exercise" in client.get("/risks/proposals").text
    assert any((one["by"], one["did"]) == ("operator", "risk.adjust") for one in town.place.store.trail(limit=5))
    run_assessment(town.place, "city_risk_assessment", "admin")
    kept = next(one for one in _proposals(client) if one["id"] == found["id"])
    assert kept["decision"]["waits"] is False
    touched = [row for row in _risks(client) if row["threat"]["id"] == found["key"]]
    assert {row["current"]["T"] for row in touched} <= {other}


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "decline"},
        {"verdict": "adjust", "value": "nan", "reason": "x"},
        {"verdict": "adjust", "value": "6", "reason": "x"},
        {"verdict": "adjust", "value": "", "reason": "x"},
        {"verdict": "shrug", "reason": "x"},
    ],
)
def test_a_decision_that_cannot_be_is_refused(town: SmallCity, fields: dict[str, str]) -> None:
    client = town.visitor("operator")
    key = _proposals(client)[0]["id"]
    assert form(client, "/risks/decide", proposal=key, **fields) == 400


@pytest.mark.parametrize("key", ["", "p-", "p-0000000000000000"])
def test_a_proposal_is_named_whole(town: SmallCity, key: str) -> None:
    assert form(town.visitor("operator"), "/risks/decide", proposal=key, verdict="accept") == 404


def test_a_risk_is_accepted_until_a_day(town: SmallCity) -> None:
    client = town.visitor("operator")
    key = _of_level(client, 3)[0]
    fields = {"risk": key, "approver": "chief of the bureau", "until": NEXT_YEAR, "reason": "goes out of use"}
    for wrong in ({"approver": " "}, {"reason": ""}, {"until": "2020-01-01"}, {"until": "soon"}):
        assert form(client, "/risks/accept", **(fields | wrong)) == 400
    assert form(client, "/risks/accept", **fields) == 303
    row = _one(client, key)["risk"]
    assert (row["treatment"], row["acceptance"]["state"], row["acceptance"]["by"]) == ("accepted", "valid", "operator")
    page = client.get("/risks/one", params={"id": key}).text
    assert NEXT_YEAR in page
    assert "goes out of use" in page
    # After its end, and after the risk has grown, it holds no longer.
    store = town.place.store
    later = book_of(store, row["acceptance"]["until"] + 1)
    assert (risk_row(later, key)["acceptance"] or {})["state"] == "ended"
    assert risk_row(later, key)["treatment"] == "treat_or_accept"
    assert standing([risk_row(later, key)])["ended"] == 1
    assert (acceptance_of(book_of(store, 0), key, 4) or {})["state"] == "exceeded"


def test_a_high_risk_is_not_accepted_but_treated(town: SmallCity) -> None:
    client = town.visitor("operator")
    key = _of_level(client, 4)[0]
    assert "/risks/accept" not in client.get("/risks/one", params={"id": key}).text
    fields = {"risk": key, "approver": "chief", "until": NEXT_YEAR, "reason": "x"}
    assert form(client, "/risks/accept", **fields) == 400
    plan = {"risk": key, "action": "reduce", "post": "chief", "due": NEXT_YEAR, "expected": "2", "note": "close it"}
    for wrong in ({"action": "hope"}, {"post": ""}, {"due": ""}):
        assert form(client, "/risks/treat", **(plan | wrong)) == 400
    assert form(client, "/risks/treat", **plan) == 303
    row = _one(client, key)["risk"]
    assert (row["treatment"], row["plan"]["expected"], row["post"]) == ("reduce", 2, "chief")
    assert _one(client, key)["history"][0]["kind"] == "treatment"


def test_roles_that_read_see_no_forms_and_change_nothing(town: SmallCity) -> None:
    operator = town.visitor("operator")
    proposal, risk = _proposals(operator)[0]["id"], _of_level(operator, 3)[0]
    for name in ("auditor", "chief"):
        client = town.visitor(name)
        assert form(client, "/risks/decide", proposal=proposal, verdict="accept") == 403
        assert form(client, "/risks/accept", risk=risk, approver="x", until=NEXT_YEAR, reason="x") == 403
        assert form(client, "/risks/treat", risk=risk, action="avoid", post="x", due=NEXT_YEAR) == 403
        assert "/risks/decide" not in client.get("/risks/proposals").text
    assert operator.post("/risks/decide", data={"proposal": proposal, "verdict": "accept"}).status_code == 403
    assert "/risks/treat" not in town.visitor("auditor").get("/risks/one", params={"id": risk}).text


def test_a_chief_sees_the_risks_of_the_own_units_and_no_evidence_of_others(town: SmallCity) -> None:
    estate = town.place.estate
    everything = _risks(town.visitor("operator"))
    chief = town.visitor("chief")
    below = set(estate.below(town.unit))
    mine = [row["id"] for row in everything if row["unit"] in below]
    assert [row["id"] for row in _risks(chief)] == mine
    for row in everything:
        answer = chief.get("/risks/one.json", params={"id": row["id"]})
        assert answer.status_code == (200 if row["id"] in mine else 404)
        for link in answer.json()["evidence"]["shown"] if row["id"] in mine else ():
            assert chief.get(link["href"]).status_code == 200
    assert all(one["risks"] for one in _proposals(chief))
    assert _risks(chief, unit=next(row["unit"] for row in everything if row["unit"] not in below)) == []


def test_the_past_is_looked_at_and_not_changed(town: SmallCity) -> None:
    client = town.visitor("operator")
    assert _risks(client, as_of="2020-01-01") == []
    key = _risks(client)[0]["id"]
    page = client.get("/risks/one", params={"id": key, "as_of": NEXT_YEAR}).text
    assert "/risks/treat" not in page
    assert client.get("/risks", params={"as_of": "yesterday"}).status_code == 400


def test_names_of_findings_are_shown_as_text(town: SmallCity) -> None:
    store = town.place.store
    risk = store.entries("risk")[-1]
    body = {**(risk.body or {}), "id": HOSTILE, "threat": HOSTILE}
    store.enter([Change("risk", HOSTILE, body, "test")])
    client = town.visitor("operator")
    for path, query in (("/risks", {}), ("/risks/one", {"id": HOSTILE})):
        page = client.get(path, params=query).text
        assert "<script>alert" not in page
        assert "{{7*7}}" in page
    store.enter([Change("risk", HOSTILE, None, "test")])


@pytest.mark.parametrize(
    "query", ["page=99999", "page=-1", "page=x", "level=9", "unit=%00", "text=%27%22%3B--", "loss=a"]
)
def test_odd_filters_end_in_a_page(town: SmallCity, query: str) -> None:
    assert town.visitor("operator").get(f"/risks?{query}").status_code == 200


def test_many_risks_and_proposals_come_in_pages(town: SmallCity) -> None:
    store = town.place.store
    risk, proposal = store.entries("risk")[-1].body or {}, store.entries("proposal")[-1].body or {}
    keys = [f"zz-{n:03}" for n in range(150)]
    store.enter(Change("risk", key, {**risk, "id": key}, "test") for key in keys)
    store.enter(Change("proposal", key, {**proposal, "id": key, "key": key}, "test") for key in keys)
    client = town.visitor("operator")
    for path, kind, name in (("/risks", "risk", "risks"), ("/risks/proposals", "proposal", "proposals")):
        shown: list[str] = []
        for page in range(1, client.get(f"{path}.json").json()["pages"] + 1):
            assert client.get(path, params={"page": str(page)}).status_code == 200
            shown += [one["id"] for one in client.get(f"{path}.json", params={"page": str(page)}).json()[name]]
        assert sorted(shown) == sorted(one.key for one in store.entries(kind))
    store.enter(Change(kind, key, None, "test") for kind in ("risk", "proposal") for key in keys)


@pytest.mark.parametrize("key", ["", "no/such/risk", "x" * 9000])
def test_a_risk_that_is_not_there_is_said_so(town: SmallCity, key: str) -> None:
    client = town.visitor("operator")
    assert client.get("/risks/one", params={"id": key}).status_code == 404
    assert form(client, "/risks/accept", risk=key, approver="x", until=NEXT_YEAR, reason="x") == 404


def test_the_register_is_read_once_until_somebody_enters_something(tmp_path: Path) -> None:
    store, shelf = SqliteStore(tmp_path), Shelf()
    store.enter([Change("finding", "f", {"id": "f", "title": "one"}, "scanner")])
    first = shelf.book(store, 1)
    assert first.kinds["finding"]["f"]["title"] == "one"
    assert shelf.book(store, 2).kinds["finding"] is first.kinds["finding"]
    assert shelf.book(store, 2).now == 2
    store.enter([Change("finding", "f", {"id": "f", "title": "two"}, "scanner")])
    assert shelf.book(store, 3).kinds["finding"]["f"]["title"] == "two"
    assert first.kinds["finding"]["f"]["title"] == "one"
    assert shelf.book(store, 3, as_of=0).kinds["finding"] == {}
    store.close()
