"""Follows the nesting of one JSON value through a buffer that grows at the end and is cut at the front."""

from __future__ import annotations

import re

MORE = -1
BROKEN = -2

_STEP = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\\n]++|\\[^\n])*+")*+')
_STRING = re.compile(rb'(?:[^"\\\n]++|\\[^\n])*+')
_BLANKS = b" \t\r\n\0"
_QUOTE, _BACKSLASH, _COLON = b'"\\:'
_OPENERS = b"{["
_CLOSED_BY = {ord("}"): ord("{"), ord("]"): ord("[")}


class Balance:
    """One value from its opening bracket (at index `at`) to its closing one.

    It is no parser: brackets must match, strings must end on their line, and a value must stand where JSON allows
    one, so that a line that was cut off does not swallow the lines after it.
    """

    __slots__ = ("_before", "_in_string", "_open", "at")

    def __init__(self, at: int, inside: bytes = b"") -> None:
        self.at = at
        self._open = bytearray(inside)
        self._before = 0
        self._in_string = False

    def shift(self, count: int) -> None:
        """The buffer lost its first `count` bytes."""
        self.at -= count

    def run(self, buffer: bytes) -> int:
        """The index after the value, or MORE, or BROKEN (at index `at`)."""
        while True:
            verdict = self._finish_string(buffer) if self._in_string else self._next_bracket(buffer)
            if verdict is not None:
                return verdict

    def _finish_string(self, buffer: bytes) -> int | None:
        end = _end(_STRING, buffer, self.at)
        self.at = end
        if end >= len(buffer) or (buffer[end] == _BACKSLASH and end + 1 == len(buffer)):
            return MORE
        if buffer[end] != _QUOTE:
            return BROKEN
        self._in_string = False
        self._before = _QUOTE
        self.at = end + 1
        return None

    def _next_bracket(self, buffer: bytes) -> int | None:
        end = _end(_STEP, buffer, self.at)
        gap = buffer[self.at : end].rstrip(_BLANKS)
        if gap:
            self._before = gap[-1]
        self.at = end
        if end >= len(buffer):
            return MORE
        found = buffer[end]
        if found == _QUOTE:
            self._in_string = True
        elif not (self._opens(found) if found in _OPENERS else self._closes(found)):
            return BROKEN
        self._before = found
        self.at = end + 1
        return None if self._open else end + 1

    def _opens(self, found: int) -> bool:
        parent = self._open[-1:]
        self._open.append(found)
        if parent == b"{":
            return self._before == _COLON
        return not parent or self._before in b"[,"

    def _closes(self, found: int) -> bool:
        if not self._open or self._open[-1] != _CLOSED_BY[found]:
            return False
        self._open.pop()
        return True


def _end(pattern: re.Pattern[bytes], buffer: bytes, start: int) -> int:
    found = pattern.match(buffer, start)
    return found.end() if found else start
