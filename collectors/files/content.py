"""From the bytes of a file to its text, within bounds: gzip is unpacked, UTF-16 is recoded, event logs become JSON."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

from collectors.files.event_log import MAGIC, logged
from collectors.files.reading import Broken

CHUNK = 256 << 10
Packing = Literal["plain", "gzip", "utf-16", "evtx"]

_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31


def packing_of(head: bytes) -> Packing:
    """How the text is packed, by the first bytes."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(MAGIC):
        return "evtx"
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "plain"


def unpacked(packing: Packing, chunks: Iterable[bytes]) -> Iterator[bytes | Broken]:
    """The text in bounded chunks; what cannot be unpacked ends it with one Broken."""
    if packing == "gzip":
        return _opened(gunzipped(chunks))
    if packing == "evtx":
        return logged(chunks)
    return _recoded(chunks) if packing == "utf-16" else iter(chunks)


def _opened(texts: Iterator[bytes | Broken]) -> Iterator[bytes | Broken]:
    """What was in a gzip: text, or an event log."""
    first = next(texts, b"")
    whole = chain((first,), texts)
    if not isinstance(first, bytes) or not first.startswith(MAGIC):
        return whole
    broken: list[Broken] = []
    return chain(logged(_sound(whole, broken)), broken)


def _sound(texts: Iterable[bytes | Broken], broken: list[Broken]) -> Iterator[bytes]:
    for text in texts:
        if isinstance(text, bytes):
            yield text
        else:
            broken.append(text)


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
