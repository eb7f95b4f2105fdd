"""The engine against bare parsing: a whole Sigma tree on cloud logs and on Windows processes, loading, memory, peers."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from bench import full, lines, windows
from bench.detect import CLOUDTRAIL, detect_seconds, parse_seconds
from collectors.catalog import PARSERS
from console.rule_cache import load_cached
from detectors.catalog import library
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_folders
from detectors.sigma.match import Matcher
from detectors.sigma.model import Loaded, Rule
from detectors.sigma.route import sources_of
from streams.pipeline import Rooms
from yunshao.model.event import Event, Identity

TREE = Path(__file__).resolve().parents[2] / "shared" / "data" / "sigma" / "sigma-rules.tar.gz"
PARTS = ("rules/", "rules-emerging-threats/", "rules-threat-hunting/")
WINDOWS = "windows.event"
ROUNDS = 5
EVERYTHING = "905d389b-b853-46d0-9d3d-dea0d3a3cd49"
"""A public rule that fires on whatever an assumed role does: with it a measure of alerts, without it of matching."""
Row = dict[str, Any]


def tree(folder: Path) -> list[Path]:
    """The public Sigma tree unpacked; nothing where it does not lie beside the project."""
    if not TREE.exists():
        return []
    with tarfile.open(TREE) as pack:
        members = [one for one in pack.getmembers() if one.isfile() and one.name.removeprefix("./").startswith(PARTS)]
        pack.extractall(folder / "tree", members, filter="data")
    return [folder / "tree" / part for part in PARTS]


def rows(folder: Path) -> list[Row]:
    """Every figure of the engine."""
    paths = tree(folder)
    whose = "of the public Sigma tree" if paths else "of the library (the public tree is not beside the project)"
    loaded = load_folders(paths) if paths else library()
    quiet = _with(loaded, [rule for rule in loaded.rules if rule.id != EVERYTHING])
    cloud, hosts = lines.write(folder / "trail.ndjson", 100_000), windows.write(folder / "hosts.ndjson", 20_000)
    found = [*_loading(folder, paths)] if paths else []
    found += _rates(cloud, hosts, loaded, quiet, whose)
    found += [*full.rows(folder, quiet, whose), _candidates(quiet), _groups()]
    if paths:
        found += _rsigma(folder, paths, cloud, hosts, quiet)
    return found


def _with(loaded: Loaded, rules: list[Rule]) -> Loaded:
    return replace(loaded, rules=tuple(rules), correlations=())


def _rates(cloud: Path, hosts: Path, loaded: Loaded, quiet: Loaded, whose: str) -> list[Row]:
    own = [rule for rule in quiet.rules if CLOUDTRAIL in sources_of(rule.logsource)]
    thirty = _with(quiet, own[:30])
    total = f"{len(quiet.rules):,} rules {whose}"
    return [
        _ratio(cloud, CLOUDTRAIL, quiet, f"{total} ({len(own)} read CloudTrail), fresh CloudTrail lines", "0.35 or more"),
        _ratio(cloud, CLOUDTRAIL, _with(loaded, list(loaded.rules)), "the same with one rule that fires on every line", "none"),
        _ratio(cloud, CLOUDTRAIL, thirty, "30 rules, fresh CloudTrail lines", "the 3,000-rule rate is at least 0.8 of this"),
        _ratio(hosts, WINDOWS, quiet, f"{total}, fresh Windows process events", "0.07 or more"),
    ]  # fmt: skip


def _ratio(path: Path, source: str, loaded: Loaded, what: str, goal: str) -> Row:
    """From disk to alerts against bare parsing of the same lines, as rates; medians of paired rounds."""
    if source not in PARSERS:
        return {"what": what, "value": f"{source} has no parser", "goal": goal, "beside": ""}
    count = sum(1 for _ in path.open("rb"))
    rooms = Rooms(PARSERS, [SigmaDetector(loaded)], lambda _event, claim: claim)
    detect_seconds(path, rooms, source)
    pairs = [(parse_seconds(path), detect_seconds(path, rooms, source)) for _ in range(ROUNDS)]
    ratios = sorted(bare / whole for bare, whole in pairs)
    return {
        "what": f"detect / orjson.loads, {what}",
        "value": f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        "goal": goal,
        "beside": f"{count / min(p[0] for p in pairs):,.0f}/s against {count / min(p[1] for p in pairs):,.0f}/s",
    }


def _candidates(loaded: Loaded) -> Row:
    """How many rules are tried on an event."""
    matcher, chance = Matcher(loaded.rules), random.Random(3)

    def tried(source: str, make: Callable[[random.Random, int], dict[str, object]]) -> int:
        counts = sorted(
            matcher.candidates(Event(source, "u", 0, orjson.loads(orjson.dumps(make(chance, number))), _no_form))
            for number in range(2_000)
        )
        return counts[int(0.95 * len(counts))]

    cloud, hosts = tried(CLOUDTRAIL, lines.event), tried(WINDOWS, windows.event)
    return {
        "what": f"rules tried on an event, p95, of {len(loaded.rules):,}",
        "value": f"CloudTrail {cloud}, Windows processes {hosts}",
        "goal": "1 % or less on cloud logs",
        "beside": f"{cloud / len(loaded.rules):.2%}, {hosts / len(loaded.rules):.2%}",
    }


def _no_form(_native: dict[str, Any], _identity: Identity) -> dict[str, Any]:
    return {}


def _loading(folder: Path, paths: list[Path]) -> list[Row]:
    """Seconds of the processor to load the tree from its files, and from the cache."""
    before, os.environ["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME"), str(folder / "cache")
    try:
        spent = []
        for _ in range(4):
            started = time.process_time()
            count = len(load_cached(paths).rules)
            spent.append(time.process_time() - started)
    finally:
        del os.environ["XDG_CACHE_HOME"]
        if before is not None:
            os.environ["XDG_CACHE_HOME"] = before
    return [
        {"what": f"loading {count:,} rules", "value": f"{spent[0]:.1f} s", "goal": "under 5 s", "beside": "from YAML"},
        {"what": "the same again", "value": f"{min(spent[1:]):.2f} s", "goal": "under 0.5 s", "beside": "from the cache"},
    ]  # fmt: skip


GROUPS = """
import json, sys
from pathlib import Path
from bench.engine import TREE, tree
from bench.peak import peak
from collectors.catalog import PARSERS
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_folders, load_texts
from streams.offline import detect
from streams.pipeline import Rooms
from yunshao.model.event import Record
import tempfile
BASE = '''title: Base
id: 11111111-1111-4111-8111-111111111111
name: base
logsource: {product: aws, service: cloudtrail}
detection: {s: {eventName: GetObject}, condition: s}
---
title: Many
id: 22222222-2222-4222-8222-222222222222
correlation: {type: event_count, rules: [base], group-by: [sourceIPAddress], timespan: 1d, condition: {gte: 3}}
'''
with tempfile.TemporaryDirectory() as name:
    own = load_texts([("own.yml", BASE.encode())], {})
    loaded = load_folders(tree(Path(name))) + own if TREE.exists() else own
    records = (
        Record("aws.cloudtrail", json.dumps({"eventName": "GetObject", "eventID": f"e{n}", "awsRegion": "r",
               "eventSource": "s3.amazonaws.com", "eventTime": f"2026-03-02T{n // 12000:02}:00:00Z",
               "sourceIPAddress": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"}).encode(), n, 0)
        for n in range(100_000)
    )
    alerts = sum(1 for _ in detect(Rooms(PARSERS, [SigmaDetector(loaded)], lambda _e, claim: claim), records))
print(peak(), len(loaded.rules), alerts)
"""


def _groups() -> Row:
    """The largest resident size of a process with all rules and a hundred thousand live correlation groups."""
    done = subprocess.run([sys.executable, "-c", GROUPS], check=True, capture_output=True, text=True)
    peak, rules, _alerts = done.stdout.split()
    return {
        "what": f"memory with {int(rules):,} rules and 100,000 live correlation groups",
        "value": f"{float(peak):,.0f} MiB",
        "goal": "under 500 MiB",
        "beside": "",
    }


def _rsigma(folder: Path, paths: list[Path], cloud: Path, hosts: Path, quiet: Loaded) -> list[Row]:
    """The Rust engine on the same lines and rules, where its command is installed (`cargo install rsigma`)."""
    command = shutil.which("rsigma")
    if command is None:
        return [{"what": "rsigma on the same lines", "value": "not installed", "goal": "optional", "beside": ""}]
    together = folder / "together"
    for path in paths:
        shutil.copytree(path, together / path.name)
    for each in together.rglob("*.yml"):
        if EVERYTHING.encode() in each.read_bytes():
            each.unlink()
    aws = together / "rules" / "cloud" / "aws"
    found = []
    for what, rules, path, source, goal in (
        ("all rules, CloudTrail", together, cloud, CLOUDTRAIL, "8 times or more"),
        ("the AWS rules, CloudTrail", aws, cloud, CLOUDTRAIL, "1.5 times or more"),
        ("all rules, Windows processes", together, hosts, WINDOWS, "1 or more"),
    ):
        if not rules.exists():
            continue
        ours = Rooms(PARSERS, [SigmaDetector(_with(quiet, list(load_folders([rules]).rules)))], lambda _e, claim: claim)
        detect_seconds(path, ours, source)
        mine, theirs = (
            detect_seconds(path, ours, source),
            _peer_seconds([command, "engine", "eval", "-r", str(rules)], path),
        )
        found.append(
            {"what": f"rate against rsigma, {what}", "value": f"{theirs / mine:.1f}", "goal": goal,
             "beside": f"{mine:.1f} s against {theirs:.1f} s of the processor"}
        )  # fmt: skip
    return found


def _peer_seconds(command: list[str], path: Path) -> float:
    """Processor seconds of a command that reads the lines, less those of the same command without lines."""

    def run(source: Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with source.open("rb") as stream:
            subprocess.run(command, stdin=stream, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    empty = path.with_suffix(".empty")
    empty.write_bytes(json.dumps({"eventName": "nothing"}).encode() + b"\n")
    return max(1e-9, run(path) - run(empty))
