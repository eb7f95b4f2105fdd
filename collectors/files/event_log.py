"""From the bytes of a Windows event log file (EVTX) to one JSON object a line, chunk by chunk.

Each chunk of such a file can be read alone, so memory stays that of one chunk. What cannot be read is told at the end.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO

from evtx import PyEvtxParser

from collectors.files.reading import Broken

MAGIC = b"ElfFile\0"
_CHUNK_MAGIC = b"ElfChnk\0"
_HEADER, _CHUNK = 4096, 64 << 10
_STRINGS, _TEMPLATES = (128, 64), (384, 32)
_MOST_RECORDS = 4096
_MOST_TEXT = 64 << 20
_LINK = struct.Struct("<I")
_RECORD = struct.Struct("<4sI")
_RECORD_MAGIC = b"**\0\0"
_FIRST_RECORD = 512
_CONTROL = re.compile(r"[\x00-\x1f]")


def logged(chunks: Iterable[bytes]) -> Iterator[bytes | Broken]:
    """The records of an event log; at the end one Broken if some of it could not be read or the file is cut off."""
    blocks = _blocks(chunks)
    header = next(blocks, b"")
    spoiled = 0
    last = _CHUNK
    for block in blocks:
        last = len(block)
        if block[:8] == _CHUNK_MAGIC:
            reader = _Chunk(block if len(block) == _CHUNK else _whole_records(block))
            yield from reader.lines()
            spoiled += reader.spoiled
        elif block.strip(b"\0"):
            spoiled += 1
    if len(header) < _HEADER or last < _CHUNK:
        yield Broken("truncated_evtx", "the event log ends before its end", b"")
    elif spoiled:
        yield Broken("bad_evtx", f"{spoiled} parts of the event log are damaged", b"")


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The header, and then chunk after chunk, whatever the pieces that were read."""
    held, size = bytearray(), _HEADER
    for piece in chunks:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
            size = _CHUNK
    if held:
        yield bytes(held)


class _Chunk:
    """The records of one chunk. `spoiled` counts what could not be read."""

    def __init__(self, block: bytes) -> None:
        self.spoiled = 0
        self._bytes = _front() + block
        self._sound = not _winds(block)

    def lines(self) -> Iterator[bytes]:
        """Each record as a line of JSON."""
        if not self._sound:
            self.spoiled += 1
            return
        size = 0
        for text in self._texts():
            line = _CONTROL.sub(" ", text).encode("utf-8", "replace")
            size += len(line)
            if size > _MOST_TEXT:
                self.spoiled += 1
                return
            yield line + b"\n"

    def _texts(self) -> Iterator[str]:
        try:
            records = PyEvtxParser(BytesIO(self._bytes), 1).records_json()
        except (OSError, RuntimeError, ValueError):
            self.spoiled += 1
            return
        for _ in range(_MOST_RECORDS):
            try:
                record = next(records, None)
            except (OSError, RuntimeError, ValueError):
                self.spoiled += 1
                continue
            if record is None:
                return
            yield str(record["data"])


@cache
def _front() -> bytes:
    """A header for one chunk: what the file's own says is not needed, and not to be trusted."""
    start = MAGIC + struct.pack("<QQQIHHHH", 0, 0, 1, 128, 1, 3, _HEADER, 1)
    start = start.ljust(120, b"\0")
    return (start + struct.pack("<II", 0, zlib.crc32(start))).ljust(_HEADER, b"\0")


def _whole_records(block: bytes) -> bytes:
    """A chunk that was cut off, without the record that is not all there."""
    at = _FIRST_RECORD
    while at + _RECORD.size <= len(block):
        magic, size = _RECORD.unpack_from(block, at)
        if magic != _RECORD_MAGIC or size < _RECORD.size or at + size > len(block):
            break
        at += size
    return block[:at].ljust(_CHUNK, b"\0")


def _winds(block: bytes) -> bool:
    """Whether a list within a chunk (of strings, of templates) leads back into itself: a reader would never end."""
    for start, count in (_STRINGS, _TEMPLATES):
        for first in struct.unpack_from(f"<{count}I", block, start):
            seen: set[int] = set()
            at = first
            while 0 < at <= _CHUNK - _LINK.size:
                if at in seen:
                    return True
                seen.add(at)
                (at,) = _LINK.unpack_from(block, at)
    return False
