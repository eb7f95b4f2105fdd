"""From the bytes of a file to the bytes of its text: gzip is unpacked, UTF-16 becomes UTF-8, within bounds."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from typing import Literal

from collectors.files.reading import Broken

CHUNK = 256 << 10
Packing = Literal["plain", "gzip", "utf-16"]

_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31


def packing_of(head: bytes) -> Packing:
    """How the text is packed, by the first bytes."""
    if head.startswith(_GZIP):
        return "gzip"
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "plain"


def unpacked(packing: Packing, chunks: Iterable[bytes]) -> Iterator[bytes | Broken]:
    """The text in bounded chunks; what cannot be unpacked ends it with one Broken."""
    if packing == "gzip":
        return gunzipped(chunks)
    return _recoded(chunks) if packing == "utf-16" else iter(chunks)


def gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes | Broken]:
    """Every member of a gzip stream; what was readable is given before what is missing or damaged is told."""
    member = zlib.decompressobj(_GZIP_FORMAT)
    started = False
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                if member.eof:
                    packed = packed.lstrip(b"\0")
                    if not packed:
                        break
                    member, started = zlib.decompressobj(_GZIP_FORMAT), False
                started = True
                text = member.decompress(packed, CHUNK)
                packed = member.unused_data if member.eof else member.unconsumed_tail
                if text:
                    yield text
        while not member.eof and started and (text := member.decompress(member.unconsumed_tail, CHUNK)):
            yield text
    except zlib.error:
        yield Broken("bad_gzip", "the gzip stream is damaged here", b"")
        return
    if started and not member.eof:
        yield Broken("truncated_gzip", "the gzip stream ends before its end", b"")


def _recoded(chunks: Iterable[bytes]) -> Iterator[bytes | Broken]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for chunk in chunks:
        text = decoder.decode(chunk)
        if text:
            yield text.encode("utf-8", "replace")
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest.encode("utf-8", "replace")
