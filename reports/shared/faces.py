"""The fonts inside a web page: the letters that it uses and no other, so that it reads alike on every machine."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools import subset
from fontTools.ttLib import TTFont

from reports.shared.glyphs import SANS, SERIF

LATIN_END = 0x2E80
# Layout for vertical lines and alternative forms: a third of a subset's bytes, and nothing that a report needs.
UNUSED = ["GSUB", "GPOS", "BASE", "VORG", "vhea", "vmtx"]


def faces(texts: Iterable[str], serif: bool = True) -> str:
    """`@font-face` rules with the letters of these texts; empty where a Latin font of the reader's will do."""
    letters = "".join(sorted({letter for text in texts for letter in text if letter.isprintable()}))
    if not any(ord(letter) >= LATIN_END for letter in letters):
        return ""
    wanted = [(SANS, pylopdf_fonts_zh_cn.sans_path()), (SERIF, pylopdf_fonts_zh_cn.serif_path())]
    return "".join(_rule(name, path, letters) for name, path in wanted[: 1 + serif])


def _rule(name: str, path: Path, letters: str) -> str:
    data = base64.b64encode(_subset(path, letters)).decode("ascii")
    return f'@font-face{{font-family:"{name}";src:url(data:font/woff;base64,{data}) format("woff")}}'


@lru_cache(maxsize=16)
def _subset(path: Path, letters: str) -> bytes:
    """The font file cut down to these letters; the same bytes each time."""
    options = subset.Options(hinting=False, notdef_outline=True, name_IDs=[1, 2], layout_features=[])
    options.drop_tables += UNUSED
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:
        worker = subset.Subsetter(options)
        worker.populate(text=letters)
        worker.subset(font)
        font.flavor = "woff"
        kept = io.BytesIO()
        font.save(kept)
    return kept.getvalue()
