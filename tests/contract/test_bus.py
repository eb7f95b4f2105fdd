"""The door for pushed records: run over the fake and over the spool; and what only a disk can do wrong."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yunshao.adapters.buses.memory import MemoryBus
from yunshao.adapters.buses.spool import Spool
from yunshao.errors import Unreachable, WrongUse
from yunshao.model.event import NOBODY, Owner, Record, Rejected


@pytest.fixture(params=["memory", "spool"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryBus | Spool:
    return MemoryBus() if request.param == "memory" else Spool(tmp_path)


def drain(bus: MemoryBus | Spool, limit: int = 3, offset: str = "") -> tuple[list[Record | Rejected], str]:
    intake, found = bus.intake(), []
    while True:
        part, offset = intake.read(offset, limit)
        if not part:
            return found, offset
        assert len(part) <= limit
        found += part


def raws(found: list[Record | Rejected]) -> list[bytes]:
    return [record.raw for record in found]


def test_what_was_appended_is_read_in_order(bus: MemoryBus | Spool) -> None:
    bus.append("syslog", [b"a", b"", b"\x00\xff\n"], 7, "10.0.0.1:514")
    bus.append("zeek", [b"b"], 8)
    found, _ = drain(bus)
    assert found == [
        Record("syslog", b"a", 1, 7, "10.0.0.1:514", NOBODY),
        Record("syslog", b"", 2, 7, "10.0.0.1:514", NOBODY),
        Record("syslog", b"\x00\xff\n", 3, 7, "10.0.0.1:514", NOBODY),
        Record("zeek", b"b", 4, 8, "", NOBODY),
    ]


def test_reading_goes_on_from_an_offset(bus: MemoryBus | Spool) -> None:
    bus.append("zeek", [b"a", b"b", b"c"], 1)
    intake = bus.intake(name="door")
    assert intake.name == "door"
    _, offset = intake.read("", 2)
    part, offset = intake.read(offset, 2)
    assert raws(part) == [b"c"]
    bus.append("zeek", [b"d"], 1)
    part, offset = intake.read(offset, 2)
    assert [(record.raw, record.position) for record in part] == [(b"d", 4)]
    assert intake.read(offset, 2) == ([], offset)


def test_reading_again_from_an_offset_gives_the_same(bus: MemoryBus | Spool) -> None:
    bus.append("zeek", [b"a", b"b", b"c"], 1)
    intake = bus.intake()
    _, offset = intake.read("", 1)
    assert intake.read(offset, 5) == intake.read(offset, 5)


def test_a_claim_gives_the_owner_of_a_source(bus: MemoryBus | Spool) -> None:
    bus.append("zeek", [b"a"], 1)
    bus.append("syslog", [b"b"], 1)
    found, _ = bus.intake({"zeek": Owner("metro")}).read("", 9)
    assert [record.claim for record in found if isinstance(record, Record)] == [Owner("metro"), NOBODY]


def test_many_threads_lose_nothing(bus: MemoryBus | Spool) -> None:
    def push(name: int) -> None:
        for number in range(25):
            bus.append("zeek", [f"{name}-{number}".encode()], 1)

    threads = [threading.Thread(target=push, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found, _ = drain(bus, 50)
    assert sorted(raws(found)) == sorted(f"{name}-{number}".encode() for name in range(8) for number in range(25))


# What only a disk can do wrong


def test_a_new_process_reads_on(tmp_path: Path) -> None:
    Spool(tmp_path).append("zeek", [b"a", b"b"], 1)
    _, offset = Spool(tmp_path).intake().read("", 1)
    again = Spool(tmp_path)
    again.append("zeek", [b"c"], 1)
    assert raws(drain(again, offset=offset)[0]) == [b"b", b"c"]


def test_segments_are_rotated_and_deleted_when_they_are_committed(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=200)
    for number in range(30):
        spool.append("zeek", [b"%02d" % number + b"x" * 30], 1)
    assert len(spool.segments()) > 5
    found, offset = drain(spool, 4)
    assert [record.raw[:2] for record in found] == [b"%02d" % number for number in range(30)]
    assert len(spool.segments()) == 1
    assert spool.waiting() == 0
    spool.append("zeek", [b"more"], 1)
    assert spool.waiting() > 0
    assert raws(drain(spool, offset=offset)[0]) == [b"more"]


def test_a_record_larger_than_a_read_passes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    large = os.urandom(9 << 20)
    spool.append("zeek", [b"a", large, b"b"], 1)
    assert raws(drain(spool)[0]) == [b"a", large, b"b"]
    with pytest.raises(WrongUse):
        spool.append("zeek", [b"x" * (17 << 20)], 1)


@pytest.mark.parametrize("cut", [1, 5, 9, 20])
def test_a_torn_tail_is_stepped_over(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path)
    spool.append("zeek", [b"a", b"torn"], 1)
    path = next(tmp_path.glob("*.spool"))
    os.truncate(path, path.stat().st_size - cut)
    again = Spool(tmp_path)
    found, offset = drain(again)
    assert raws(found) == [b"a"]
    again.append("zeek", [b"b"], 1)
    assert raws(drain(again, offset=offset)[0]) == [b"b"]


def test_zeros_behind_the_last_frame_are_a_torn_tail(tmp_path: Path) -> None:
    Spool(tmp_path).append("zeek", [b"a"], 1)
    with next(tmp_path.glob("*.spool")).open("ab") as file:
        file.write(bytes(4096))
    again = Spool(tmp_path)
    again.append("zeek", [b"b"], 1)
    assert raws(drain(again)[0]) == [b"a", b"b"]


def test_damage_within_is_one_rejection_and_what_comes_after_is_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("zeek", [b"first", b"damaged", b"behind"], 1)
    path = next(tmp_path.glob("*.spool"))
    path.write_bytes(path.read_bytes().replace(b"damaged", b"dXmaged"))
    found, offset = drain(spool)
    assert found[0].raw == b"first"
    assert isinstance(found[1], Rejected)
    assert found[1].reason == "spool_damaged"
    spool.append("zeek", [b"after"], 1)
    assert raws(drain(spool, offset=offset)[0]) == [b"after"]


def test_a_spool_that_was_deleted_begins_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append("zeek", [b"a"] * 50, 1)
    _, offset = drain(spool)
    spool.close()
    for path in (tmp_path / "spool").iterdir():
        path.unlink()
    again = Spool(tmp_path / "spool")
    again.append("zeek", [b"b"], 1)
    assert raws(drain(again, offset=offset)[0]) == [b"b"]


def test_segments_that_were_deleted_alone_do_not_hide_what_comes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("zeek", [b"a"] * 50, 1)
    _, offset = drain(spool)
    next(tmp_path.glob("*.spool")).unlink()
    again = Spool(tmp_path)
    again.intake().read(offset, 1)
    again.append("zeek", [b"b"], 1)
    assert raws(drain(again, offset=offset)[0]) == [b"b"]


def test_a_full_spool_says_so_and_takes_records_again_when_it_is_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=500, limit_bytes=2000)

    def fill() -> None:
        for _ in range(100):
            spool.append("zeek", [b"x" * 100], 1)

    with pytest.raises(Unreachable, match="full"):
        fill()
    found, offset = drain(spool)
    assert 10 < len(found) < 20
    spool.append("zeek", [b"y"], 1)
    assert raws(drain(spool, offset=offset)[0]) == [b"y"]


def _push(folder: Path, name: int) -> None:
    spool = Spool(folder, segment_bytes=3000)
    for number in range(60):
        spool.append("zeek", [f"{name}-{number}-{part}".encode() for part in range(3)], 1)


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    reader = Spool(tmp_path)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_push, args=(tmp_path, name)) for name in range(3)]
    for writer in writers:
        writer.start()
    intake, offset, found = reader.intake(), "", []
    while any(writer.is_alive() for writer in writers):
        part, offset = intake.read(offset, 20)
        found += part
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    found += drain(reader, offset=offset)[0]
    assert len(found) == 540
    assert set(raws(found)) == {f"{n}-{i}-{p}".encode() for n in range(3) for i in range(60) for p in range(3)}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=12), st.binary(max_size=60), st.integers(1, 5))
def test_any_bytes_behind_whole_frames_hide_none_of_them(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], tail: bytes, limit: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    Spool(folder).append("zeek", [*records, b"last"], 1)
    with next(folder.glob("*.spool")).open("ab") as file:
        file.write(tail)
    spool = Spool(folder)
    spool.append("zeek", [b"after"], 1)
    found = [record.raw for record in drain(spool, limit)[0] if isinstance(record, Record)]
    assert found == [*records, b"last", b"after"]
