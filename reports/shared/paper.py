"""A report as PDF/A by Typst: the same report gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import typst

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
    anchors = _anchors(printed)
    _drop_loose(printed, anchors)
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


def _cells(printed: Shaped) -> list[Shaped]:
    """Everything that can hold references or be an anchor."""
    found: list[Shaped] = []
    for chapter in printed["chapters"]:
        for block in chapter["blocks"]:
            found.append(block)
            found.extend(block.get("tiles", ()))
            found.extend(block.get("items", ()))
            found.extend(cell for row in block.get("rows", ()) if block["kind"] == "table" for cell in row)
            found.extend(block[side] for side in ("left", "right") if block["kind"] == "pair")
    return found


def _anchors(printed: Shaped) -> frozenset[str]:
    return frozenset(cell["anchor"] for cell in _cells(printed) if cell.get("anchor"))


def _drop_loose(printed: Shaped, anchors: frozenset[str]) -> None:
    """A reference to nowhere would stop the whole page: leave it out."""
    for cell in _cells(printed):
        if cell.get("refs"):
            cell["refs"] = [ref for ref in cell["refs"] if ref in anchors]
