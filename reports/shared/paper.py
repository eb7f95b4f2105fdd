"""A report as PDF/A by Typst: the same report gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import typst

from reports.shared.anchors import drop_loose
from reports.shared.content import packaged
from reports.shared.glyphs import fonts, replace_missing
from reports.shared.plain import EARLIEST, is_time
from reports.spec import Report

Shaped = dict[str, Any]
MAX_NAMED = 40


def pdf(report: Report, shaped: Shaped, limits_chapter: str) -> bytes:
    """The PDF of a report. Characters that the fonts do not have are printed as a square, and named in the limits."""
    printed, missing = _printable(shaped)
    if missing:
        _say_missing(printed, limits_chapter, missing)
    drop_loose(printed)
    at = datetime.fromtimestamp((report.as_of if is_time(report.as_of) else EARLIEST) / 1000, UTC)
    printed["made"] = [at.year, at.month, at.day, at.hour, at.minute, at.second]
    printed["running"] = report.title if not report.subtitle else f"{printed['title']} · {printed['subtitle']}"
    return typst.compile(
        packaged("shared/page.typ").encode(),
        font_paths=fonts(),
        pdf_standards=["a-2b"],
        sys_inputs={"data": orjson.dumps(printed).decode()},
        timestamp=int(at.timestamp()),
    )


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
