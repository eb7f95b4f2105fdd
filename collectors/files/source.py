"""Reads files: a folder that is written to while we look (FileIntake), or given files once (read_paths)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, count, islice, repeat
from pathlib import Path
from typing import BinaryIO, cast

from collectors.catalog import AUTO, framing_of
from collectors.files.content import CHUNK, Packing, packing_of, unpacked
from collectors.files.places import PRINTED_BYTES, Place, bounded, copied, print_of, read, written
from collectors.files.reading import Broken, Framing, Mark, Piece, Splitter
from collectors.spec import dated_hint
from yunshao.errors import WrongUse
from yunshao.model.block import Envelope
from yunshao.model.event import NOBODY, Owner, Record, Rejected

MAX_OPEN = 64
_READ_BYTES = 64 << 10
"""So few that what is made of them stays near the processor until it was judged."""
_HEADER_BYTES = 16 << 10
_EVENT_LOG_BYTES = 64 << 10
_ROTATED_MS = 60_000
_MAGIC = "*?["
_MAX_FOUND = 100_000
Clock = Callable[[], int]
_record = partial(tuple.__new__, Record)


def read_paths(paths: Iterable[str | Path], source: str, clock: Clock) -> Iterator[Record | Rejected]:
    """Every record of the files, of the folders' files and of the patterns, in order. Raises WrongUse: no such file."""
    for found in read_envelopes(paths, source, clock):
        if isinstance(found, Envelope):
            yield from map(found.record, range(len(found.raws)))
        else:
            yield found


def read_envelopes(paths: Iterable[str | Path], source: str, clock: Clock) -> Iterator[Envelope | Record | Rejected]:
    """As `read_paths`, with records that were read together in one envelope."""
    framing = framing_of(source)
    for given in paths:
        found = list(find(str(given)))
        if not found:
            raise WrongUse(f"no such file: {given}", "name a file, a folder or a pattern")
        for path in found:
            yield from _read_once(path, source, Splitter(framing), clock)


def find(pattern: str) -> Iterator[Path]:
    """The regular files of a file name, a folder or a pattern, sorted; links that lead out of the folder are left."""
    path = Path(pattern)
    if not any(sign in pattern for sign in _MAGIC) or path.exists():
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from _inside(path, (Path(at) / name for at, _, names in os.walk(path) for name in names))
        return
    parts = path.parts
    fixed = next(place for place, part in enumerate(parts) if any(sign in part for sign in _MAGIC))
    root = Path(*parts[:fixed])
    yield from _inside(root, root.glob(str(Path(*parts[fixed:]))))


def _inside(root: Path, found: Iterable[Path]) -> Iterator[Path]:
    top = root.resolve()
    for path in sorted(islice(found, _MAX_FOUND)):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.resolve().is_relative_to(top):
            yield path


def _read_once(path: Path, source: str, splitter: Splitter, clock: Clock) -> Iterator[Envelope | Record | Rejected]:
    number = 1
    hint = str(path)
    try:
        with path.open("rb", buffering=0) as file:
            for pieces in _pieces(file, splitter):
                received = clock()
                if pieces and Broken not in set(map(type, pieces)):
                    hinted = _hint(source, hint, received)
                    yield Envelope(source, cast("list[bytes]", pieces), number, received, hinted)
                else:
                    yield from _records(pieces, number, source, _hint(source, hint, received), received, NOBODY)
                number += len(pieces)
    except OSError as error:
        raise WrongUse(f"cannot read {path}: {error.strerror}", "check the file's permissions") from None


def _pieces(file: BinaryIO, splitter: Splitter) -> Iterator[list[Piece]]:
    head = file.read(_READ_BYTES)
    chunks = _chunks(file, head)
    for text in unpacked(packing_of(head), chunks):
        yield splitter.feed(text) if isinstance(text, bytes) else [*splitter.close(), text]
    yield splitter.close()


