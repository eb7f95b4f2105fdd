"""A site's own texts and templates: used where they work, named where they would break, never run as code."""

from __future__ import annotations

import pytest
from review_documents import document

from reports.catalog import build
from reports.shared.content import packaged
from reports.shared.custom import Custom
from reports.site import custom_of, tried, usable
from yunshao.errors import BadContent

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
EXTENDS = '{% extends "shared/base.html.j2" %}{% block emblem %}<p>City hall</p>{% endblock %}'
AUDIT = document("audit")


def flaws(path: str, text: str) -> list[str]:
    custom, found = custom_of({path: text})
    return [one.text for one in (*found, *tried(custom, ["audit"]))]


def test_a_template_that_extends_ours_and_a_logo_are_used() -> None:
    custom = usable({"audit/page.html.j2": EXTENDS, "logo.svg": LOGO})
    files = build("audit", AUDIT, ["en"], ["html", "pdf", "docx"], custom)
    page = files["audit.en.html"].decode()
    assert "City hall" in page
    assert 'class="logo"' in page
    assert files["audit.en.pdf"].startswith(b"%PDF")
    assert list(tried(custom, ["audit"])) == []


def test_a_text_of_the_site_is_filled_and_shown_as_text() -> None:
    custom = usable({"audit/text.en.yml": "summary: {lead: '<b>{total}</b> acts of {people} {total.real} {0}'}"})
    page = build("audit", AUDIT, ["en"], ["html"], custom)["audit.en.html"].decode()
    assert "&lt;b&gt;40&lt;/b&gt; acts of 3 {total.real} {0}" in page


RUNS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ r.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ 'a' * 1000000000000 }}",
    "{{ 9 ** 9999999 }}",
    "{% for x in range(99999999) %}x{% endfor %}",
    "{{ nobody }}",
    "{{ r.title",
    "{% include '/etc/passwd' %}",
    "{% include '../setup.cfg' %}",
]


@pytest.mark.parametrize("text", RUNS)
def test_a_page_template_that_tries_more_than_a_page_is_refused(text: str) -> None:
    assert flaws("audit/page.html.j2", text)
    with pytest.raises(BadContent):
        build("audit", AUDIT, ["en"], ["html"], Custom(pages={"audit": text}))


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        '#import "@preview/a:1.0.0": *',
        '#eval("1+1")',
        '#plugin("x")',
        "#dictionary(std)",
        "#let (",
    ],
)
def test_a_pdf_template_that_tries_more_than_a_page_is_refused(text: str) -> None:
    assert flaws("audit/page.typ", text)
    with pytest.raises(BadContent):
        build("audit", AUDIT, ["en"], ["pdf"], Custom(papers={"audit": text}))


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("page.html.j2", "<h1>{{ r.title }}</h1>", "chapters are missing"),
        ("page.html.j2", "<h1>{{ r.title }}</h1>", "policy of the page"),
        ("page.html.j2", "<script>alert(1)</script>", "no script"),
        ("page.html.j2", "<img src=https://example.org/x>", "no script"),
        ("page.typ", "= Title", "chapters are not printed"),
        ("logo.svg", '<svg onload="x()"></svg>', "no script"),
        ("logo.svg", "a picture", "no SVG"),
        ("poem/text.en.yml", "title: x", "nothing reads this file"),
        ("text.fr.yml", "title: x", "nothing reads this file"),
        ("audit/text.en.yml", "a: [", "not YAML"),
        ("audit/text.en.yml", "[]", "keys and texts"),
        ("audit/text.en.yml", "title: ''", "1 to 4000"),
        ("audit/text.en.yml", "unknown: x", "no text has the key"),
        ("audit/text.en.yml", "summary: {lead: '{who}'}", "nothing fills {who}"),
    ],
)
def test_what_would_break_is_named(path: str, text: str, said: str) -> None:
    assert any(said in one for one in flaws(path, text))


def test_our_own_templates_are_flawless_as_a_sites() -> None:
    assert flaws("audit/page.html.j2", packaged("shared/base.html.j2")) == []
    assert flaws("audit/page.typ", packaged("shared/page.typ")) == []
