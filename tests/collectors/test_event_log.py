"""Event log files: whole, in pieces, cut off, damaged, and made to trap a reader."""

from __future__ import annotations

import gzip
import struct
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import shared_data

from collectors.files.content import packing_of, unpacked
from collectors.files.event_log import MAGIC, logged
from collectors.files.reading import Broken
from collectors.files.source import FileIntake
from yunshao.model.event import NOBODY

HEADER, CHUNK = 4096, 65536


@cache
def sample() -> bytes:
    """A real log of several chunks; skips where there is none."""
    with tarfile.open(shared_data("host/evtx-attack-samples.tar.xz")) as archive:
        for member in archive:
            if member.name.endswith(".evtx") and member.size >= HEADER + 2 * CHUNK:
                held = archive.extractfile(member)
                assert held
                found = held.read()
                if found[HEADER + CHUNK : HEADER + CHUNK + 8] == b"ElfChnk\0":
                    return found
    raise AssertionError("no log with two chunks")


def texts(pieces: Iterator[bytes | Broken]) -> tuple[list[bytes], list[str]]:
    """The lines, and the reasons of what could not be read."""
    found = list(pieces)
    lines = b"".join(piece for piece in found if isinstance(piece, bytes)).splitlines()
    return lines, [piece.reason for piece in found if isinstance(piece, Broken)]


def test_a_log_is_known_by_its_first_bytes() -> None:
    assert packing_of(MAGIC + b"rest") == "evtx"
    assert packing_of(b'{"ElfFile": 1}') == "plain"


def test_each_record_is_one_line_of_json() -> None:
    lines, broken = texts(logged([sample()]))
    assert not broken
    assert len(lines) > 10
    assert all("System" in orjson.loads(line)["Event"] for line in lines)


@pytest.mark.parametrize("step", [1000, 4096, 65536, 100_000])
def test_the_pieces_that_are_read_do_not_matter(step: int) -> None:
    data = sample()
    assert texts(logged(data[at : at + step] for at in range(0, len(data), step))) == texts(logged([data]))


def test_a_packed_log_is_read_as_well() -> None:
    packed = gzip.compress(sample())
    assert texts(unpacked(packing_of(packed), [packed])) == texts(logged([sample()]))


def test_of_a_log_that_was_cut_off_the_beginning_is_read() -> None:
    whole, _ = texts(logged([sample()]))
    lines, broken = texts(logged([sample()[: HEADER + CHUNK + 20_000]]))
    assert broken == ["truncated_evtx"]
    assert whole[: len(lines)] == lines
    assert lines


def test_a_chunk_that_is_damaged_costs_itself_only() -> None:
    data = bytearray(sample())
    data[HEADER : HEADER + 8] = b"ruined!!"
    whole, _ = texts(logged([sample()]))
    lines, broken = texts(logged([bytes(data)]))
    assert broken == ["bad_evtx"]
    assert lines == whole[len(whole) - len(lines) :]
    assert lines


@pytest.mark.parametrize("table", [128, 384])
def test_a_list_that_leads_back_into_itself_is_refused(table: int) -> None:
    data = bytearray(sample()[: HEADER + CHUNK])
    struct.pack_into("<I", data, HEADER + table, 600)
    struct.pack_into("<I", data, HEADER + 600, 600)
    assert texts(logged([bytes(data)])) == ([], ["bad_evtx"])


@pytest.mark.parametrize(
    "data", [b"", MAGIC, MAGIC + b"\0" * 5000, MAGIC + b"\0" * 4088 + b"ElfChnk\0" + b"\xff" * 70_000]
)
def test_what_is_no_log_ends_with_a_reason(data: bytes) -> None:
    lines, broken = texts(logged([data]))
    assert not lines
    assert broken in (["truncated_evtx"], ["bad_evtx"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(HEADER + 24, HEADER + 20_000), st.integers(0, 255)), min_size=1, max_size=30))
def test_any_damage_is_lines_or_a_reason(damage: list[tuple[int, int]]) -> None:
    data = bytearray(sample()[: HEADER + CHUNK])
    for at, value in damage:
        data[at] = value
    lines, _broken = texts(logged([bytes(data)]))
    assert all(orjson.loads(line) for line in lines)


def test_a_log_that_is_written_to_gives_each_record_once(tmp_path: Path) -> None:
    path = tmp_path / "Security.evtx"
    path.write_bytes(sample()[: HEADER + CHUNK])
    intake = FileIntake("logs", "windows.event", str(tmp_path), NOBODY, lambda: 0)
    first, offset = intake.read("", 10_000)
    again, offset = intake.read(offset, 10_000)
    path.write_bytes(sample())
    rest, offset = FileIntake("logs", "windows.event", str(tmp_path), NOBODY, lambda: 0).read(offset, 10_000)
    whole, _ = texts(logged([sample()]))
    assert first
    assert not again
    assert [record.raw for record in (*first, *rest)] == whole
    assert [record.position for record in (*first, *rest)] == list(range(1, len(whole) + 1))
