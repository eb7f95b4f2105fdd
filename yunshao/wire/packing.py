"""What stands in one message: three letters and a version, then a zstd frame. Anything else is refused with its reason.

The kinds: `YSR` raw records, `YSO` observations for who judges them, `YSF` findings for the queue.
"""

from __future__ import annotations

import zstandard

VERSION = 1
HEAD = 4
MAX_PACKED = 20 << 20
MAX_UNPACKED = 96 << 20
RECORDS, OBSERVED, FOUND = b"YSR", b"YSO", b"YSF"
LEVEL = 1


class BadMessage(Exception):
    """A message that is none of ours: `reason` is a stable code, `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


def packed(kind: bytes, body: bytes) -> bytes:
    """The message of a body."""
    return kind + bytes((VERSION,)) + zstandard.ZstdCompressor(level=LEVEL).compress(body)


def unpacked(kind: bytes, message: bytes | None) -> bytes:
    """The body of a message of this kind, at most 96 MiB. Raises BadMessage."""
    if not message:
        raise BadMessage("empty_message", "no bytes")
    if len(message) > MAX_PACKED:
        raise BadMessage("message_too_large", f"{len(message)} bytes, at most {MAX_PACKED}")
    if message[:3] != kind or len(message) < HEAD:
        raise BadMessage("no_envelope", f"begins with {message[:8]!r}")
    if message[3] != VERSION:
        raise BadMessage("unknown_version", f"version {message[3]}, this program knows {VERSION}")
    frame = message[HEAD:]
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 <= size <= MAX_UNPACKED:
            raise BadMessage("message_too_large", f"unpacks to {size} bytes, at most {MAX_UNPACKED}")
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=MAX_UNPACKED)
    except (zstandard.ZstdError, MemoryError) as error:
        raise BadMessage("damaged_message", str(error)[:300]) from None
