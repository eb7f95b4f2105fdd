"""Files that grow, rotate and come and go: every record once, in bounded memory, whatever happens between two reads."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.files import places
from collectors.files.source import FileIntake, read_paths
from yunshao.errors import WrongUse
from yunshao.model.event import NOBODY, Owner, Record, Rejected

SOURCE = "aws.cloudtrail"
CLAIM = Owner("health", "register", "small")


def clock() -> int:
    """A moment long after every file was written."""
    return 4_000_000_000_000


def line(number: int) -> bytes:
    """One record, without its newline."""
    return orjson.dumps({"eventName": "x", "number": number, "pad": "p" * 50})


def numbers(records: list[Record | Rejected]) -> list[int]:
    """The numbers of the records read; refusals must not be among them."""
    return [orjson.loads(record.raw)["number"] for record in records if isinstance(record, Record)]


class Reader:
    """Reads an intake as the runner does: every read starts from the offset that was committed last."""

    def __init__(self, pattern: Path | str, source: str = SOURCE) -> None:
        self.pattern = str(pattern)
        self.source = source
        self.offset = ""
        self.intake = self.fresh()

    def fresh(self) -> FileIntake:
        """As after a restart."""
        return FileIntake("trail", self.source, self.pattern, CLAIM, clock)

    def restart(self) -> None:
        """Everything in memory is lost."""
        self.intake.close()
        self.intake = self.fresh()

    def take(self, limit: int = 1000) -> list[Record | Rejected]:
        """Read and commit."""
        records, self.offset = self.intake.read(self.offset, limit)
        assert len(records) <= limit
        return records

    def all(self, limit: int = 1000) -> list[Record | Rejected]:
        """Read until nothing comes."""
        found: list[Record | Rejected] = []
        while some := self.take(limit):
            found += some
        return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that does not exist yet."""
    return tmp_path / "app.log"


def append(path: Path, *parts: bytes) -> None:
    with path.open("ab") as file:
        file.writelines(parts)


def lines(*which: int) -> bytes:
    return b"".join(line(number) + b"\n" for number in which)


def test_a_growing_file_gives_each_record_once(log: Path) -> None:
    reader = Reader(log)
    assert reader.take() == []
    append(log, lines(1, 2))
    assert numbers(reader.take()) == [1, 2]
    assert reader.take() == []
    append(log, lines(3))
    records = reader.take()
    assert numbers(records) == [3]
    (record,) = records
    assert isinstance(record, Record)
    assert (record.position, record.hint, record.claim, record.source) == (3, str(log), CLAIM, SOURCE)


def test_half_a_line_waits_for_the_rest(log: Path) -> None:
    reader = Reader(log)
    append(log, lines(1), line(2)[:20])
    assert numbers(reader.all()) == [1]
    append(log, line(2)[20:], b"\n")
    assert numbers(reader.all()) == [2]


def test_a_restart_goes_on_where_the_commit_was(log: Path) -> None:
    reader = Reader(log)
    append(log, lines(*range(100)))
    assert numbers(reader.take(30)) == list(range(30))
    reader.restart()
    assert numbers(reader.all(7)) == list(range(30, 100))


def test_what_was_read_but_not_committed_comes_again(log: Path) -> None:
    reader = Reader(log)
    append(log, lines(1, 2, 3))
    first, _ = reader.intake.read("", 2)
    again, _ = reader.intake.read("", 2)
    assert first == again


def test_a_renamed_file_is_finished_and_its_follower_read(log: Path) -> None:
    reader = Reader(log)
    append(log, lines(1, 2))
    assert numbers(reader.take(1)) == [1]
    log.rename(log.with_suffix(".log.1"))
    append(log, lines(3))
    reader.restart()
    assert sorted(numbers(reader.all())) == [2, 3]


def test_a_renamed_file_within_the_pattern_is_not_read_again(tmp_path: Path, log: Path) -> None:
    reader = Reader(tmp_path)
    append(log, lines(1, 2))
    assert numbers(reader.all()) == [1, 2]
    log.rename(tmp_path / "app.log.1")
    append(log, lines(3))
    assert numbers(reader.all()) == [3]


def test_copying_and_truncating_reads_nothing_twice(tmp_path: Path, log: Path) -> None:
    reader = Reader(tmp_path)
    append(log, lines(*range(40)))
    assert len(numbers(reader.all())) == 40
    shutil.copy(log, tmp_path / "app.log.1")
    log.write_bytes(b"")
    assert reader.all() == []
    append(log, lines(41))
    assert numbers(reader.all()) == [41]


def test_a_truncated_file_that_grew_beyond_the_old_place_is_read_anew(log: Path) -> None:
    reader = Reader(log)
    append(log, lines(1, 2))
    assert numbers(reader.all()) == [1, 2]
    log.write_bytes(lines(*range(10, 20)))
    assert numbers(reader.all()) == list(range(10, 20))


def test_a_rotated_file_that_is_packed_is_not_read_again(tmp_path: Path, log: Path) -> None:
    reader = Reader(tmp_path)
    append(log, lines(*range(40)))
    assert len(numbers(reader.all())) == 40
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    assert reader.all() == []


def test_a_packed_file_is_read_once_and_resumed_in_its_middle(tmp_path: Path) -> None:
    path = tmp_path / "trail.json.gz"
    path.write_bytes(gzip.compress(b'{"Records":[' + b",".join(map(line, range(500))) + b"]}"))
    reader = Reader(tmp_path)
    found = numbers(reader.take(123))
    reader.restart()
    found += numbers(reader.all(50))
    assert found == list(range(500))
    reader.restart()
    assert reader.all() == []


