"""One pushed record as bytes on disk: length, checksum, then who sent what and when."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from yunshao.errors import WrongUse

HEAD = struct.Struct(">II")
FACTS = struct.Struct(">QHH")
MAX_RECORD = 16 << 20
MAX_NAME = 1024


class Frame(NamedTuple):
    """One pushed record."""

    source: str
    received: int
    hint: str
    raw: bytes


def encode(frame: Frame) -> bytes:
    """The bytes of a frame. Raises WrongUse for a record that no frame takes."""
    source = frame.source.encode("utf-8", "backslashreplace")[:MAX_NAME]
    hint = frame.hint.encode("utf-8", "backslashreplace")[:MAX_NAME]
    if len(frame.raw) > MAX_RECORD:
        raise WrongUse(f"a record of {len(frame.raw)} bytes", f"at most {MAX_RECORD}")
    body = b"".join((FACTS.pack(max(0, frame.received), len(source), len(hint)), source, hint, frame.raw))
    return HEAD.pack(len(body), zlib.crc32(body)) + body


def decode(body: bytes) -> Frame:
    """What was encoded; only bytes whose checksum held are given here."""
    received, source_length, hint_length = FACTS.unpack_from(body)
    source_end = FACTS.size + source_length
    hint_end = source_end + hint_length
    source = body[FACTS.size : source_end].decode("utf-8", "replace")
    hint = body[source_end:hint_end].decode("utf-8", "replace")
    return Frame(source, received, hint, body[hint_end:])


class Torn(Exception):
    """The bytes end within a frame: a write that was cut off, or one that is still going on."""


class Damaged(Exception):
    """A whole frame whose checksum does not hold."""


def next_frame(data: bytes, position: int) -> tuple[bytes, int]:
    """The body that begins at `position`, and where the next one begins. Raises Torn or Damaged."""
    start = position + HEAD.size
    if len(data) < start:
        raise Torn
    length, checksum = HEAD.unpack_from(data, position)
    if length == 0 and checksum == 0:
        # A file system may leave zeros after a loss of power; no frame is that short.
        raise Torn
    if not FACTS.size <= length <= FACTS.size + 2 * MAX_NAME + MAX_RECORD:
        raise Damaged
    if len(data) < start + length:
        raise Torn
    body = data[start : start + length]
    if zlib.crc32(body) != checksum:
        raise Damaged
    return body, start + length


def first_length(data: bytes) -> int:
    """How many bytes the first frame wants, at most what a frame may have."""
    length = HEAD.unpack_from(data)[0] if len(data) >= HEAD.size else 0
    return HEAD.size + int(min(length, FACTS.size + 2 * MAX_NAME + MAX_RECORD))


def whole_frames(data: bytes, position: int, limit: int) -> tuple[list[Frame], int]:
    """Up to `limit` whole frames from `position` on, and where the last of them ends."""
    frames: list[Frame] = []
    try:
        while len(frames) < limit and position < len(data):
            body, position = next_frame(data, position)
            frames.append(decode(body))
    except (Torn, Damaged):
        pass
    return frames, position
