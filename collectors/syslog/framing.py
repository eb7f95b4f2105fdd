"""Cuts a TCP stream of syslog into messages: counted octets or lines (RFC 6587), each within bounds. Pure."""

from __future__ import annotations

import re

from collectors.syslog.message import MAX_BYTES

_COUNT = re.compile(rb"([1-9]\d{0,7}) ")
_MAYBE_COUNT = re.compile(rb"[1-9]\d{0,7}\Z")
_ENDS = re.compile(rb"[\n\0]")


class Frames:
    """Feed it what arrives; it gives the messages that are complete. A longer message is cut at MAX_BYTES."""

    def __init__(self) -> None:
        self._buffer = b""
        self._passing = 0
        self._to_line_end = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that end within this data."""
        self._buffer += data
        out: list[bytes] = []
        while self._buffer and self._step(out):
            pass
        return out

    def close(self) -> list[bytes]:
        """What was begun when the peer hung up."""
        rest, self._buffer = self._buffer.strip(b"\r\n\0 "), b""
        return [rest[:MAX_BYTES]] if rest and not self._to_line_end and not self._passing else []

    def _step(self, out: list[bytes]) -> bool:
        if self._passing:
            passed = min(self._passing, len(self._buffer))
            self._passing -= passed
            self._buffer = self._buffer[passed:]
            return True
        counted = None if self._to_line_end else _COUNT.match(self._buffer)
        if counted:
            return self._counted(int(counted[1]), counted.end(), out)
        if not self._to_line_end and _MAYBE_COUNT.match(self._buffer):
            return False
        return self._line(out)

    def _counted(self, size: int, start: int, out: list[bytes]) -> bool:
        taken = min(size, MAX_BYTES)
        if len(self._buffer) < start + taken:
            return False
        _put(out, self._buffer[start : start + taken])
        self._passing = size - taken
        self._buffer = self._buffer[start + taken :]
        return True

    def _line(self, out: list[bytes]) -> bool:
        found = _ENDS.search(self._buffer)
        if found is None:
            if len(self._buffer) < MAX_BYTES:
                return False
            if not self._to_line_end:
                _put(out, self._buffer[:MAX_BYTES])
            self._to_line_end = True
            self._buffer = b""
            return False
        if not self._to_line_end:
            _put(out, self._buffer[: min(found.start(), MAX_BYTES)])
        self._to_line_end = False
        self._buffer = self._buffer[found.end() :]
        return True


def _put(out: list[bytes], message: bytes) -> None:
    message = message.strip(b"\r\n\0 ")
    if message:
        out.append(message)
