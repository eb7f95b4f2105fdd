"""Reviews: what is counted, and that every kind prints it, in both languages, recomputable, whatever stands in it."""

from __future__ import annotations

import copy
import io
import re
from dataclasses import replace
from html import unescape
from typing import Any

import orjson
import pytest
from pypdf import PdfReader
from report_documents import BIDI, RARE, SCRIPT, TYPST
from review_documents import AS_OF, DAY, KINDS, KNOWN, document, estate

from playbooks.controls.catalogue import data, mlps
from reports.catalog import as_csv, build
from reports.follow import look_into, recomputed
from reports.keys import Signer, new_key
from reports.seal import seal, verify
from reports.spec import Appendix

LANGUAGES = ("zh", "en")
DOCUMENTS = {kind: document(kind) for kind in KINDS}
FILES = {kind: build(kind, DOCUMENTS[kind], LANGUAGES, ("html", "json")) for kind in KINDS}
SIGNER = Signer.from_pem(new_key())
HOSTILE = f"{TYPST} {SCRIPT} {BIDI} {RARE} {{{{7*7}}}} #let x = 1"


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\u00a0]+", "", text)


def page(kind: str, language: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", FILES[kind][f"{kind}.{language}.html"].decode(), flags=re.S)
    return squeezed(unescape(re.sub(r"<[^>]+>", " ", body)))


def report(kind: str, language: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(FILES[kind][f"{kind}.json"])["reports"][language]
    return found


def blocks(kind: str, language: str) -> list[dict[str, Any]]:
    return [block for chapter in report(kind, language)["chapters"] for block in chapter["blocks"]]


def sealed(kind: str, body: dict[str, Any]) -> bytes:
    return seal(
        build(kind, body, LANGUAGES, ["json"]), {"alerts": body["alerts"], "events": []}, SIGNER, {"report": "x"}
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_is_printed_and_every_figure_leads_to_its_basis(kind: str, language: str) -> None:
    printed = page(kind, language)
    tables = [block for block in blocks(kind, language) if block["kind"] == "table"]
    cells = [cell for block in tables for row in block["rows"] for cell in row]
    assert not [cell["text"] for cell in cells if squeezed(cell["text"]) not in printed]
    drawn = [block for block in blocks(kind, language) if block["kind"] in {"figure", "tiles"}]
    assert drawn
    for block in drawn:
        assert all(one["refs"] for one in block.get("tiles", [block]))
    anchors = {cell["anchor"] for cell in cells if cell["anchor"]}
    assert {one["label"] for one in report(kind, language)["figures"]} <= anchors


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_of_each_kind_verifies_and_recomputes_itself(kind: str) -> None:
    bundle = sealed(kind, DOCUMENTS[kind])
    assert verify(bundle, None).ok
    inside = look_into(bundle)
    assert inside
    count, wrong = recomputed(inside)
    assert not wrong
    recipes = [one for one in report(kind, "en")["figures"] if one["recipe"]]
    assert len(recipes) == len(report(kind, "en")["figures"]) >= 5
    assert count >= 2 * len(recipes)


MADE_UP: list[tuple[str, str, Any]] = [
    ("posture", "one alert less", lambda d: d["alerts"].pop()),
    ("scorecard", "a unit's points", lambda d: d["scores"][1].update(score=99.0)),
    ("scorecard", "a system moved", lambda d: d["systems"][1].update(in_cloud=1)),
    ("audit", "an entry less", lambda d: d["entries"].pop()),
    ("mlps", "a point turned", lambda d: next(i for i in d["items"] if i["state"] == "unknown").update(state="met")),
    ("mlps", "a better end", lambda d: d["systems"][0].update(conclusion="met")),
    ("data_security", "a lower level", lambda d: d["risk_sources"][0].update(level=1)),
    ("data_security", "less harm", lambda d: d["risk_sources"][0].update(harm=1)),
]


@pytest.mark.parametrize(("kind", "_", "change"), MADE_UP, ids=[f"{kind} {what}" for kind, what, _ in MADE_UP])
def test_what_was_made_up_before_sealing_is_named(kind: str, _: str, change: Any) -> None:
    body = copy.deepcopy(DOCUMENTS[kind])
    files = build(kind, body, LANGUAGES, ["json"])
    twin = orjson.loads(files[f"{kind}.json"])
    change(twin["document"])
    files[f"{kind}.json"] = orjson.dumps(twin)
    inside = look_into(seal(files, {"alerts": twin["document"]["alerts"], "events": []}, SIGNER, {"report": "x"}))
    assert inside
    assert recomputed(inside)[1]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_document_still_gives_every_chapter(kind: str) -> None:
    for language in LANGUAGES:
        files = build(kind, {"id": "x"}, [language], ["html", "json"])
        found = orjson.loads(files[f"{kind}.json"])["reports"][language]["chapters"]
        assert [one["heading"] for one in found] == [one["heading"] for one in report(kind, language)["chapters"]]


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_is_text_in_every_form(kind: str) -> None:
    known = replace(
        KNOWN,
        estate=estate(HOSTILE),
        trail=[{**row, "detail": HOSTILE, "by": SCRIPT} for row in KNOWN.trail[:5]],
        excepted={HOSTILE: 1},
        drills=[{**KNOWN.drills[0], "playbook": {"title": {"zh": HOSTILE, "en": HOSTILE}}}],
    )
    body = document(kind, known)
    files = build(kind, body, ["en"], ["html", "pdf", "docx"])
    shown = files[f"{kind}.en.html"].decode()
    assert "<script" not in shown
    assert SCRIPT.replace("<", "&lt;").split(">")[0] in shown
    assert "[U+202E]" in shown
    text = squeezed("".join(one.extract_text() for one in PdfReader(io.BytesIO(files[f"{kind}.en.pdf"])).pages))
    assert "{{7*7}}" in text
    assert "#letx=1" in text


def test_a_megabyte_of_text_is_cut_and_says_so() -> None:
    known = replace(KNOWN, trail=[{**KNOWN.trail[0], "detail": "A" * 1_000_000}])
    shown = build("audit", document("audit", known), ["en"], ["html"])["audit.en.html"].decode()
    assert "(+998824)" in shown
    assert len(shown) < 500_000


def test_a_long_table_prints_its_first_rows_and_holds_all_in_a_file() -> None:
    trail = [{**KNOWN.trail[0], "number": n, "detail": f"entry {n}"} for n in range(450)]
    files = build("audit", document("audit", replace(KNOWN, trail=trail)), ["en"], ["html"])
    name = next(name for name in files if name.endswith(".csv"))
    assert files[name].decode("utf-8-sig").count("\n") == 451
    assert name.removeprefix("audit.en.") in files["audit.en.html"].decode()


def test_a_cell_that_begins_like_a_formula_is_none() -> None:
    written = as_csv(Appendix(1, ("=a",), (("@b",), ("-",), ("−1",)))).decode("utf-8-sig").splitlines()
    assert written == ["'=a", "'@b", "-", "−1"]


def test_the_control_points_of_both_levels_are_all_there() -> None:
    assert (len(mlps(2)), len(mlps(3)), len({one.id for one in mlps(3)})) == (68, 71, 71)
    assert [one.clause for one in mlps(3) if one.family == "mlps.centre"] == [
        "8.1.5.1",
        "8.1.5.2",
        "8.1.5.3",
        "8.1.5.4",
    ]
    assert len({one.id for one in data()}) == len(data())


def test_what_nobody_knows_is_no_pass_and_an_answer_ends() -> None:
    items = {row["id"]: row for row in DOCUMENTS["mlps"]["items"]}
    assert items["mlps.physical.fire-protection@files"]["state"] == "met"
    lapsed = items["mlps.policy.rules@files"]
    assert (lapsed["state"], lapsed["lapsed"]) == ("unknown", True)
    files = next(one for one in DOCUMENTS["mlps"]["systems"] if one["id"] == "files")
    assert files["rate"] == files["met"] / 71
    tickets = next(one for one in DOCUMENTS["mlps"]["systems"] if one["id"] == "tickets")
    assert tickets["applicable"] == 67


def test_open_alerts_speak_against_a_control_and_closed_ones_in_part() -> None:
    items = {row["id"]: row for row in DOCUMENTS["mlps"]["items"]}
    row = items["mlps.computing.identification-and-authentication@files"]
    assert row["state"] == "not_met"
    assert row["alerts"]


def test_only_a_drill_with_people_meets_the_plan() -> None:
    state = {row["control"]: row["state"] for row in DOCUMENTS["mlps"]["items"]}
    assert state["mlps.operation.emergency-plans"] == "partly"
    attended = replace(KNOWN, drills=[{**KNOWN.drills[0], "unattended": False}])
    again = {row["control"]: row["state"] for row in document("mlps", attended)["items"]}
    assert again["mlps.operation.emergency-plans"] == "met"


def test_the_scorecard_drops_what_does_not_apply() -> None:
    rows = [row for row in DOCUMENTS["scorecard"]["indicators"] if row["unit"] == ""]
    assert {row["indicator"]: row["value"] for row in rows}["migration"] == 0.5
    assert {row["indicator"]: row["value"] for row in rows}["rectification"] == 0.0
    bare = document("scorecard", replace(KNOWN, alerts=[], register={}))
    city = [row for row in bare["indicators"] if row["unit"] == ""]
    assert {row["indicator"] for row in city if row["value"] is None} >= {"response", "rectification", "posture"}
    assert sum(row["points"] or 0 for row in city) == pytest.approx(bare["scores"][0]["score"])


def test_a_plan_is_overdue_only_while_its_risk_is_too_high() -> None:
    assert DOCUMENTS["posture"]["plans"][0]["overdue"] == 1
    lower = {**KNOWN.register, "risk": [{**KNOWN.register["risk"][0], "current": {"level": 2}}]}
    assert document("posture", replace(KNOWN, register=lower))["plans"][0]["overdue"] == 0


def test_the_days_of_a_month_hold_every_alert() -> None:
    days = DOCUMENTS["posture"]["days"]
    assert sum(one["high"] + one["other"] for one in days) == len(KNOWN.alerts)
    assert KNOWN.until - KNOWN.since == 30 * DAY
    assert KNOWN.until == AS_OF
