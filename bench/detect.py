"""`detect` against bare `orjson.loads` over the same lines, and its memory over a million events."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import orjson

from bench.lines import write
from collectors.catalog import PARSERS
from collectors.files.source import read_envelopes
from console.wiring import settled, wall_clock
from detectors.catalog import library
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_folders
from detectors.sigma.model import Loaded
from detectors.sigma.route import sources_of
from streams.offline import detect
from streams.pipeline import Rooms

ROUNDS = 5
CLOUDTRAIL = "aws.cloudtrail"
TREE = Path(__file__).resolve().parents[2] / "shared" / "data" / "sigma" / "sigma-rules.tar.gz"
RULES = 50


def parse_seconds(path: Path) -> float:
    """Processor seconds of reading the lines and parsing each."""
    started = time.process_time()
    with path.open("rb") as stream:
        for line in stream:
            orjson.loads(line)
    return time.process_time() - started


def detect_seconds(path: Path, rooms: Rooms, source: str = CLOUDTRAIL) -> float:
    """Processor seconds of the whole of `detect` on the file, rules loaded."""
    settled()
    started = time.process_time()
    for _ in detect(rooms, read_envelopes([path], source, wall_clock), lambda _: None):
        pass
    return time.process_time() - started


def fifty(folder: Path) -> tuple[Loaded, str]:
    """Fifty rules for CloudTrail: of the public Sigma tree where it lies beside the project, else of our library."""
    if TREE.exists():
        with tarfile.open(TREE) as tree:
            members = [one for one in tree.getmembers() if "/cloud/aws/" in one.name and one.name.endswith(".yml")]
            tree.extractall(folder / "sigma", members, filter="data")
        loaded, whose = load_folders([folder / "sigma"]), "of the public Sigma tree"
    else:
        loaded, whose = library(), "of the library"
    counted = {name for one in loaded.correlations for name in one.rules}
    rules = [one for one in loaded.rules if CLOUDTRAIL in sources_of(one.logsource) and one.id not in counted]
    return replace(loaded, rules=type(loaded.rules)(rules[:RULES]), correlations=type(loaded.correlations)()), whose


def ratio(folder: Path, loaded: Loaded, what: str, count: int = 100_000) -> dict[str, object]:
    """detect / orjson as rates, medians of paired rounds; the first round of each only warms up."""
    path = write(folder / "trail.ndjson", count)
    rooms = Rooms(PARSERS, [SigmaDetector(loaded)], lambda _event, claim: claim)
    pairs = [(parse_seconds(path), detect_seconds(path, rooms)) for _ in range(ROUNDS + 1)][1:]
    ratios = sorted(bare / whole for bare, whole in pairs)
    return {
        "what": f"detect / orjson.loads, {count:,} fresh CloudTrail events, {what}",
        "value": f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        "goal": "0.25 or more",
        "beside": f"{count / min(p[0] for p in pairs):,.0f}/s against {count / min(p[1] for p in pairs):,.0f}/s",
    }


def ratios(folder: Path) -> list[dict[str, object]]:
    """With fifty rules, and with everything that ships, correlations too."""
    some, whose = fifty(folder)
    everything = library()
    used = sum(CLOUDTRAIL in sources_of(rule.logsource) for rule in everything.rules)
    all_of_it = f"the whole library ({used} rules for the source, {len(everything.correlations)} correlations)"
    return [
        ratio(folder, some, f"{len(some.rules)} rules {whose}"),
        ratio(folder, everything, all_of_it, 30_000) | {"goal": "none stated"},
    ]


def memory(folder: Path, count: int = 1_000_000) -> dict[str, object]:
    """The largest resident size of `yunshao detect` over a million events, as its own process."""
    path = write(folder / "million.ndjson", count)
    command = [sys.executable, "-m", "bench.peak", "detect", "--source", "aws.cloudtrail", str(path)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    peak = float(done.stderr.split()[-1])
    path.unlink()
    return {
        "what": f"memory of detect over {count:,} events",
        "value": f"{peak:,.0f} MiB",
        "goal": "under 400 MiB",
        "beside": "",
    }