def _chunks(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    while head:
        yield head
        head = file.read(_READ_BYTES)


def _hint(source: str, hint: str, received: int) -> str:
    return dated_hint(hint, received) if source == AUTO or framing_of(source) == "lines" else hint


def _records(
    pieces: list[Piece], number: int, source: str, hint: str, received: int, claim: Owner
) -> list[Record | Rejected]:
    """One Record or Rejected for each piece. The common case, no broken one among them, is made in one sweep."""
    if Broken not in set(map(type, pieces)):
        return list(
            map(_record, zip(repeat(source), pieces, count(number), repeat(received), repeat(hint), repeat(claim)))
        )
    return [
        Record(source, piece, place, received, hint, claim)
        if isinstance(piece, bytes)
        else Rejected(source, place, piece.reason, piece.detail, piece.raw, received, hint)
        for place, piece in enumerate(pieces, start=number)
    ]


class FileIntake:
    """The growing, rotating files of a pattern. What was committed, as its offset says, never comes again."""

    def __init__(self, name: str, source: str, pattern: str, claim: Owner, clock: Clock) -> None:
        self._name = name
        self._source = source
        self._pattern = pattern
        self._claim = claim
        self._clock = clock
        self._offset: str | None = None
        self._places: dict[int, Place] = {}
        self._before = 0
        self._open: dict[int, _Cursor] = {}
        self._refused: set[str] = set()

    @property
    def name(self) -> str:
        """Keys the offset."""
        return self._name

    def read(self, offset: str, limit: int) -> tuple[list[Record | Rejected], str]:
        """Up to `limit` records after `offset`, and the offset after them; what is not complete yet waits."""
        if offset != self._offset:
            self._close_all()
            self._places, self._before = read(offset)
        out: list[Record | Rejected] = []
        for place, path in self._look(out):
            if len(out) >= limit:
                break
            self._read_file(place, path, limit - len(out), out)
        kept, self._before = bounded(self._places.values(), self._before)
        self._places = {place.inode: place for place in kept}
        self._offset = written(kept, self._before)
        return out, self._offset

    def close(self) -> None:
        """Let go of the open files."""
        self._close_all()

    def _look(self, out: list[Record | Rejected]) -> list[tuple[Place, Path]]:
        """The files that have something to read, each with its place; oldest change first."""
        found: dict[int, tuple[Path, os.stat_result]] = {}
        for path in find(self._pattern):
            told = _stat(path)
            if told and told.st_ino not in found:
                found[told.st_ino] = (path, told)
        self._follow(found)
        places: dict[int, Place] = {}
        waiting = []
        for inode, (path, told) in sorted(found.items(), key=lambda item: (item[1][1].st_ctime_ns, str(item[1][0]))):
            known = self._places.get(inode)
            if known is None and told.st_ctime_ns <= self._before:
                continue
            if known and known.done and (known.size, known.changed) == (told.st_size, told.st_ctime_ns):
                places[inode] = known
                continue
            place = self._placed(path, told, known, out)
            if place:
                places[inode] = place
                waiting.append((place, path))
        for inode in self._open.keys() - places.keys():
            self._open.pop(inode).close()
        self._places = places
        return waiting

    def _follow(self, found: dict[int, tuple[Path, os.stat_result]]) -> None:
        """A file that was renamed out of the pattern is read to its end under its new name, in the same folder."""
        lost = {inode: place for inode, place in self._places.items() if inode not in found and not place.done}
        for folder in {Path(place.path).parent for place in lost.values()}:
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                told = _stat(path)
                if told and told.st_ino in lost:
                    found[told.st_ino] = (path, told)

    def _placed(
        self, path: Path, told: os.stat_result, known: Place | None, out: list[Record | Rejected]
    ) -> Place | None:
        """Where to go on: the known place of the same file, else that of the file it copies, else the start."""
        try:
            packing, head = _head(path)
        except OSError as error:
            if str(path) not in self._refused and len(self._refused) < _MAX_FOUND:
                self._refused.add(str(path))
                detail = f"cannot be read: {error.strerror}"
                out.append(Rejected(self._source, 0, "unreadable", detail, b"", self._clock(), str(path)))
            return None
        if known and known.print.fits(head) and not (packing == "plain" and told.st_size < known.mark.at):
            return replace(known, done=False, print=print_of(head))
        if told.st_ino in self._open:
            self._open.pop(told.st_ino).close()
        others = [place for inode, place in self._places.items() if inode != told.st_ino]
        inherited = copied(head, str(path), told.st_ino, others) if known is None else None
        return inherited or Place(str(path), told.st_ino, print_of(head))

    def _read_file(self, place: Place, path: Path, limit: int, out: list[Record | Rejected]) -> None:
        told = _stat(path)
        if told is None:
            return
        try:
            cursor = self._open.pop(place.inode, None) or _Cursor(path, framing_of(self._source), place)
            stale = str(path) != place.path and self._clock() - told.st_mtime_ns // 1_000_000 > _ROTATED_MS
            limit += len(out)
            while len(out) < limit and (taken := cursor.take(limit - len(out), stale)):
                received = self._clock()
                hint = _hint(self._source, str(path), received)
                out.extend(_records(taken[1], taken[0], self._source, hint, received, self._claim))
        except OSError:
            return
        self._places[place.inode] = replace(
            place,
            mark=cursor.mark,
            skip=cursor.skip,
            number=cursor.number,
            size=told.st_size,
            done=cursor.at_end,
            changed=told.st_ctime_ns,
        )
        self._keep(place.inode, cursor)

    def _keep(self, inode: int, cursor: _Cursor) -> None:
        if cursor.at_end and cursor.packing != "plain":
            cursor.close()
            return
        self._open[inode] = cursor
        while len(self._open) > MAX_OPEN:
            self._open.pop(next(iter(self._open))).close()

    def _close_all(self) -> None:
        for cursor in self._open.values():
            cursor.close()
        self._open.clear()


class _Cursor:
    """One open file being read. `mark`, `skip` and `number` are its place after what was taken."""

    def __init__(self, path: Path, framing: Framing, place: Place) -> None:
        self._file = path.open("rb", buffering=0)
        first = self._file.read(_READ_BYTES)
        self.packing: Packing = packing_of(first)
        self.mark = place.mark
        self.number = place.number
        self.at_end = False
        self._pieces: list[Piece] = []
        self._taken = 0
        self._drop = place.skip
        self._texts: Iterator[bytes | Broken] | None = None
        header = b""
        if self.packing == "plain":
            if place.mark.header >= 0:
                self._file.seek(place.mark.header)
                header = self._file.read(_HEADER_BYTES)
            self._file.seek(place.mark.at)
        else:
            header = self._unpack(first, place.mark)
        self._splitter = Splitter(framing, place.mark, header)

    @property
    def skip(self) -> int:
        """How many pieces after the mark were taken."""
        return self._taken + self._drop

    def take(self, limit: int, last: bool) -> tuple[int, list[Piece]] | None:
        """The number of the next record and up to `limit` pieces; None at the end. `last`: nothing will be added."""
        while self._taken >= len(self._pieces):
            self.number += len(self._pieces)
            self._pieces, self._taken = [], 0
            self.mark = self._splitter.mark
            more = self._more(last)
            if more is None:
                self.at_end = True
                return None
            self.at_end = False
            self._pieces = more
            self._taken = min(self._drop, len(more))
            self._drop -= self._taken
        first = self._taken
        part = self._pieces[first : first + limit]
        self._taken += len(part)
        if self._taken == len(self._pieces):
            self.number += self._taken
            self.mark = self._splitter.mark
            number, self._pieces, self._taken = self.number - len(part) + 1, [], 0
            return number, part
        return self.number + first + 1, part

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _more(self, last: bool) -> list[Piece] | None:
        if self._texts is not None:
            text = next(self._texts, None)
            if text is None:
                return self._splitter.close() or None
            return self._splitter.feed(text) if isinstance(text, bytes) else [*self._splitter.close(), text]
        chunk = self._file.read(CHUNK)
        if chunk:
            return self._splitter.feed(chunk)
        return (self._splitter.close() if last else self._splitter.settle()) or None

    def _unpack(self, first: bytes, mark: Mark) -> bytes:
        """Go to the mark by unpacking what is before it; gives the table's header when there is one."""
        texts = unpacked(self.packing, _chunks(self._file, first))
        before, header = 0, b""
        for text in texts:
            if not isinstance(text, bytes):
                self._texts = chain((text,), texts)
                return header
            start = mark.header - before
            if mark.header >= 0 and -len(header) <= start < len(text):
                header = (header + text[max(start, 0) :])[:_HEADER_BYTES]
            before += len(text)
            if before > mark.at:
                rest = text[len(text) - (before - mark.at) :]
                self._texts = chain((rest,), texts)
                return header
        self._texts = iter(())
        return header


def _stat(path: Path) -> os.stat_result | None:
    """What is known of a regular file; None for anything else."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told if stat.S_ISREG(told.st_mode) else None


def _head(path: Path) -> tuple[Packing, bytes]:
    """How a file is packed, and what its text begins with."""
    with path.open("rb", buffering=0) as file:
        first = file.read(_HEADER_BYTES)
        packing = packing_of(first)
        if packing == "evtx":
            first += file.read(_EVENT_LOG_BYTES)
    text = b""
    for part in unpacked(packing, (first,)):
        text += part if isinstance(part, bytes) else b""
        if len(text) >= PRINTED_BYTES:
            break
    return packing, text[:PRINTED_BYTES]
