"""The forms of a report for other programs: OSCAL by its published models, DOCX, PDF/A by a validator."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import docx
import orjson
import pytest
from report_documents import BIDI, RARE, SCRIPT, TYPST, assessment
from trestle.oscal import assessment_results, poam

from reports.catalog import build

DOCUMENT = assessment()
HERE = Path(__file__).resolve().parent
HUGE = "A" * 1_000_000 + TYPST
HOSTILE = {
    **DOCUMENT,
    "weaknesses": [{**one, "name": HUGE if place == 0 else f"{TYPST} {SCRIPT} {BIDI} {RARE} {{{{7*7}}}} #let x = 1"}
                   for place, one in enumerate(DOCUMENT["weaknesses"])],
}  # fmt: skip


@pytest.mark.parametrize("document", [DOCUMENT, {**DOCUMENT, "risks": [], "alerts": []}, HOSTILE, {}], ids=range(4))
def test_oscal_is_what_its_models_say(document: dict[str, Any]) -> None:
    files = build("assessment", document, ["en"], ["oscal"])
    for name, model in (("oscal", assessment_results), ("poam", poam)):
        model.Model.model_validate(orjson.loads(files[f"assessment.{name}.json"]))


def test_the_plan_holds_every_risk_above_the_line_with_its_deadline() -> None:
    files = build("assessment", DOCUMENT, ["en"], ["oscal"])
    plan = orjson.loads(files["assessment.poam.json"])["plan-of-action-and-milestones"]
    above = [risk for risk in DOCUMENT["risks"] if risk["current"]["level"] >= 3]
    assert len(plan["poam-items"]) == len(plan["risks"]) == len(above)
    assert sum("deadline" in risk for risk in plan["risks"]) == sum(risk["due"] is not None for risk in above)
    results = orjson.loads(files["assessment.oscal.json"])["assessment-results"]["results"][0]
    assert {risk["uuid"] for risk in plan["risks"]} <= {risk["uuid"] for risk in results["risks"]}


def test_an_export_is_the_same_each_time() -> None:
    first, again = (build("assessment", DOCUMENT, ["zh"], ["oscal", "docx"]) for _ in range(2))
    assert first == again


def written(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("word/document.xml").decode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_docx_holds_every_chapter_table_and_figure(language: str) -> None:
    files = build("assessment", DOCUMENT, [language], ["docx", "json"])
    report = orjson.loads(files["assessment.json"])["reports"][language]
    paper = docx.Document(io.BytesIO(files[f"assessment.{language}.docx"]))
    heads = [one.text for one in paper.paragraphs if one.style and one.style.name == "Heading 1"]
    assert heads == [chapter["heading"] for chapter in report["chapters"]]
    blocks = [block for chapter in report["chapters"] for block in chapter["blocks"]]
    drawn = sum({"figure": 1, "pair": 2}.get(block["kind"], 0) for block in blocks)
    assert len(paper.inline_shapes) == drawn
    filled = [block for block in blocks if block["kind"] == "table" and block["rows"]]
    cells = re.sub(r"<[^>]+>", "\n", written(files[f"assessment.{language}.docx"]))
    for block in filled:
        assert block["caption"] in cells
    assert 'TOC \\o "1-2"' in cells
    footer = paper.sections[0].footer.paragraphs[0].text
    assert report["number"] in footer
    assert report["title"] in paper.sections[0].header.paragraphs[0].text


def test_hostile_text_is_text_in_docx() -> None:
    files = build("assessment", HOSTILE, ["en"], ["docx"])
    xml = written(files["assessment.en.docx"])
    docx.Document(io.BytesIO(files["assessment.en.docx"]))
    assert "<script" not in xml
    assert "&lt;script&gt;" in xml
    assert "[U+202E]" in xml
    assert "\u202e" not in xml
    assert set(re.findall(r"<w:instrText[^>]*>([^<]*)<", xml)) == {'TOC \\o "1-2" \\h'}


def test_a_megabyte_of_text_is_cut_with_what_was_left_out_and_never_run() -> None:
    files = build("assessment", HOSTILE, ["en"], ["html", "pdf", "json"])
    page = files["assessment.en.html"].decode()
    assert "(+998" in page
    assert "<script>alert" not in page
    assert files["assessment.en.pdf"].startswith(b"%PDF")


@pytest.mark.server
@pytest.mark.slow
def test_the_pdf_keeps_pdf_a_2b_by_an_outside_validator(tmp_path: Path) -> None:
    if not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("needs Java and Maven")
    jars = tmp_path / "jars"
    fetch = ["mvn", "-q", "-B", "-f", str(HERE / "pdfa" / "pom.xml"), "dependency:copy-dependencies",
             f"-DoutputDirectory={jars}"]  # fmt: skip
    got = subprocess.run(fetch, capture_output=True, text=True, timeout=240)
    if got.returncode:
        pytest.skip(f"the validator cannot be fetched: {got.stdout[-300:]}")
    paths = []
    for place, (document, languages) in enumerate(((DOCUMENT, ["zh", "en"]), (HOSTILE, ["zh"]))):
        for name, data in build("assessment", document, languages, ["pdf"]).items():
            if name.endswith(".pdf"):
                path = tmp_path / f"{place}-{name}"
                path.write_bytes(data)
                paths.append(str(path))
    done = subprocess.run(
        ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", str(HERE / "pdfa" / "Check.java"),
         *paths], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" compliant") == len(paths) == 3
