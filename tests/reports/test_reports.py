"""One document, three forms: the facts agree, nothing hostile acts, the same input gives the same bytes."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import re
import time
from typing import Any

import orjson
import pytest
import report_documents as documents
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from reports.catalog import build
from yunshao.errors import WrongUse

KINDS = ("assessment", "drill")
LANGUAGES = ("zh", "en")
DOCUMENTS = {"assessment": documents.assessment(), "drill": documents.drill()}
FILES = {kind: build(kind, DOCUMENTS[kind], LANGUAGES, ("html", "pdf", "json")) for kind in KINDS}
TWINS = {kind: orjson.loads(FILES[kind][f"{kind}.json"]) for kind in KINDS}
BOTH = [(kind, language) for kind in KINDS for language in LANGUAGES]


def html(kind: str, language: str) -> str:
    return FILES[kind][f"{kind}.{language}.html"].decode()


def reader(kind: str, language: str) -> PdfReader:
    return PdfReader(io.BytesIO(FILES[kind][f"{kind}.{language}.pdf"]))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\u00a0]+", "", text)


PRINTED = {pair: squeezed("".join(page.extract_text() for page in reader(*pair).pages)) for pair in BOTH}


def blocks(kind: str, language: str) -> list[dict[str, Any]]:
    return [block for chapter in TWINS[kind]["reports"][language]["chapters"] for block in chapter["blocks"]]


def cells(kind: str, language: str) -> list[dict[str, Any]]:
    return [
        cell for block in blocks(kind, language) if block["kind"] == "table" for row in block["rows"] for cell in row
    ]


def visible_text(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    plain = re.sub(r"<[^>]+>", " ", body)
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        plain = plain.replace(name, character)
    return squeezed(plain)


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_every_printed_cell_stands_in_page_and_pdf(kind: str, language: str) -> None:
    page, printed = visible_text(html(kind, language)), PRINTED[kind, language]
    for cell in cells(kind, language):
        text = squeezed(cell["text"])
        assert text in page, text
        if len(text) <= 12 and "𠮷" not in text:
            assert text in printed, text


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_key_figures_agree_in_all_three_forms(kind: str, language: str) -> None:
    tiles = [tile for block in blocks(kind, language) if block["kind"] == "tiles" for tile in block["tiles"]]
    assert tiles
    for tile in tiles:
        assert squeezed(tile["value"]) in visible_text(html(kind, language))
        assert squeezed(tile["value"]) in PRINTED[kind, language]
        assert tile["note"].strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_by_level_are_those_of_the_risk_list(language: str) -> None:
    table = next(
        block for block in blocks("assessment", language) if block["kind"] == "table" and block["number"].endswith(" 1")
    )
    for row in table["rows"][:5]:
        level = int(row[0]["text"].split()[0])
        risks = DOCUMENTS["assessment"]["risks"]
        assert row[1]["text"] == str(sum(risk["inherent"]["level"] == level for risk in risks))
        assert row[2]["text"] == str(sum(risk["current"]["level"] == level for risk in risks))


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_every_reference_leads_somewhere(kind: str, language: str) -> None:
    page = html(kind, language)
    anchors = set(re.findall(r' id="([^"]+)"', page))
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= anchors
    assert len(anchors) == len(re.findall(r' id="([^"]+)"', page))


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_every_drawing_and_tile_has_an_evidence_reference(kind: str, language: str) -> None:
    for block in blocks(kind, language):
        if block["kind"] == "figure":
            assert block["refs"], block["caption"]
        if block["kind"] == "pair":
            assert block["left"]["refs"]
            assert block["right"]["refs"]


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_the_page_names_no_address_outside_it_and_has_no_script(kind: str, language: str) -> None:
    page = html(kind, language)
    assert not re.search(r"<script|javascript:|\son\w+\s*=\s*[\"']", page, re.I)
    assert not re.search(
        r"(?:href|src|url)\s*[=(]\s*[\"']?(?!#|data:image/svg|data:font/woff;base64,)[^\"'#\s]", page, re.I
    )
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_the_page_carries_a_policy_that_its_own_style_fits(kind: str, language: str) -> None:
    page = html(kind, language)
    sheet = re.search(r"<style>(.*?)</style>", page, re.S)
    assert sheet is not None
    digest = base64.b64encode(hashlib.sha256(sheet[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert f"style-src 'sha256-{digest}'" in policy[1].replace("&#39;", "'")
    assert " style=" not in page


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in BOTH}))
def test_a_chinese_page_brings_its_letters_along(kind: str) -> None:
    assert "@font-face" in html(kind, "zh")
    fonts = re.findall(r"data:font/woff;base64,([A-Za-z0-9+/=]+)", html(kind, "zh"))
    with TTFont(io.BytesIO(base64.b64decode(fonts[0]))) as font:
        letters = font.getBestCmap()
    title = re.search(r"<h1>(.*?)</h1>", html(kind, "zh"))
    assert title is not None
    assert {ord(letter) for letter in title[1]} <= set(letters)


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_drawings_hold_shapes_and_words_alone(kind: str, language: str) -> None:
    drawings = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html(kind, language))
    assert drawings
    for drawing in drawings:
        svg = base64.b64decode(drawing).decode()
        svg = re.sub(r"<style>@font-face\{[^<>]*\}</style>", "", svg, count=1)
        assert set(re.findall(r"<(\w+)", svg)) <= {"svg", "g", "path", "rect", "text", "defs", "circle"}
        assert not re.search(r"\s(?:style|class|id|on\w+|href|xlink:href)=", svg)
        assert svg.count("http") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_words_stand_as_text(language: str) -> None:
    hostile = documents.SCRIPT if language == "zh" else documents.TYPST
    assert hostile in html("assessment", language).replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"')
    assert squeezed(hostile) in PRINTED["assessment", language]
    assert "root:" not in PRINTED["assessment", language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_direction_marks_are_made_visible(language: str) -> None:
    assert "\u202e" not in html("assessment", language)
    assert "evil[U+202E]gnp.exe[U+200F]" in PRINTED["assessment", language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_character_without_glyph_is_a_square_and_named(language: str) -> None:
    printed = PRINTED["assessment", language]
    assert "喆堃珺□" in printed
    assert "U+20BB7" in printed
    assert "𠮷" in html("assessment", language)


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_the_pdf_embeds_its_chinese_fonts_and_says_what_it_is(kind: str, language: str) -> None:
    pdf = reader(kind, language)
    names: set[str] = set()
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            names.add(inner["/BaseFont"].split("+")[-1])
            assert "/FontFile3" in inner["/FontDescriptor"].get_object()
    assert {"NotoSansSC-Regular", "NotoSerifSC-Regular"} <= {name.removesuffix("-Identity-H") for name in names}
    assert pdf.metadata is not None
    assert pdf.metadata.title == TWINS[kind]["reports"][language]["title"]
    assert b"pdfaid:part" in FILES[kind][f"{kind}.{language}.pdf"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_document_gives_the_same_bytes(kind: str) -> None:
    again = build(kind, copy.deepcopy(DOCUMENTS[kind]), LANGUAGES, ("html", "pdf", "json"))
    assert again == FILES[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_document_still_gives_every_chapter(kind: str, language: str) -> None:
    files = build(kind, {"id": "x"}, (language,), ("html", "pdf", "json"))
    report = orjson.loads(files[f"{kind}.json"])["reports"][language]
    expected = TWINS[kind]["reports"][language]
    assert [chapter["heading"] for chapter in report["chapters"]] == [one["heading"] for one in expected["chapters"]]
    none = "本期无" if language == "zh" else "None in this period"
    assert files[f"{kind}.{language}.html"].decode().count(none) > 8


@pytest.mark.parametrize(("kind", "count"), [("assessment", 15), ("drill", 14)])
def test_the_outline_is_complete_in_both_languages(kind: str, count: int) -> None:
    for language in LANGUAGES:
        assert len(TWINS[kind]["reports"][language]["chapters"]) == count


def test_counts_that_disagree_with_the_list_are_said_so() -> None:
    document = documents.assessment()
    document["summary"]["counts"]["5"] += 1
    page = build("assessment", document, ("zh",), ("html",))["assessment.zh.html"].decode()
    assert "以清单为准" in page
    assert "以清单为准" not in html("assessment", "zh")


def test_times_are_printed_with_their_zone() -> None:
    assert "2026-03-31 08:00:00 +08:00" in html("assessment", "zh")
    assert "03-30 10:00:06" in html("drill", "zh")
    assert "计划时间（UTC+8）" in html("drill", "zh")


def test_the_drill_prints_its_time_metrics_with_n() -> None:
    for text in ("2分20秒", "2分30秒", "75.0%", "n=3，未完成1"):
        assert text in PRINTED["drill", "zh"]


def test_all_nine_items_are_printed_rated_or_not() -> None:
    table = next(block for block in blocks("drill", "zh") if block.get("caption") == "九项评估")
    assert [row[0]["text"] for row in table["rows"]] == [str(place) for place in range(1, 10)]
    assert table["rows"][8][2]["text"] == "未评"


def test_the_json_twin_holds_the_document() -> None:
    assert TWINS["assessment"]["document"]["risks"] == DOCUMENTS["assessment"]["risks"]


def test_forty_risks_are_a_pdf_in_seconds() -> None:
    document = documents.assessment(risks=40)
    started = time.perf_counter()
    build("assessment", document, ("zh",), ("pdf",))
    assert time.perf_counter() - started < 15


def test_wrong_kind_language_and_format_are_refused() -> None:
    for kind, languages, formats in (
        ("poem", ("zh",), ("pdf",)),
        ("drill", ("fr",), ("pdf",)),
        ("drill", ("zh",), ("odt",)),
        ("drill", ("zh",), ("oscal",)),
        ("drill", (), ("pdf",)),
        ("drill", ("zh",), ()),
    ):
        with pytest.raises(WrongUse):
            build(kind, {"id": "x"}, languages, formats)


def test_oscal_has_what_the_schema_requires_and_no_empty_list() -> None:
    content = build("assessment", DOCUMENTS["assessment"], ("en",), ("oscal",))["assessment.oscal.json"]
    root = orjson.loads(content)["assessment-results"]
    assert {"uuid", "metadata", "import-ap", "results"} <= set(root)
    assert {"title", "last-modified", "version", "oscal-version"} <= set(root["metadata"])
    (result,) = root["results"]
    assert {"uuid", "title", "description", "start", "reviewed-controls", "risks", "findings"} <= set(result)
    assert len(result["risks"]) == len(DOCUMENTS["assessment"]["risks"])
    known = {one["uuid"] for one in (*result["risks"], *result["observations"])}
    for finding in result["findings"]:
        assert finding["target"]["status"]["state"] in {"satisfied", "not-satisfied"}
        assert {one["risk-uuid"] for one in finding["related-risks"]} <= known
        assert {one["observation-uuid"] for one in finding.get("related-observations", ())} <= known
    assert b"[]" not in content
    empty = build("assessment", {"id": "x"}, ("en",), ("oscal",))["assessment.oscal.json"]
    assert b"[]" not in empty


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
SMALL = {"assessment": documents.assessment(risks=6, alerts=8), "drill": documents.drill()}
KEYS = {kind: sorted(SMALL[kind]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_page_comes_out_whatever_stands_in_a_document(kind: str, data: st.DataObject) -> None:
    document = dict(SMALL[kind])
    for key in data.draw(st.sets(st.sampled_from(KEYS[kind]), min_size=1, max_size=4)):
        value = document[key]
        if isinstance(value, list) and value and isinstance(value[0], dict) and data.draw(st.booleans()):
            document[key] = [{**value[0], data.draw(st.sampled_from(sorted(value[0]))): data.draw(JSON)}]
        else:
            document[key] = data.draw(JSON)
    # In English: the other language brings the letters of a whole font into each page, which takes a second.
    build(kind, document, ("en",), ("html",))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(alphabet=st.characters(), min_size=1, max_size=60))
def test_a_pdf_comes_out_whatever_characters_stand_in_it(text: str) -> None:
    document = documents.drill()
    document["problems"] = [{"text": text, "cause": text, "technique": text}]
    document["steps"][0]["title"] = {"zh": text}
    build("drill", document, ("zh",), ("pdf",))
