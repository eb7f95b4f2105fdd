"""A site's own texts, logo and templates from the files of its `reports/` folder, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from reports.catalog import BUILDERS, build
from reports.shared.custom import Custom
from reports.shared.words import PLACE
from yunshao.errors import BadContent, YunshaoError
from yunshao.text import LANGUAGES, flatten, texts_of
from yunshao.yaml_text import check_depth

MAX_TEXT = 4000
MAX_KEYS = 5000
LOGO = "logo.svg"
PAGE, PAPER = "page.html.j2", "page.typ"
WORDS = {f"text.{language}.yml": language for language in LANGUAGES}
NAMES = (LOGO, PAGE, PAPER, *WORDS)
# What a chart or a page never holds, and a logo neither.
UNSAFE = re.compile(
    r"<script|\bon[a-z]+\s*=|(?:href|src)\s*=\s*[\"']?\s*(?:https?:|//|javascript:)|<!ENTITY|@import", re.I
)
EMPTY = {"id": "check", "as_of": 1_774_915_200_000}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What would break: the file and what is wrong with it, in words."""

    file: str
    text: str


def custom_of(files: Mapping[str, str]) -> tuple[Custom, list[Flaw]]:
    """What the files (by their path in the folder) put in the place of ours, and the flaws of single files.

    A file with a flaw is left out.
    """
    flaws: list[Flaw] = []
    words: dict[tuple[str, str], dict[str, str]] = {}
    pages: dict[str, str] = {}
    papers: dict[str, str] = {}
    logo = ""
    for path, text in sorted(files.items()):
        kind, _, name = path.rpartition("/")
        if name not in NAMES or (kind and kind not in BUILDERS) or (name == LOGO and kind):
            known = f"{', '.join(NAMES)}, or such a file below one of {', '.join(BUILDERS)}"
            flaws.append(Flaw(path, f"nothing reads this file: {known}"))
        elif name in WORDS:
            found, wrong = _words(path, text, kind, WORDS[name])
            flaws += wrong
            words[kind, WORDS[name]] = found
        elif UNSAFE.search(text):
            bad = UNSAFE.search(text)
            flaws.append(Flaw(path, f"{bad[0][:40] if bad else ''!r}: no script, event or address outside"))
        elif name == LOGO:
            logo = text if "<svg" in text else ""
            flaws += [] if logo else [Flaw(path, "this is no SVG drawing")]
        else:
            (pages if name == PAGE else papers)[kind] = text
    return Custom(words, pages, papers, logo), flaws


def _words(path: str, text: str, kind: str, language: str) -> tuple[dict[str, str], list[Flaw]]:
    try:
        tree = yaml.load(check_depth(text), Loader=yaml.CSafeLoader)
        flat = flatten(tree) if isinstance(tree, dict) else None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        return {}, [Flaw(path, f"not YAML: {' '.join(str(error).split())[:200]}")]
    if flat is None:
        return {}, [Flaw(path, "keys and texts are wanted, as in the shipped catalogue")]
    shipped = known_texts(kind, language)
    found, flaws = {}, []
    for key, value in list(flat.items())[:MAX_KEYS]:
        if key not in shipped:
            flaws.append(Flaw(path, f"no text has the key {key[:80]!r}"))
        elif len(value) > MAX_TEXT or not value.strip():
            flaws.append(Flaw(path, f"{key}: a text of 1 to {MAX_TEXT} characters is wanted"))
        elif strange := sorted(places(value) - places(shipped[key])):
            flaws.append(Flaw(path, f"{key}: nothing fills {{{strange[0]}}}; there is {_listed(shipped[key])}"))
        else:
            found[key] = value
    return found, flaws


def _listed(text: str) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(places(text))) or "nothing to fill"


def places(text: str) -> set[str]:
    """The places of a text to fill."""
    return set(PLACE.findall(text))


@cache
def known_texts(kind: str, language: str) -> Mapping[str, str]:
    """Every text that a kind has, by key; those that all reports share for the kind ""."""
    packages = ["reports.shared", *([f"reports.{kind}"] if kind else [])]
    found: dict[str, str] = {}
    for package in packages:
        texts = texts_of(package)
        found |= {key: texts(language, key) for key in texts.keys(language)}
    return found


def tried(custom: Custom, kinds: Sequence[str] = tuple(BUILDERS)) -> Iterator[Flaw]:
    """What would break: each template is filled with an empty document of its kinds, in both languages."""
    for kind in kinds:
        for language in LANGUAGES:
            yield from _page(custom, kind, language)
            yield from _paper(custom, kind, language)


def _page(custom: Custom, kind: str, language: str) -> Iterator[Flaw]:
    if custom.page(kind) is None:
        return
    file = f"{kind}/{PAGE}" if kind in custom.pages else PAGE
    try:
        page = build(kind, EMPTY, [language], ["html"], custom)[f"{kind}.{language}.html"].decode("utf-8", "replace")
    except YunshaoError as error:
        yield Flaw(file, f"{kind}, {language}: {error.line()}")
        return
    wanting = [heading for heading in _headings(kind, language, custom) if heading not in page]
    if wanting:
        yield Flaw(file, f"{kind}, {language}: {len(wanting)} chapters are missing, first {wanting[0]!r}")
    if "Content-Security-Policy" not in page:
        yield Flaw(file, f"{kind}, {language}: the policy of the page is missing: <meta http-equiv=...> as in ours")
    if 'id="F-01"' not in page and 'id="F-01"' in _ours(kind, language):
        yield Flaw(file, f"{kind}, {language}: the anchors of figures are missing: references lead nowhere")


def _paper(custom: Custom, kind: str, language: str) -> Iterator[Flaw]:
    own = custom.paper(kind)
    if own is None:
        return
    file = f"{kind}/{PAPER}" if kind in custom.papers else PAPER
    try:
        build(kind, EMPTY, [language], ["pdf"], custom)
    except YunshaoError as error:
        yield Flaw(file, f"{kind}, {language}: {error.line()}")
        return
    if "chapters" not in own:
        yield Flaw(file, f"{kind}, {language}: the chapters are not printed: d.chapters")


@cache
def _ours(kind: str, language: str) -> str:
    return build(kind, EMPTY, [language], ["html"])[f"{kind}.{language}.html"].decode()


def _headings(kind: str, language: str, custom: Custom) -> list[str]:
    write, _ = BUILDERS[kind]
    chapters: Any = write(EMPTY, language, custom.texts(kind, language)).chapters
    return [chapter.heading for chapter in chapters]


def usable(files: Mapping[str, str]) -> Custom:
    """What the files put in the place of ours. Raises BadContent with the first file that cannot be used."""
    custom, flaws = custom_of(files)
    if flaws:
        raise BadContent(flaws[0].text, "`yunshao report check` lists all", f"reports/{flaws[0].file}")
    return custom
