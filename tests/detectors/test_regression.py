"""The public rules on the events that they were made for, through the reader, the parser and the detector."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from flow.cli import yunshao
from shared_data import shared_data

from collectors.catalog import PARSERS
from collectors.files.source import read_paths
from detectors.replay import replay
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_texts
from yunshao.model.event import Event, Record

RECEIVED = 1_767_323_045_000
WINDOWS, DEVICES = "windows.event", "syslog"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the events, and the rules that are expected to fire under their ids."""
    folder = tmp_path_factory.mktemp("regression")
    with tarfile.open(shared_data("sigma/regression-dev.tar.xz")) as archive:
        archive.extractall(folder, filter="data")
    wanted = {rule for entry in index_of(folder) for rule in entry["rules"]}
    (folder / "chosen").mkdir()
    for rule, text in rules_by_id().items():
        if rule in wanted:
            (folder / "chosen" / f"{rule}.yml").write_bytes(text)
    return folder


@cache
def rules_by_id() -> dict[str, bytes]:
    """The text of every public rule by its id."""
    found = {}
    with tarfile.open(shared_data("sigma/sigma-rules.tar.gz")) as archive:
        for member in archive:
            held = archive.extractfile(member) if member.isfile() and member.name.endswith(".yml") else None
            text = held.read() if held else b""
            if "/deprecated/" not in member.name and (line := text.partition(b"\nid: ")[2].split(b"\n", 1)[0]):
                found[line.strip().decode()] = text
    return found


def index_of(folder: Path) -> list[dict]:
    return json.loads(next(folder.rglob("index.json")).read_text(encoding="utf-8"))


def events_of(path: Path) -> Iterator[Event]:
    """The events of a file as the product reads them; a record that is refused fails the test."""
    source = DEVICES if path.suffix == ".raw" else WINDOWS
    parser = PARSERS[source]
    for record in read_paths([path], source, lambda: RECEIVED):
        assert isinstance(record, Record), record
        native = parser.decode(record.raw, record.hint)
        identity = parser.identify(native)
        yield Event(source, identity.uid, identity.time, native, parser.normalise)


def fired_by(detector: SigmaDetector, path: Path) -> Counter[str]:
    return Counter(finding.rule_id for finding in replay(detector, events_of(path)))


@pytest.fixture(scope="module")
def detector(unpacked: Path) -> SigmaDetector:
    texts = [(path.name, path.read_bytes()) for path in sorted((unpacked / "chosen").iterdir())]
    loaded = load_texts(texts, {})
    assert not loaded.refused
    return SigmaDetector(loaded)


@pytest.mark.parametrize("ending", [".json", ".evtx"])
def test_each_expected_rule_fires_on_its_events(unpacked: Path, detector: SigmaDetector, ending: str) -> None:
    missed, fired, events = [], 0, 0
    for entry in index_of(unpacked):
        folder = unpacked / entry["dir"]
        if not folder.exists():
            folder = next(unpacked.rglob(Path(entry["dir"]).name))
        files = [path for path in sorted(folder.iterdir()) if path.suffix in (ending, ".raw")]
        found = sum((fired_by(detector, path) for path in files), Counter[str]())
        missed += [(rule, str(folder)) for rule in entry["rules"] if rule not in found]
        fired += sum(rule in found for rule in entry["rules"])
        events += len(files)
    print(f"{fired} rules fire on the events of {events} {ending} files, {len(missed)} do not")  # noqa: T201
    assert fired >= 100
    assert not missed


def test_the_rules_fire_at_least_as_often_as_their_authors_counted(unpacked: Path, detector: SigmaDetector) -> None:
    other, counted = [], 0
    for info in sorted(unpacked.rglob("info.yml")):
        told = yaml.safe_load(info.read_text(encoding="utf-8"))
        rules = {each["id"] for each in told["rule_metadata"]}
        for test in told.get("regression_tests_info") or ():
            path = info.parent / Path(test["path"]).name
            if "match_count" in test and path.suffix == ".evtx":
                counted += 1
                found = fired_by(detector, path)
                if sum(found[rule] for rule in rules) < test["match_count"]:
                    other.append((path.name, test["match_count"], dict(found)))
    print(f"{counted} files have a count, {len(other)} fall short")  # noqa: T201
    assert counted > 50
    assert not other


@pytest.mark.parametrize("ending", ["evtx", "json"])
def test_the_command_line_finds_the_same(unpacked: Path, ending: str) -> None:
    entries = [entry for entry in index_of(unpacked) if entry["tests"]][::25]
    files = [path for entry in entries for path in unpacked.rglob(f"{Path(entry['dir']).name}/*.{ending}")]
    done = yunshao("detect", "--rules", unpacked / "chosen", "--source", WINDOWS, "--format", "ndjson", *files)
    assert done.code == 0, done.err
    assert {rule for entry in entries for rule in entry["rules"]} <= {row["rule_id"] for row in done.rows}
