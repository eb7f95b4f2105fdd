"""Workers as processes that can be killed, and a workspace on a cluster."""

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
detect: {{lateness: 120}}
cluster: {cluster}
"""
ORG = "units: []\n"


def workspace(folder: Path, cluster: ClusterSettings, org: str, detect: str = "lateness: 120") -> Path:
    """A workspace whose engines are these."""
    folder.mkdir(parents=True)
    (folder / "rules").mkdir()
    (folder / "playbooks").mkdir()
    (folder / "org.yaml").write_text(org, encoding="utf-8")
    text = SETTINGS.format(cluster=json.dumps(cluster.model_dump())).replace("lateness: 120", detect)
    (folder / "yunshao.yaml").write_text(text, encoding="utf-8")
    return folder


class WorkerProcess:
    """`yunshao worker` on a workspace."""

    def __init__(self, place: Path, name: str) -> None:
        self.log = place / f"{name}.log"
        command = [sys.executable, "-m", "console.cli.main", "worker", "-w", str(place), "--name", name]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env={**os.environ, "PYTHONUTF8": "1"}
            )

    def alive(self) -> None:
        assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-3000:]

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
        while words not in self.log.read_text("utf-8", "replace"):
            assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-3000:]
            assert time.monotonic() < end, self.log.read_text("utf-8", "replace")[-3000:]
            time.sleep(0.2)
