"""What only the embedded store can do wrong: files, transactions, threads, versions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from contract.samples import NOON, alert, event

from yunshao.adapters.stores import hunting, ledger, packing, segments, stream
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.adapters.stores.schema import STEPS
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.errors import BadConfiguration, NotFound, Unreachable, WrongUse
from yunshao.model.alert import AlertQuery, acknowledge
from yunshao.model.event import EventRef, Rejected, native_digest
from yunshao.ports import Batch, Store

DAY = 86_400_000


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("events/day=*/*"))


def fill(store: SqliteStore, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        store.commit(Batch(events=[event(f"e{number}", time=NOON + number)]))


def test_a_new_process_finds_everything(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    raised = alert(event("a"))
    store.commit(
        Batch(events=[event("a")], alerts=[raised], offsets={"file": "1"}, memories={("s", "k"): ({"n": 1}, 5)})
    )
    store.close()
    again = SqliteStore(tmp_path)
    assert again.fresh([event("a"), event("b")])[0].uid == "b"
    assert again.alert(raised.id) == raised
    assert (again.offset("file"), again.memory("s", "k"), again.due(9)) == ("1", {"n": 1}, [("s", "k", 5)])
    assert again.evidence(raised.id)[0].native == {"id": "a"}


def test_an_event_is_in_the_file_of_its_day(tmp_path: Path) -> None:
    SqliteStore(tmp_path).commit(Batch(events=[event("a"), event("b", time=NOON + DAY)]))
    assert [path.parent.name for path in files(tmp_path)] == ["day=2026-01-01", "day=2026-01-02"]


def test_times_that_no_clock_explains_share_one_file(tmp_path: Path) -> None:
    odd = [event(f"o{year}", time=NOON + year * 365 * DAY) for year in range(-56, 973) if year not in (-1, 0)]
    store = SqliteStore(tmp_path)
    store.commit(Batch(events=[*odd, event("a")]))
    assert [path.parent.name for path in files(tmp_path)] == ["day=2026-01-01", "day=odd"]
    assert store.event(odd[-1].ref).uid == "o972"


def test_a_batch_over_many_days_makes_a_bounded_number_of_files(tmp_path: Path) -> None:
    events = [event(f"e{day}", time=NOON - day * DAY) for day in range(300)]
    store = SqliteStore(tmp_path)
    store.commit(Batch(events=events))
    assert len(files(tmp_path)) == packing.MAX_DAYS + 1
    assert store.event(events[299].ref).uid == "e299"
    assert sum(store.count_events("source", 0, NOON + 1).values()) == 300


def test_a_file_that_no_transaction_listed_is_deleted_by_the_next_writer(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    fill(store, 1)
    store.close()
    stray = files(tmp_path)[0].with_name("stray.parquet")
    torn = stray.with_name(".torn.tmp")
    for path in (stray, torn):
        path.write_bytes(b"PAR1")
    again = SqliteStore(tmp_path)
    assert again.hunt("SELECT count(*) AS n FROM events") == [{"n": 1}]
    assert stray.exists(), "a reader deletes nothing: a writer may be at work"
    fill(again, 1, start=1)
    assert not stray.exists()
    assert not torn.exists()
    assert len(files(tmp_path)) == 2


def test_many_events_that_are_much_alike_are_no_small_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A million of them lie in eight megabytes, and cannot be put in order in the memory that there is.
    monkeypatch.setattr(segments, "MANY", 2)
    monkeypatch.setattr(segments, "SMALL_EVENTS", 4)
    monkeypatch.setattr(segments, "MAX_MERGED_EVENTS", 8)
    store = SqliteStore(tmp_path)
    for number in range(30):
        store.commit(Batch(events=[event(f"a{number}", time=NOON + number)]))
    listed = store._db.rows("SELECT events FROM segment WHERE retired IS NULL")
    assert max(count for (count,) in listed) <= 8
    assert store.hunt("SELECT count(*) AS n FROM events") == [{"n": 30}]


def test_files_that_cannot_be_merged_keep_nothing_from_being_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(segments, "MANY", 2)
    clock = [NOON]
    store = SqliteStore(tmp_path, lambda: clock[0])
    fill(store, 2)
    whole = files(tmp_path)[0].read_bytes()
    broken = files(tmp_path)[0]
    broken.write_bytes(b"PAR1 no more")
    for number in (2, 3):
        assert store.commit(Batch(events=[event(f"e{number}", time=NOON + number)])) == []
    assert len([one for one in caplog.records if "cannot be merged" in one.message]) == 1
    broken.write_bytes(whole)
    clock[0] += stream.TIDY_AGAIN_MS
    fill(store, 1, start=4)
    assert store.hunt("SELECT count(*) AS n FROM events") == [{"n": 5}]
    assert store._db.row("SELECT count(*) FROM segment WHERE retired IS NULL") == (1,)


def test_a_batch_that_is_refused_leaves_no_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    fill(store, 1)
    with pytest.raises(WrongUse):
        store.commit(Batch(events=[event("e0"), event("other")]))
    assert len(files(tmp_path)) == 1


def test_a_disk_that_cannot_be_written_is_unreachable_and_changes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    (tmp_path / "events" / "day=2026-01-01").write_bytes(b"in the way")
    with pytest.raises(Unreachable):
        store.commit(Batch(events=[event("a")], offsets={"file": "1"}))
    assert store.offset("file") == ""
    (tmp_path / "events" / "day=2026-01-01").unlink()
    store.commit(Batch(events=[event("a")], offsets={"file": "1"}))
    assert store.offset("file") == "1"


def test_small_files_are_merged_and_every_event_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MANY", 4)
    clock = [NOON]
    store = SqliteStore(tmp_path, lambda: clock[0])
    fill(store, 5)
    assert store.hunt("SELECT count(*) AS n, count(DISTINCT uid) AS d FROM events") == [{"n": 5, "d": 5}]
    assert len(files(tmp_path)) == 6, "a reader may still have the old ones open"
    clock[0] += segments.RETIRED_FOR + 1
    fill(store, 4, start=5)
    assert len(files(tmp_path)) == 1 + 4 + 1
    assert store.hunt("SELECT count(*) AS n, min(time) AS a FROM events") == [{"n": 9, "a": NOON}]
    for number in range(9):
        assert store.event(EventRef("aws.cloudtrail", f"e{number}", NOON + number)).native == {"id": f"e{number}"}


def test_a_crash_while_merging_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MANY", 2)

    def stop(*_: object) -> list[str]:
        raise KeyboardInterrupt

    store = SqliteStore(tmp_path)
    fill(store, 2)
    with monkeypatch.context() as patch:
        patch.setattr(stream.segments, "swap", stop)
        with pytest.raises(KeyboardInterrupt):
            fill(store, 1, start=2)
    assert store.hunt("SELECT count(*) AS n FROM events") == [{"n": 3}]
    fill(store, 1, start=3)
    assert store.hunt("SELECT count(*) AS n, count(DISTINCT uid) AS d FROM events") == [{"n": 4, "d": 4}]


def test_dead_letters_are_bounded_in_number_and_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path)
    monkeypatch.setattr(ledger, "MAX_REJECTS", 5)
    for number in range(8):
        store.commit(Batch(rejected=[Rejected("s", number, "r", "", b"x", NOON)], received={"s": 1}))
    assert [found.position for _, found in store.rejects()] == [7, 6, 5, 4, 3]
    monkeypatch.setattr(ledger, "MAX_REJECT_BYTES", 250)
    for number in range(8, 12):
        store.commit(Batch(rejected=[Rejected("s", number, "r", "", b"x" * 100, NOON)], received={"s": 1}))
    assert [found.position for _, found in store.rejects()] == [11, 10]
    assert store.sources()[0]["rejected"] == 12


def test_the_ledger_is_kept_per_minute(tmp_path: Path) -> None:
    clock = [NOON]
    store = SqliteStore(tmp_path, lambda: clock[0])
    store.commit(Batch(events=[event("a")], received={"aws.cloudtrail": 1}))
    clock[0] += 59_999
    store.commit(Batch(events=[event("b")], received={"aws.cloudtrail": 1}))
    clock[0] += 1
    store.commit(Batch(received={"aws.cloudtrail": 1}, repeated={"aws.cloudtrail": 1}))
    rows = store.ledger(NOON, NOON + DAY)
    assert [(row["minute"] - NOON, row["received"], row["processed"], row["repeated"]) for row in rows] == [
        (0, 2, 2, 0),
        (60_000, 1, 0, 1),
    ]


@pytest.mark.parametrize("make", [SqliteStore, lambda _folder: MemoryStore()], ids=["sqlite", "memory"])
def test_a_drills_events_are_in_no_figure_and_in_the_ledger(tmp_path: Path, make: Callable[[Path], Store]) -> None:
    store, forged = make(tmp_path), event("forged", time=NOON + 2)
    sent, real, other = event("sent", time=NOON + 9), event("real", time=NOON + 1), event("x", source="zeek")
    for one, digest in ((sent, native_digest(sent.native)), (forged, "0" * 64), (other, native_digest(other.native))):
        store.register("drill-1", [(one.source, one.uid, digest, NOON)])
    packed = store.pack([sent, real])
    received = {"aws.cloudtrail": 3, "zeek": 1}
    store.commit(Batch(events=[forged, other], packed=[packed], received=received))
    (row,) = store.sources()
    assert [row[name] for name in ("source", "received", "processed", "last_event")] == [
        "aws.cloudtrail",
        2,
        2,
        NOON + 2,
    ]
    # Whole hours are counted apart from what is looked for in files.
    for until in (NOON + 5 * 3_600_000, NOON + 100):
        assert store.count_events("source", NOON, until) == {"aws.cloudtrail": 2}
    assert sum(one["received"] for one in store.ledger(0, 1 << 60)) == 4
    assert store.drill_of([sent.ref], {}) == store.drill_of([other.ref], {}) == "drill-1"
    assert store.drill_of([forged.ref], {}) == ""
    assert store.event(sent.ref).uid == "sent"


def test_two_processes_triage_while_one_commits(tmp_path: Path) -> None:
    pipeline, console = SqliteStore(tmp_path), SqliteStore(tmp_path)
    raised = alert(event("a"))
    pipeline.commit(Batch(events=[event("a")], alerts=[raised]))
    console.change_alert(raised.id, lambda found: acknowledge(found, "wang", NOON))
    pipeline.commit(Batch(events=[event("b")], alerts=[raised]))
    assert (pipeline.alert(raised.id).status, pipeline.alert(raised.id).count) == ("acknowledged", 2)


def test_threads_change_one_alert_one_after_the_other(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    raised = alert(event("a"))
    store.commit(Batch(alerts=[raised]))

    def work(name: int) -> None:
        for number in range(10):
            store.change("count", "c", lambda found: {"n": (found or {"n": 0})["n"] + 1})
            store.note(f"t{name}", "count", str(number))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("count", "c") == {"n": 40}
    assert len(store.trail()) == 40


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.close()
    with pytest.raises(Unreachable):
        store.offset("file")


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "yunshao.db") as connection:
        connection.execute(f"PRAGMA user_version={len(STEPS) + 1}")
    with pytest.raises(BadConfiguration, match="newer"):
        SqliteStore(tmp_path)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "yunshao.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unreachable):
        SqliteStore(tmp_path)


def test_a_question_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunting, "SECONDS", 0.3)
    store = SqliteStore(tmp_path)
    with pytest.raises(WrongUse, match="not answered"):
        store.hunt("SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3")


def test_a_question_that_wants_too_much_memory_is_stopped(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    with pytest.raises(WrongUse):
        store.hunt("SELECT list(range) AS x FROM range(500000000)")


def test_evidence_of_a_segment_that_is_gone_is_what_is_left(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    fill(store, 1)
    raised = alert(event("e0", time=NOON), event("other", time=NOON))
    store.commit(Batch(events=[event("other")], alerts=[raised, alert(event("gone", time=5), rule="r2")]))
    assert [found.uid for found in store.evidence(raised.id)] == ["e0", "other"]
    nothing = store.alerts(AlertQuery(rule="r2"))[0]
    assert store.evidence(nothing.id) == []
    with pytest.raises(NotFound):
        store.event(EventRef("aws.cloudtrail", "gone", 5))


def test_a_store_of_the_first_version_keeps_its_alerts_and_their_evidence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "yunshao.db", isolation_level=None) as old:
        old.execute("CREATE TABLE migration(version INTEGER PRIMARY KEY, at INTEGER NOT NULL)")
        for statement in STEPS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version=1")
        row = (1, "a" * 32, 1, "", "new", "high", "metro", "r", "ops7", "", NOON, NOON)
        old.execute(f"INSERT INTO alert VALUES ({', '.join('?' * len(row))})", row)
        old.execute("INSERT INTO alert_body VALUES (1, ?, 'words')", (OLD_BODY,))
        old.execute(
            "INSERT INTO alert_evidence VALUES (1, 0, 'zeek', 'e', ?, 'metro', '', '', '{}', '{\"n\":1}')", (NOON,)
        )
    old.close()
    store = SqliteStore(tmp_path)
    (kept,) = store.alerts(AlertQuery(snoozed="no", at=NOON))
    assert (kept.level, kept.count, kept.first, kept.last, kept.events) == ("high", 1, NOON, NOON, kept.finding.events)
    assert store.evidence(kept.id)[0].native == {"n": 1}


OLD_BODY = orjson.dumps(
    {
        "id": "a" * 32, "detected": NOON, "status": "new", "assignee": "", "verdict": "", "drill": "", "deeds": [],
        "finding": {
            "rule_id": "r", "rule_name": "r", "title": {"zh": "r", "en": "r"}, "level": "high", "time": NOON,
            "entity": "ops7", "events": [["zeek", "e", NOON]], "owner": ["metro", "", ""],
            "why": {"zh": "r", "en": "r"}, "kind": "rule", "techniques": [], "facts": {}, "triage": {}, "weakness": "",
        },
    }
).decode()  # fmt: skip
