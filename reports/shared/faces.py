"""The fonts inside a web page: the letters that it uses and no other, so that it reads alike on every machine."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn
import uharfbuzz
from fontTools.ttLib import TTFont

from reports.shared.glyphs import SANS, SERIF

LATIN_END = 0x2E80
# Layout for vertical lines and alternative forms: a third of a subset's bytes, and nothing that a report needs.
UNUSED = (b"GSUB", b"GPOS", b"BASE", b"VORG", b"vhea", b"vmtx")
FAMILY, STYLE = 1, 2


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
    wanted = uharfbuzz.SubsetInput()
    wanted.flags = uharfbuzz.SubsetFlags.NO_HINTING | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    wanted.sets(uharfbuzz.SubsetInputSets.UNICODE).update(map(ord, letters))
    wanted.sets(uharfbuzz.SubsetInputSets.DROP_TABLE_TAG).update(int.from_bytes(tag, "big") for tag in UNUSED)
    names = wanted.sets(uharfbuzz.SubsetInputSets.NAME_ID)
    names.clear()
    names.update([FAMILY, STYLE])
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
    cut = uharfbuzz.subset(face, wanted).blob.data
    kept = io.BytesIO()
    with TTFont(io.BytesIO(cut), lazy=True, recalcTimestamp=False, recalcBBoxes=False) as font:
        font.flavor = "woff"
        font.save(kept)
    return kept.getvalue()
