"""A bundle as a zip file: bytes that depend on the content alone, and unpacking that no file can hurt."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
MAX_BUNDLE = 1 << 30
MAX_FILE = 512 << 20
MAX_TOTAL = 1 << 30
MAX_FILES = 2000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a bundle: a stable code, the name of the part, and words."""

    code: str
    name: str
    text: str


def is_safe(name: str) -> bool:
    """A relative path of plain segments: no drive, no backslash, no way up, nothing hidden in it."""
    parts = name.split("/")
    return (
        0 < len(name) <= 200
        and name.isprintable()
        and not any(part in {"", ".", ".."} for part in parts)
        and not any(character in name for character in "\\:\0")
    )


def pack(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip whose bytes depend on its content alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts:
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def unpack(data: bytes, problems: list[Problem]) -> dict[str, bytes]:
    """The parts in their order in the file; what cannot be read is left out and named."""
    if len(data) > MAX_BUNDLE:
        problems.append(Problem("too_large", "", f"the bundle is larger than {MAX_BUNDLE} bytes"))
        return {}
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        ValueError,
        OSError,
        EOFError,
        NotImplementedError,
        OverflowError,
    ):
        problems.append(Problem("not_a_bundle", "", "not a zip file, or it was cut off"))
        return {}
    except (IndexError, RuntimeError, UnicodeError, MemoryError):
        problems.append(Problem("not_a_bundle", "", "a damaged zip file"))
        return {}
    _check_frame(data, archive, problems)
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        problems.append(Problem("too_many", "", f"more than {MAX_FILES} files"))
        return {}
    return _read_all(archive, entries, problems)


def _check_frame(data: bytes, archive: zipfile.ZipFile, problems: list[Problem]) -> None:
    """Nothing may stand before or after the archive, or in its comment: another reader could take that for content."""
    if archive.comment:
        problems.append(Problem("foreign_bytes", "", "the zip file carries a comment"))
    if not data.startswith(b"PK\x03\x04") or data[-22:-18] != b"PK\x05\x06":
        problems.append(Problem("foreign_bytes", "", "there are bytes around the zip file"))


def _read_all(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], problems: list[Problem]
) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        name = entry.filename
        shown = ascii(name)[1:-1]
        if not is_safe(name) or stat.S_ISLNK(entry.external_attr >> 16):
            problems.append(Problem("unsafe_name", shown, "a name that leaves the folder, or a link"))
            continue
        if name in parts:
            problems.append(Problem("duplicate", shown, "the name is in the zip file twice"))
            continue
        content = _read(archive, entry, min(MAX_FILE, MAX_TOTAL - total), problems)
        if content is not None:
            total += len(content)
            parts[name] = content
    return parts


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int, problems: list[Problem]) -> bytes | None:
    """One part, unpacked no further than there is room."""
    shown = ascii(entry.filename)[1:-1]
    try:
        with archive.open(entry) as stream:
            content = stream.read(room + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
    ):
        problems.append(Problem("unreadable", shown, "the part is damaged or cut off"))
        return None
    if len(content) > room:
        problems.append(Problem("too_large", shown, "unpacks to more than a bundle may hold"))
        return None
    return content
