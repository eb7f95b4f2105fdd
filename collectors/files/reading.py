"""Cuts a stream of bytes into raw records: JSON in any of the shapes logs come in, Zeek tables, or plain lines.

The records are the same however the bytes are cut into chunks, memory is bounded, and a mark lets a reader go on later.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import orjson

from collectors.files.scan import BROKEN, MORE, Balance
from collectors.files.table import FlowTable, Table, is_flow_header
from collectors.files.wrapper import WRAPPER, WRAPPERS

MAX_RECORD = 1 << 20
SAMPLE_BYTES = 4096

Framing = Literal["json", "lines"]

_HEAD_LIMIT = 64 << 10
_LEAP_LIMIT = 64 << 10
_RESCANNED_LINES = 64
_JUNK = b" \t\r\n\0\x0b\x0c"
_STRAY = _JUNK + b",]}"
_MARK_OF_ORDER = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"(?:[ \t\r\n\0\x0b\x0c]|\xef\xbb\xbf)*+")
_GAP = re.compile(rb"[ \t\r\n\0,]*+")
_SCALAR = re.compile(rb'"(?:[^"\\\n]|\\[^\n])*+"|[^\s,\[\]{}:"][^\s,\[\]{}]*+')
_ARRAY = re.compile(rb"\[[ \t\r]*+(?:[{\[\]\n]|\Z)")
_FIRST_KEY = re.compile(rb'\{\s*+"[^"\\\n]{1,64}"')
_RUN_TOGETHER = re.compile(rb"\}\s*+\{")
_HEAD_BYTES = 8
_SUSPECT_KEYS = ("@odata.", "apiVersion", "next", "Next", "Response", *WRAPPERS)
_SUSPECT_HEADS = tuple(f'{{"{key}'.encode()[:_HEAD_BYTES] for key in _SUSPECT_KEYS)
_OF_TIME = (b"#open", b"#close")
_OPEN_BRACE, _OPEN_BRACKET, _CLOSE_BRACKET, _HASH = b"{[]#"


class Broken(NamedTuple):
    """A stretch of the stream that is no record: a stable reason, words, and the beginning of the bytes."""

    reason: str
    detail: str
    raw: bytes


class Mark(NamedTuple):
    """Where a reader may go on: bytes consumed, the containers that are open there, where the table's header stands."""

    at: int = 0
    nest: str = ""
    header: int = -1


Piece = bytes | Broken
START = Mark()


