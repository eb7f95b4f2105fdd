"""A report as PDF/A by Typst: the same report gives the same bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson
import typst

from reports.shared.anchors import drop_loose
from reports.shared.content import packaged
from reports.shared.custom import SHIPPED, Custom
from reports.shared.glyphs import fonts, replace_missing
from reports.shared.plain import EARLIEST, is_time
from reports.spec import Report
from yunshao.errors import BadContent

Shaped = dict[str, Any]
MAX_NAMED = 40
# A root that is no folder: nothing can be read from this machine.
NOWHERE: Any = "/dev/null"
# Typst is a language: what could read a file, fetch a package or run a text is refused by its word.
REFUSED = re.compile(r"\b(import|include|eval|plugin|read|std|dictionary)\b")


def pdf(report: Report, shaped: Shaped, limits_chapter: str, custom: Custom = SHIPPED) -> bytes:
    """The PDF of a report. Characters that the fonts do not have are printed as a square, and named in the limits.

    Raises BadContent for a template of the site that does not work.
    """
    printed, missing = _printable(shaped)
    if missing:
        _say_missing(printed, limits_chapter, missing)
    drop_loose(printed)
    at = datetime.fromtimestamp((report.as_of if is_time(report.as_of) else EARLIEST) / 1000, UTC)
    printed["made"] = [at.year, at.month, at.day, at.hour, at.minute, at.second]
    printed["running"] = report.title if not report.subtitle else f"{printed['title']} · {printed['subtitle']}"
    own = custom.paper(report.kind)
    template = packaged("shared/page.typ") if own is None else allowed(own)
    try:
        return typst.compile(
            template.encode(),
            root=NOWHERE,
            font_paths=fonts(),
            pdf_standards=["a-2b"],
            sys_inputs={"data": orjson.dumps(printed).decode(), "logo": custom.logo},
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        if own is None:
            raise
        raise BadContent(f"the PDF template does not work: {str(error)[:300]}", "see docs/reports.md") from None


def allowed(template: str) -> str:
    """A PDF template of the site without what reads, runs or fetches something. Raises BadContent with the word."""
    found = REFUSED.search(template)
    if found:
        line = template.count("\n", 0, found.start()) + 1
        raise BadContent(f"the PDF template, line {line}: {found[0]!r} is not allowed", "see docs/reports.md")
    return template


def _printable(value: Any) -> tuple[Any, frozenset[str]]:
    """The same JSON with every character printable, and the characters that were not."""
    if isinstance(value, str):
        return replace_missing(value)
    if isinstance(value, dict):
        pairs = {key: _printable(item) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, frozenset().union(*(gone for _, gone in pairs.values()))
    if isinstance(value, list):
        parts = [_printable(item) for item in value]
        return [item for item, _ in parts], frozenset().union(*(gone for _, gone in parts))
    return value, frozenset()


def _say_missing(printed: Shaped, limits_chapter: str, missing: frozenset[str]) -> None:
    points = [f"U+{ord(character):04X}" for character in sorted(missing)]
    more = "" if len(points) <= MAX_NAMED else f" … (+{len(points) - MAX_NAMED})"
    text = f"{printed['words']['missing_glyphs']} {', '.join(points[:MAX_NAMED])}{more}"
    chapter = next(chapter for chapter in printed["chapters"] if chapter["key"] == limits_chapter)
    items = next(block for block in chapter["blocks"] if block["kind"] == "items")
    items["items"].append({"text": text, "refs": [], "tone": "", "anchor": ""})
