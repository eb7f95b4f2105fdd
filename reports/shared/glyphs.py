"""The fonts of the PDF, and which characters they can print."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

SANS = "Noto Sans SC"
SERIF = "Noto Serif SC"
MISSING = "\u25a1"


@cache
def fonts() -> typst.Fonts:
    """The two installed font files and no other, so that every machine prints the same bytes."""
    folder = str(pylopdf_fonts_zh_cn.sans_path().parent)
    return typst.Fonts(font_paths=[folder], include_system_fonts=False, include_embedded_fonts=False)


@cache
def printable() -> frozenset[int]:
    """The code points that both font files have."""
    return _code_points(pylopdf_fonts_zh_cn.sans_path()) & _code_points(pylopdf_fonts_zh_cn.serif_path())


def replace_missing(text: str) -> tuple[str, frozenset[str]]:
    """The text with a white square for every character that cannot be printed, and those characters."""
    known = printable()
    missing = frozenset(character for character in set(text) if ord(character) not in known)
    if not missing:
        return text, missing
    return text.translate(dict.fromkeys(map(ord, missing), MISSING)), missing


def _code_points(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
