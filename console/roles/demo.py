"""The demo: a city's workspace, its history as log files, and a live feed that goes on."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from console.wiring import Workspace, wall_clock
from playbooks.scenes import Line, demo_city, demo_estate, demo_history, demo_live, logs_of
from playbooks.scenes.city import City
from yunshao.errors import WrongUse

HISTORY_DAYS = 14
LEAD_MS = 90_000
LIVE_FILES = {
    "aws.cloudtrail": "logs/aws.cloudtrail/live.ndjson",
    "k8s.audit": "logs/k8s.audit/live.ndjson",
    "zeek": "logs/zeek/live.ndjson",
    "suricata.eve": "logs/suricata.eve/live.ndjson",
    "syslog": "logs/syslog/live.log",
}
SETTINGS = """# The workspace of the demo: every log below is made by `yunshao demo`.
language: zh
org: org.yaml
console: {port: 8440}
sources:
  - {name: cloudtrail, source: aws.cloudtrail, kind: file, path: logs/aws.cloudtrail}
  - {name: kubernetes, source: k8s.audit, kind: file, path: logs/k8s.audit}
  - {name: zeek, source: zeek, kind: file, path: logs/zeek}
  - {name: suricata, source: suricata.eve, kind: file, path: logs/suricata.eve}
  - {name: syslog, source: syslog, kind: file, path: logs/syslog}
  - {name: push, source: auto, kind: push}
schedule:
  - {playbook: city_risk_assessment, cron: "30 6 * * 1"}
"""
CLUSTER = re.compile(r'cluster: \{kafka: "([^"]+)", opensearch: "([^"]+)", prefix: [a-z0-9-]+, partitions: \d+\}\n')


def cluster_line(kafka: str, opensearch: str, prefix: str, partitions: int) -> str:
    """The line of the demo's settings that puts it on a cluster."""
    return f'cluster: {{kafka: "{kafka}", opensearch: "{opensearch}", prefix: {prefix}, partitions: {partitions}}}\n'


def named_cluster(folder: Path) -> tuple[str, str] | None:
    """Broker and node of a demo that was on a cluster before; None where there is none."""
    settings = folder / "yunshao.yaml"
    found = (
        CLUSTER.fullmatch(settings.read_text(encoding="utf-8").removeprefix(SETTINGS)) if settings.exists() else None
    )
    return (found[1], found[2]) if found else None


def make_city(folder: Path, seed: int, progress: Callable[[str, int], None], cluster: str = "") -> Workspace:
    """Write the demo's workspace with two weeks of logs that end now. Raises WrongUse over somebody's own workspace.

    `cluster`: `cluster_line`, for a demo on a cluster; where its engines have moved since, they are named anew.
    """
    settings = folder / "yunshao.yaml"
    if settings.exists():
        text = settings.read_text(encoding="utf-8")
        if text != SETTINGS + cluster and not (cluster and named_cluster(folder)):
            raise WrongUse("a workspace of somebody's own is there", "name another folder with --dir", str(folder))
        settings.write_text(SETTINGS + cluster, encoding="utf-8")
        return Workspace(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("rules", "playbooks"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
    lines = demo_history(demo_city(), seed, wall_clock() - LEAD_MS, HISTORY_DAYS)
    for count, (name, data) in enumerate(logs_of(lines), start=1):
        path = folder / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        progress("log files written", count)
    # The settings come last: a demo that was interrupted here begins again.
    settings.write_text(SETTINGS + cluster, encoding="utf-8")
    return Workspace(folder)


class Feed:
    """The city's life from now on: lines reach their log files when their time has come."""

    def __init__(self, folder: Path, city: City, seed: int) -> None:
        self._folder = folder
        self._lines = demo_live(city, seed, wall_clock())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin."""
        for name in LIVE_FILES.values():
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        for moment, batch in by_second(self._lines):
            wait = (moment - wall_clock()) / 1000
            if self._stop.wait(max(0.0, wait)):
                return
            for name, data in batch.items():
                with (self._folder / name).open("ab") as stream:
                    stream.write(data)


def by_second(lines: Iterator[Line]) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Live lines gathered by second: (its end in ms, file -> bytes)."""
    batch: dict[str, bytearray] = {}
    end = 0
    for line in lines:
        when = line.time
        if end and when >= end:
            yield end, {name: bytes(data) for name, data in batch.items()}
            batch = {}
        if not batch:
            end = when - when % 1000 + 1000
        name = LIVE_FILES[line.source]
        batch.setdefault(name, bytearray()).extend(line.raw.rstrip(b"\n") + b"\n")
