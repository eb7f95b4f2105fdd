"""The fonts of the PDF, and which characters they can print."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst

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
    """Every code point of an OpenType file, from the 32-bit table of its `cmap`."""
    content = path.read_bytes()
    start = _table(content, b"cmap")
    (tables,) = struct.unpack_from(">H", content, start + 2)
    for index in range(tables):
        (offset,) = struct.unpack_from(">I", content, start + 8 + 8 * index)
        (kind,) = struct.unpack_from(">H", content, start + offset)
        if kind == 12:
            return _segments(content, start + offset)
    return frozenset()


def _table(content: bytes, name: bytes) -> int:
    (count,) = struct.unpack_from(">H", content, 4)
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", content, 12 + 16 * index)
        if tag == name:
            return int(offset)
    return 0


def _segments(content: bytes, start: int) -> frozenset[int]:
    (groups,) = struct.unpack_from(">I", content, start + 12)
    found: set[int] = set()
    for index in range(groups):
        first, last, _ = struct.unpack_from(">III", content, start + 16 + 12 * index)
        found.update(range(first, last + 1))
    return frozenset(found)