def test_a_packed_file_that_ends_too_soon_gives_what_was_readable(tmp_path: Path) -> None:
    whole = gzip.compress(lines(*range(2000)))
    (tmp_path / "trail.gz").write_bytes(whole[: len(whole) // 2])
    found = Reader(tmp_path).all()
    refused = [record for record in found if isinstance(record, Rejected)]
    assert refused[-1].reason == "truncated_gzip"
    good = [record for record in found if isinstance(record, Record)]
    assert len(good) > 500
    assert numbers(found[: len(good) - 1]) == list(range(len(good) - 1))


def test_a_wrapper_without_a_newline_is_taken(tmp_path: Path) -> None:
    (tmp_path / "trail.json").write_bytes(b'{"Records":[' + line(1) + b"," + line(2) + b"]}")
    assert numbers(Reader(tmp_path).all()) == [1, 2]


def test_new_files_in_new_folders_are_noticed(tmp_path: Path) -> None:
    reader = Reader(str(tmp_path / "**" / "*.json"))
    assert reader.all() == []
    (tmp_path / "2026" / "01").mkdir(parents=True)
    (tmp_path / "2026" / "01" / "a.json").write_bytes(lines(1))
    (tmp_path / "b.json").write_bytes(lines(2))
    (tmp_path / "c.txt").write_bytes(lines(3))
    assert sorted(numbers(reader.all())) == [1, 2]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.json").write_bytes(lines(1))
    (inside / "link.json").symlink_to(outside / "secret.json")
    (inside / "folder").symlink_to(outside, target_is_directory=True)
    (inside / "real.json").write_bytes(lines(2))
    assert numbers(Reader(inside).all()) == [2]
    assert numbers(Reader(str(inside / "**" / "*.json")).all()) == [2]


def test_pipes_and_hidden_files_are_left(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / ".hidden.json").write_bytes(lines(1))
    (tmp_path / "seen.json").write_bytes(lines(2))
    assert numbers(Reader(tmp_path).all()) == [2]


def test_a_zeek_table_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    header = b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n"
    path.write_bytes(header + b"1767323045.0\tC1\n")
    reader = Reader(path, "zeek")
    assert len(reader.all()) == 1
    reader.restart()
    append(path, b"1767323046.0\tC2\n")
    (record,) = reader.all()
    assert isinstance(record, Record)
    assert orjson.loads(record.raw) == {"_path": "conn", "ts": 1767323046.0, "uid": "C2"}
    assert record.position == 2


@pytest.mark.parametrize("offset", ["", "nonsense", "[]", "{}", '{"files":[[1]]}', '{"files":1}', "\0"])
def test_an_offset_that_is_none_starts_anew(log: Path, offset: str) -> None:
    append(log, lines(1))
    records, _ = FileIntake("trail", SOURCE, str(log), NOBODY, clock).read(offset, 10)
    assert numbers(records) == [1]


def test_the_offset_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_FILES", 10)
    reader = Reader(tmp_path)
    seen: list[int] = []
    for number in range(60):
        (tmp_path / f"{number:03d}.json").write_bytes(lines(number))
        if number % 7 == 0:
            reader.restart()
        seen += numbers(reader.all())
    assert seen == list(range(60))
    assert len(reader.offset) < 3000


STEPS = st.lists(
    st.sampled_from(["append", "append", "half", "rename", "truncate", "read", "read", "read one", "restart"]),
    max_size=25,
)


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_any_life_of_a_log_gives_every_record_once(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("life")
    log = folder / "app.log"
    reader, written, seen, pending, turn = Reader(folder), 0, [], b"", 0
    for step in [*steps, "read", "append", "read"]:
        if step in ("append", "half"):
            whole = line(written) + b"\n"
            append(log, pending, whole if step == "append" else whole[:30])
            pending = b"" if step == "append" else whole[30:]
            written += 1
        elif step in ("rename", "truncate") and log.exists() and not pending:
            turn += 1
            seen += numbers(reader.all())
            if step == "rename":
                log.rename(folder / f"app.log.{turn}")
            else:
                shutil.copy(log, folder / f"app.log.{turn}")
                log.write_bytes(b"")
        elif step.startswith("read"):
            seen += numbers(reader.take(1) if step == "read one" else reader.all())
        elif step == "restart":
            reader.restart()
    seen += numbers(reader.all())
    assert sorted(seen) == list(range(written))
    reader.intake.close()


def test_read_paths_takes_files_folders_and_patterns_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(lines(2))
    (tmp_path / "a.json").write_bytes(lines(1))
    (tmp_path / "utf16.json").write_bytes((line(3) + b"\n").decode().encode("utf-16"))
    assert numbers(list(read_paths([tmp_path], SOURCE, clock))) == [1, 2, 3]
    assert numbers(list(read_paths([tmp_path / "b.json", str(tmp_path / "a*")], SOURCE, clock))) == [2, 1]


def test_read_paths_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no such file"):
        list(read_paths([tmp_path / "none.json"], SOURCE, clock))


def test_read_paths_numbers_the_records_of_each_file(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(lines(1) + b"junk\n" + lines(2))
    found = [(Path(record.hint).name, record.position) for record in read_paths([tmp_path], SOURCE, clock)]
    assert found == [("a.json", 1), ("a.json", 2), ("a.json", 3), ("b.json", 1), ("b.json", 2), ("b.json", 3)]


def test_read_paths_tells_of_a_truncated_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"Records":[' + b",".join(map(line, range(2000))) + b"]}")
    (tmp_path / "a.json.gz").write_bytes(whole[:-200])
    found = list(read_paths([tmp_path], SOURCE, clock))
    assert isinstance(found[-1], Rejected)
    assert found[-1].reason == "truncated_gzip"
    assert found[-1].position == len(found)
