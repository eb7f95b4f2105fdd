"""Processes of the product that can be killed, and a workspace on a cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from yunshao.settings import ClusterSettings

SETTINGS = """language: en
org: org.yaml
detect: {{{detect}}}
sources: {sources}
cluster: {cluster}
"""


def workspace(
    folder: Path, cluster: ClusterSettings, org: str, detect: str = "lateness: 120", files: tuple[str, ...] = ()
) -> Path:
    """A workspace whose engines are these. `files`: sources that are read from `logs/SOURCE.log`."""
    folder.mkdir(parents=True)
    for name in ("rules", "playbooks", "logs"):
        (folder / name).mkdir()
    (folder / "org.yaml").write_text(org, encoding="utf-8")
    sources = [
        {"name": name, "source": name, "kind": "file", "path": str(folder / "logs" / f"{name}.log")} for name in files
    ]
    text = SETTINGS.format(detect=detect, sources=json.dumps(sources), cluster=json.dumps(cluster.model_dump()))
    (folder / "yunshao.yaml").write_text(text, encoding="utf-8")
    return folder


class Process:
    """One of our commands, with its log."""

    def __init__(self, log: Path, words: list[str], more: dict[str, str]) -> None:
        self.log = log
        self._words = words
        self._more = more
        self.process = self._begin()
        self.starts = 1

    def _begin(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._from = log.tell()
            return subprocess.Popen(
                [sys.executable, "-m", *self._words], stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self._more, "PYTHONUTF8": "1"},
            )  # fmt: skip

    def again(self) -> None:
        """Started anew, as a supervisor does, if it ended."""
        if self.process.poll() is not None:
            self.process = self._begin()
            self.starts += 1

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    @property
    def said_in_this_life(self) -> str:
        return self.log.read_bytes()[self._from :].decode("utf-8", "replace")

    @property
    def resident(self) -> int:
        """Bytes of memory that it holds now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def processor_seconds(self) -> float:
        """Of the living process."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def alive(self) -> None:
        assert self.process.poll() is None, self.said[-3000:]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self, seconds: float = 30) -> int:
        """Gracefully; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def wait_for(self, words: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while words not in self.said:
            self.alive()
            assert time.monotonic() < end, self.said[-3000:]
            time.sleep(0.1)


class WorkerProcess(Process):
    """A worker on a workspace, as `faust -A … worker` starts it: at once, because `yunshao worker` looks twice."""

    def __init__(self, place: Path, name: str) -> None:
        words = ["faust", "-A", "console.roles.faust_app", "worker", "--loglevel", "info", "--without-web"]
        more = {"YUNSHAO_WORKSPACE": str(place), "YUNSHAO_WORKER": name}
        super().__init__(place / f"{name}.log", words, more)


class CommandProcess(Process):
    """A command of `yunshao` on a workspace."""

    def __init__(self, place: Path, *words: str) -> None:
        super().__init__(place / f"{words[0]}.log", ["console.cli.main", *words, "-w", str(place)], {})
