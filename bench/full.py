"""The whole way of an event, from a line in a file to a committed segment, and what its parts take."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.detect import CLOUDTRAIL, parse_seconds
from bench.lines import write
from collectors.catalog import PARSERS, guess
from collectors.files.source import FileIntake, read_paths
from console.wiring import settled, wall_clock
from detectors.catalog import library
from detectors.learners import learners
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.model import Loaded
from streams.pipeline import Rooms, notice_all, understand_each
from streams.run_embedded import Embedded
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.model.event import NOBODY, Event
from yunshao.ports import Batch

ROUNDS, COUNT, BATCH, USUAL = 5, 50_000, 5_000, 20_000
Row = dict[str, object]


def rows(folder: Path, loaded: Loaded, whose: str) -> list[Row]:
    """The full path against bare parsing as rates, medians of paired rounds; then its parts, each by itself."""
    path = write(folder / "full.ndjson", COUNT)
    rooms = Rooms(PARSERS, [SigmaDetector(loaded)], lambda _event, claim: claim, guess)
    settled()
    pairs = [(parse_seconds(path), _full_seconds(path, rooms)) for _ in range(ROUNDS + 1)][1:]
    ratios = sorted(bare / whole for bare, whole in pairs)
    parts = _parts(write(folder / "part.ndjson", BATCH), rooms)
    return [
        {
            "what": f"full path (OCSF, owner, match, Parquet, commit) / orjson.loads, {len(loaded.rules):,} rules {whose}",
            "value": f"{ratios[len(ratios) // 2]:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})",
            "goal": "0.2 or more",
            "beside": f"{COUNT / min(p[0] for p in pairs):,.0f}/s against {COUNT / min(p[1] for p in pairs):,.0f}/s",
        },
        {
            "what": "what the time of the full path goes to, in units of bare parsing",
            "value": "; ".join(f"{name} {times:.1f}" for name, times in parts.items()),
            "goal": "",
            "beside": "each part by itself, the least of some rounds",
        },
        usual(folder),
    ]  # fmt: skip


def usual(folder: Path) -> Row:
    """The full path with what `up` has by itself: the library, its correlations, both detectors of the unusual."""
    path = write(folder / "usual.ndjson", USUAL)
    rooms = Rooms(PARSERS, [SigmaDetector(library()), *learners()], lambda _event, claim: claim, guess)
    settled()
    pairs = [(parse_seconds(path), _full_seconds(path, rooms, USUAL)) for _ in range(3)]
    ratios = sorted(bare / whole for bare, whole in pairs)
    return {
        "what": "the same with the library and the detectors of the unusual, every event by an actor never seen before",
        "value": f"{ratios[1]:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})",
        "goal": "none",
        "beside": f"{USUAL / min(p[1] for p in pairs):,.0f}/s",
    }


def _full_seconds(path: Path, rooms: Rooms, count: int = COUNT) -> float:
    """Processor seconds from the file to the last commit, rules loaded, into a store that is empty at first."""
    with tempfile.TemporaryDirectory() as name, closing(SqliteStore(Path(name))) as store:
        intake = FileIntake("file", CLOUDTRAIL, str(path), NOBODY, wall_clock)
        runner = Embedded(rooms, store, [intake], wall_clock, BATCH)
        started = time.process_time()
        while runner.turn().records:
            pass
        spent = time.process_time() - started
        counted = store.sources()[0]
        assert counted["received"] == counted["processed"] == count, counted
    return spent


def _parts(path: Path, rooms: Rooms) -> dict[str, float]:
    records = list(read_paths([path], CLOUDTRAIL, wall_clock))

    def understood() -> list[Event]:
        return [event for event in understand_each(rooms, records) if isinstance(event, Event)]

    events = understood()
    derive = PARSERS[CLOUDTRAIL].normalise
    bare = _least(lambda: parse_seconds(path))
    found = {
        "read": _least(lambda: sum(1 for _ in read_paths([path], CLOUDTRAIL, wall_clock))),
        "decode and identify": _least(understood),
        "match": _least(lambda: [notice_all(rooms, events[at : at + 64]) and None for at in range(0, len(events), 64)]),
        "OCSF": _least(lambda: [derive(event.native, event) and None for event in events]),  # type: ignore[arg-type]
        "columns, Parquet and commit": _commit_seconds(events),
    }  # fmt: skip
    return {name: seconds / bare for name, seconds in found.items()}


def _commit_seconds(events: list[Event]) -> float:
    """One commit of events whose OCSF form is known, packed in pieces, into a store that is empty."""
    for event in events:
        _ = event.ocsf
    spent = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as name, closing(SqliteStore(Path(name))) as store:
            started = time.process_time()
            fresh = store.fresh(events)
            packed = [store.pack(fresh[at : at + 64]) for at in range(0, len(fresh), 64)]
            store.commit(Batch(packed=packed, received={CLOUDTRAIL: len(events)}))
            spent.append(time.process_time() - started)
    return min(spent)


def _least(work: Callable[[], Any], rounds: int = 5) -> float:
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)
