"""The door for pushed records, on disk: durable before `append` returns, gone when the store has committed them.

A spool is a row of segment files, each named by the number of bytes that went before it, so that a position is one
growing number. Frames are only ever appended, under a lock that other processes respect. A tail that a crash has
torn is left where it is: the next writer begins a new segment, and readers step over it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from yunshao.adapters.buses.frames import Damaged, Frame, Torn, encode, first_length, next_frame, whole_frames
from yunshao.errors import Unreachable
from yunshao.model.event import NOBODY, Owner, Record, Rejected

SEGMENT_BYTES = 64 << 20
LIMIT_BYTES = 8 << 30
READ_BYTES = 8 << 20
SUFFIX = ".spool"


class Place(NamedTuple):
    """Where a reader stands: which spool, how many bytes, how many records."""

    spool: str
    position: int
    records: int

    @classmethod
    def parse(cls, text: str) -> Place:
        """From an offset's text; the very beginning where it is none of ours."""
        spool, _, numbers = text.partition(":")
        position, _, count = numbers.partition(":")
        if position.isdecimal() and count.isdecimal():
            return cls(spool, int(position), int(count))
        return cls("", 0, 0)

    def __str__(self) -> str:
        return f"{self.spool}:{self.position}:{self.records}"


class Spool:
    """Any thread and several processes may append at once; those that append together share one flush to the disk."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._limit = limit_bytes
        self._writing = threading.Lock()
        self._flushing = threading.Lock()
        self._file: int | None = None
        self._base = 0
        self._end = 0
        self._durable = 0
        self._committed = 0
        with self._told():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.id = self._identity()

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """Keep these records. Raises Unreachable where the disk is full or the readers lag too far behind."""
        data = b"".join(encode(Frame(source, received, hint, raw)) for raw in records)
        if not data:
            return
        with self._told():
            with self._alone():
                end = self._write(data)
            self._flush(end)

    def intake(self, claims: Mapping[str, Owner] | None = None, name: str = "spool") -> SpoolIntake:
        """A reader; `claims` says by source whose its records are unless their content says so."""
        return SpoolIntake(self, dict(claims or {}), name)

    def waiting(self) -> int:
        """Bytes that are kept and not known to be committed."""
        segments = self.segments()
        return max(0, self._last_byte(segments) - max(self._committed, *segments[:1], 0))

    def close(self) -> None:
        """Close the files; what was appended stays."""
        with self._writing, self._flushing:
            for handle in (self._file, self._lock):
                if handle is not None and handle >= 0:
                    os.close(handle)
            # The numbers may be given to other files now: they must not be used again.
            self._file, self._lock = None, -1

    # For the reader.

    def segments(self) -> list[int]:
        """The first byte of each segment, in order."""
        return sorted(int(path.stem) for path in self._folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())

    def size(self, base: int) -> int:
        """Bytes in a segment; 0 where it is gone."""
        try:
            return self._path(base).stat().st_size
        except FileNotFoundError:
            return 0

    def bytes_at(self, base: int, position: int) -> bytes:
        """A stretch of a segment from `position` (counted as the whole spool is), on the disk for good.

        It holds at least one whole frame where one is written.
        """
        with self._told(), self._path(base).open("rb") as file:
            file.seek(position - base)
            data = file.read(READ_BYTES)
            if len(data) == READ_BYTES:
                data += file.read(max(0, first_length(data) - READ_BYTES))
            if position + len(data) > self._durable:
                # Its writer may be between write and flush, or dead: what is handed out must outlive a loss of power.
                os.fsync(file.fileno())
        return data

    def committed(self, position: int) -> None:
        """Everything before this position is in the store: segments that lie wholly before it are deleted."""
        self._committed = position
        segments = self.segments()
        for base, following in pairwise(segments):
            if following <= position:
                self._path(base).unlink(missing_ok=True)
        if position > self._last_byte(segments):
            # Somebody emptied the folder: positions go on from where the reader stands, never back.
            with self._told(), self._alone():
                self._begin(position)

    def step_over(self) -> None:
        """Begin a new segment, because the last one holds what nobody can read."""
        with self._told(), self._alone():
            self._find_end()
            self._begin(self._last_byte(self.segments()))

    def _last_byte(self, segments: Sequence[int]) -> int:
        return segments[-1] + self.size(segments[-1]) if segments else 0

    # Writing, under the lock.

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._writing:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _write(self, data: bytes) -> int:
        self._find_end()
        if self.waiting() + len(data) > self._limit:
            raise Unreachable(
                "the spool is full", "the pipeline lags or stands still: see `yunshao doctor`", str(self._folder)
            )
        if self._file is None or self._end - self._base + len(data) > self._segment_bytes:
            self._begin(self._end)
        # Where this fails halfway the tail stays: it may have been read already, and the next writer steps over it.
        view = memoryview(data)
        while view:
            view = view[os.write(self._file or -1, view) :]
        self._end += len(data)
        return self._end

    def _find_end(self) -> None:
        """Look whether another process has written, and step over a tail that was torn."""
        segments = self.segments()
        if not segments:
            self._begin(0)
            return
        last = segments[-1]
        if self._file is None or last != self._base:
            self._open(last)
            self._end = last
        size = self.size(last)
        if last + size != self._end:
            self._end = self._whole_until(last, self._end)
            if self._end != last + size:
                self._begin(last + size)

    def _whole_until(self, base: int, position: int) -> int:
        """The end of the whole frames from `position` on."""
        while True:
            data = self.bytes_at(base, position)
            _, end = whole_frames(data, 0, len(data))
            if not end:
                return position
            position += end

    def _begin(self, base: int) -> None:
        if not self._path(base).exists():
            self._path(base).touch(mode=0o600)
            handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(handle)
            os.close(handle)
        self._open(base)
        self._end = base

    def _open(self, base: int) -> None:
        with self._flushing:
            if self._file is not None:
                os.fsync(self._file)
                self._durable = max(self._durable, self._end)
                os.close(self._file)
            self._file = os.open(self._path(base), os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            self._base = base

    def _flush(self, end: int) -> None:
        """To the disk. Whoever waits here meanwhile finds that the one before has flushed for it too."""
        with self._flushing:
            if self._durable < end and self._file is not None:
                written = self._end
                os.fsync(self._file)
                self._durable = max(self._durable, written)

    def _identity(self) -> str:
        """Tells this spool from one that stood here before and was deleted: its positions mean nothing now."""
        path = self._folder / "id"
        with self._alone():
            if not path.exists() or not path.read_text(encoding="ascii"):
                path.write_text(secrets.token_hex(8), encoding="ascii")
            return path.read_text(encoding="ascii")

    def _path(self, base: int) -> Path:
        return self._folder / f"{base:020d}{SUFFIX}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unreachable(
                f"the spool cannot be used: {error.strerror}", "look at the disk", str(self._folder)
            ) from error


class SpoolIntake:
    """`ports.Intake` over a spool. What was read up to the given offset counts as committed."""

    def __init__(self, spool: Spool, claims: dict[str, Owner], name: str) -> None:
        self._spool = spool
        self._claims = claims
        self._stretch: tuple[int, bytes] = (0, b"")
        self.name = name

    def read(self, offset: str, limit: int) -> tuple[list[Record | Rejected], str]:
        """Up to `limit` records after `offset`, and the offset after them."""
        place = Place.parse(offset)
        if place.spool != self._spool.id:
            place = Place(self._spool.id, 0, 0)
        if place.position:
            self._spool.committed(place.position)
        found: list[Record | Rejected] = []
        segments = self._spool.segments()
        for base, following in zip(segments, [*segments[1:], None], strict=False):
            if following is None or place.position < following:
                place = self._read_segment(base, following, place, limit, found)
            if len(found) >= limit:
                break
        return found, str(place)

    def _read_segment(
        self, base: int, following: int | None, place: Place, limit: int, found: list[Record | Rejected]
    ) -> Place:
        position, count = max(place.position, base), place.records
        while len(found) < limit:
            frames, after = self._frames_at(base, position, limit - len(found))
            for frame in frames:
                count += 1
                found.append(self._record(frame, count))
            if after == position:
                position, left_over = self._end_of_segment(base, following, position, count + 1)
                count += len(left_over)
                found += left_over
                break
            position = after
        return Place(place.spool, position, count)

    def _frames_at(self, base: int, position: int, limit: int) -> tuple[list[Frame], int]:
        """Whole frames from `position` on, and where they end. A stretch that was read is used up before the next."""
        start, data = self._stretch
        if start <= position < start + len(data):
            frames, end = whole_frames(data, position - start, limit)
            if frames:
                return frames, start + end
        data = self._spool.bytes_at(base, position)
        self._stretch = (position, data)
        frames, end = whole_frames(data, 0, limit)
        return frames, position + end

    def _record(self, frame: Frame, count: int) -> Record:
        return Record(
            frame.source, frame.raw, count, frame.received, frame.hint, self._claims.get(frame.source, NOBODY)
        )

    def _end_of_segment(
        self, base: int, following: int | None, position: int, count: int
    ) -> tuple[int, list[Rejected]]:
        """Where to read on after the last whole frame, and what has to be said of the bytes behind it."""
        data = self._spool.bytes_at(base, position)
        damaged = False
        try:
            if data:
                next_frame(data, 0)
        except Torn:
            pass
        except Damaged:
            damaged = True
        if following is None and not damaged:
            return position, []
        if following is None:
            self._spool.step_over()
            following = next(other for other in self._spool.segments() if other > base)
        if not damaged:
            return following, []
        detail = f"{following - position} bytes of the spool do not match their checksum"
        return following, [Rejected("spool", count, "spool_damaged", detail, data[: 1 << 20], 0, self.name)]