class Splitter:
    """Feed it chunks; it gives the pieces that they complete."""

    def __init__(self, framing: Framing = "json", mark: Mark = START, header: bytes = b"") -> None:
        self._framing = framing
        self._buffer = b""
        self._base = mark.at
        self._pos = 0
        self._done = mark.at
        self._nest = mark.nest
        self._header = mark.header
        self._header_end = -1
        self._table: Table | FlowTable | None = None
        self._walk: Balance | None = None
        self._skip: _Skip | None = None
        self._judged = -1
        self._head = b""
        self._plain: set[bytes] = set()
        if header:
            self._learn(header)

    @property
    def mark(self) -> Mark:
        """After the last piece."""
        return Mark(self._done, self._nest, self._header)

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that end within this chunk."""
        self._buffer = self._buffer + chunk if self._buffer else chunk
        out: list[Piece] = []
        if not self._nest and self._skip is None and self._judged < 0:
            self._quickly(out)
        return self._run(out, final=False, eager=False)

    def settle(self) -> list[Piece]:
        """The JSON that is complete although its newline has not come; half a record waits on."""
        return self._run([], final=False, eager=True)

    def close(self) -> list[Piece]:
        """What is left, now that nothing more will come."""
        return self._run([], final=True, eager=True)

    def _run(self, out: list[Piece], *, final: bool, eager: bool) -> list[Piece]:
        while self._step(out, final, eager):
            pass
        if self._pos:
            self._buffer = self._buffer[self._pos :]
            self._base += self._pos
            if self._walk:
                self._walk.shift(self._pos)
            if self._skip and self._skip.walk:
                self._skip.walk.shift(self._pos)
            if self._judged >= 0:
                self._judged -= self._pos
            self._pos = 0
        return out

    def _step(self, out: list[Piece], final: bool, eager: bool) -> bool:
        if self._skip is not None:
            return self._skip_on(self._skip, out, final)
        if self._nest:
            return self._inside(out, final)
        return self._top(out, final, eager)

    # --- lines

    def _quickly(self, out: list[Piece]) -> None:
        """Take every complete line at once when all are plain records; otherwise leave them to the careful way."""
        end = self._buffer.rfind(b"\n")
        if end < 0:
            return
        block = self._buffer[self._pos : end]
        lines = block.split(b"\n")
        if len(block) > MAX_RECORD and max(map(len, lines)) > MAX_RECORD:
            return
        if self._framing == "lines":
            if _MARK_OF_ORDER in block:
                return
            taken = [piece for line in lines if (piece := line.strip(_JUNK))]
        else:
            taken = [line.rstrip(b"\r") for line in lines] if block[-1:] == b"\r" else lines
            if not self._all_plain(taken, block):
                return
        out.extend(taken)
        self._walk = None
        self._advance(end + 1)

    def _all_plain(self, lines: list[bytes], block: bytes) -> bool:
        heads = {line[:_HEAD_BYTES] for line in lines}
        if not self._plain.issuperset(heads):
            if not all(_is_plain_head(head) for head in heads) or len(heads) > _HEAD_BYTES:
                return False
            self._plain = heads | (self._plain if len(self._plain) < 64 else set())
        if any(tail[-1:] != b"}" or tail == b"]}" for tail in {line[-2:] for line in lines}):
            return False
        first_alone = self._base + self._pos > 3 or not _RUN_TOGETHER.search(lines[0])
        return first_alone and not any(b"}" + head in block for head in heads)

    def _is_plain(self, line: bytes, start: int) -> bool:
        head = line[:_HEAD_BYTES]
        return (
            _is_plain_head(head)
            and line[-1:] == b"}"
            and line[-2:] != b"]}"
            and b"}" + head not in line
            and (self._base + start > 3 or not _RUN_TOGETHER.search(line))
        )

    def _top(self, out: list[Piece], final: bool, eager: bool) -> bool:
        buffer = self._buffer
        start = _end(_BLANK, buffer, self._pos)
        self._advance(start)
        if start == len(buffer):
            return False
        newline = buffer.find(b"\n", start)
        if newline < 0 and not eager and len(buffer) - start <= MAX_RECORD:
            return False
        if self._judged < 0 and self._framing == "json":
            lead = buffer[start]
            if lead == _OPEN_BRACE:
                line = buffer[start:newline].rstrip(_JUNK) if start < newline <= start + MAX_RECORD else b""
                if line and self._is_plain(line, start):
                    return self._emit(out, line, newline + 1)
                return self._object(start, out, final)
            if lead == _OPEN_BRACKET and _ARRAY.match(buffer, start):
                return self._enter("A", start + 1)
        return self._text(start, out, final)

    def _text(self, start: int, out: list[Piece], final: bool) -> bool:
        newline = self._buffer.find(b"\n", max(start, self._judged))
        if newline < 0:
            if len(self._buffer) - start > MAX_RECORD:
                return self._pass_line(start, len(self._buffer))
            if not final:
                return False
            newline = len(self._buffer)
        line = self._buffer[start:newline].rstrip(_JUNK)
        piece: Piece | None = line if newline - start <= MAX_RECORD else _too_large(self._buffer, start)
        if isinstance(piece, bytes) and self._framing == "json":
            piece = self._understand(piece, start)
        self._judged = -1
        if piece is None:
            self._advance(min(newline + 1, len(self._buffer)))
            return True
        return self._emit(out, piece, min(newline + 1, len(self._buffer)))

    def _understand(self, line: bytes, start: int) -> bytes | None:
        """A line that does not begin JSON: part of a table, what is left of a broken document, or just text."""
        if line[0] == _HASH and (self._table or Table()).header(line):
            self._take_header(line, self._base + start)
            return None
        if is_flow_header(line):
            self._table, self._header = FlowTable(line), self._base + start
            return None
        if self._table and self._table.ready:
            return self._table.row(line) or line
        return line if line.strip(_STRAY) else None

    def _take_header(self, line: bytes, at: int) -> None:
        """A line of a Zeek header. Those that follow each other are one; so it is found again from where it began."""
        apart = at > self._header_end and not line.startswith(_OF_TIME)
        if self._table is None or line.startswith(b"#separator") or apart:
            self._table, self._header = Table(), at
        self._table.header(line)
        if at <= self._header_end or self._header == at:
            self._header_end = self._base + self._buffer.find(b"\n", at - self._base) + 1

    def _learn(self, header: bytes) -> None:
        lines = header.split(b"\n")
        self._table = FlowTable(lines[0]) if is_flow_header(lines[0]) else Table()
        self._header_end = max(0, self._header)
        for line in lines:
            if not line.startswith(b"#"):
                break
            self._table.header(line.rstrip(_JUNK))
            self._header_end += len(line) + 1

    # --- documents

    def _object(self, start: int, out: list[Piece], final: bool) -> bool:
        opened = WRAPPER.match(self._buffer, start, start + _HEAD_LIMIT)
        if opened:
            return self._enter(self._nest + ("TW" if opened["answer"] else "W"), opened.end())
        return self._value(start, out, final)

    def _value(self, start: int, out: list[Piece], final: bool) -> bool:
        walk = self._walk or Balance(start)
        end = walk.run(self._buffer)
        self._walk = None
        size = len(self._buffer) - start
        if end >= 0:
            piece = self._buffer[start:end] if end - start <= MAX_RECORD else _too_large(self._buffer, start)
            return self._emit(out, piece, end)
        if end == MORE and not final:
            if size > MAX_RECORD:
                self._skip = _Skip(walk, _too_large(self._buffer, start))
                return True
            self._walk = walk
            return False
        if walk.at - start >= MAX_RECORD:
            return self._pass_line(start, walk.at)
        return self._give_up(start, walk.at if end == BROKEN else len(self._buffer))

    def _give_up(self, start: int, at: int) -> bool:
        """What begins here is no JSON: its first line is a record of its own, and reading goes on after that line."""
        self._nest = ""
        few = self._buffer.count(b"\n", start, at) <= _RESCANNED_LINES
        self._judged = start if few else at
        self._pos = start
        return True

    def _inside(self, out: list[Piece], final: bool) -> bool:
        buffer = self._buffer
        if self._nest[-1] == "T":
            self._skip = _Skip(Balance(self._pos, b"{"), None)
            return True
        start = _end(_GAP, buffer, self._pos)
        self._advance(start)
        if start == len(buffer):
            return False
        lead = buffer[start]
        if lead == _CLOSE_BRACKET:
            return self._enter(self._nest[:-1] + ("T" if self._nest[-1] == "W" else ""), start + 1)
        if lead == _OPEN_BRACE:
            if self._nest == "A" and (opened := WRAPPER.match(buffer, start, start + _HEAD_LIMIT)):
                return self._enter("ATW" if opened["answer"] else "AW", opened.end())
            return self._leap(start, out) or self._element(start, out, final)
        if lead == _OPEN_BRACKET:
            return self._value(start, out, final)
        return self._scalar(start, out, final)

    def _element(self, start: int, out: list[Piece], final: bool) -> bool:
        if not self._head and (first := _FIRST_KEY.match(self._buffer, start)):
            self._head = first.group()
        return self._value(start, out, final)

    def _leap(self, start: int, out: list[Piece]) -> bool:
        """Find the end of an element by the beginning of the next one: right exactly when the stretch is whole JSON."""
        head = self._head
        if not head or not self._buffer.startswith(head, start):
            return False
        following = self._buffer.find(head, start + len(head), start + _LEAP_LIMIT)
        if following < 0:
            return False
        piece = self._buffer[start:following].rstrip(b" \t\r\n,")
        try:
            orjson.loads(piece)
        except orjson.JSONDecodeError:
            return False
        return self._emit(out, piece, start + len(piece))

    def _scalar(self, start: int, out: list[Piece], final: bool) -> bool:
        end = _end(_SCALAR, self._buffer, start)
        if end == len(self._buffer) or (end == start and self._buffer[start : start + 1] == b'"'):
            if not final and len(self._buffer) - start <= MAX_RECORD and b"\n" not in self._buffer[start:]:
                return False
            end = start
        if end == start:
            return self._give_up(start, start)
        return self._emit(out, self._buffer[start:end], end)

    # --- stretches that are passed over

    def _pass_line(self, start: int, at: int) -> bool:
        """What begins here is too large and no JSON: it ends with the line that `at` is in."""
        self._skip = _Skip(None, _too_large(self._buffer, start))
        self._nest = ""
        self._judged = -1
        self._pos = at
        return True

    def _skip_on(self, skip: _Skip, out: list[Piece], final: bool) -> bool:
        end = self._skip_end(skip, final)
        if end is None:
            return False
        self._skip = None
        if skip.piece is not None:
            return self._emit(out, skip.piece, end)
        self._nest = self._nest[:-1]
        self._advance(end)
        return True

    def _skip_end(self, skip: _Skip, final: bool) -> int | None:
        """Where it ends; None while it goes on."""
        if skip.walk:
            end = skip.walk.run(self._buffer)
            if end >= 0:
                return end
            self._pos = skip.walk.at
            if end == MORE:
                return len(self._buffer) if final else None
            skip.walk = None
            self._nest = self._nest[-1:] if skip.piece is None else ""
        newline = self._buffer.find(b"\n", self._pos)
        if newline >= 0:
            return newline + 1
        self._pos = len(self._buffer)
        return self._pos if final else None

    # --- bookkeeping

    def _advance(self, pos: int) -> None:
        self._pos = pos
        self._done = self._base + pos

    def _enter(self, nest: str, pos: int) -> bool:
        self._nest = nest
        self._walk = None
        self._advance(pos)
        return True

    def _emit(self, out: list[Piece], piece: Piece, end: int) -> bool:
        out.append(piece)
        self._walk = None
        self._advance(end)
        return True


class _Skip:
    """A stretch whose end is being looked for: by its brackets, or (no walk) by the end of the line."""

    __slots__ = ("piece", "walk")

    def __init__(self, walk: Balance | None, piece: Broken | None) -> None:
        self.walk = walk
        self.piece = piece


def _is_plain_head(head: bytes) -> bool:
    return head.startswith(b'{"') and not head.startswith(_SUSPECT_HEADS)


def _too_large(buffer: bytes, start: int) -> Broken:
    detail = f"one record is at most {MAX_RECORD} bytes"
    return Broken("too_large", detail, buffer[start : start + SAMPLE_BYTES])


def _end(pattern: re.Pattern[bytes], buffer: bytes, start: int) -> int:
    found = pattern.match(buffer, start)
    return found.end() if found else start
