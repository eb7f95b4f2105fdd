"""The pipeline as a thread: one process a workspace runs it, whoever comes first."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path
from typing import IO

from console.wiring import Workspace
from streams.run_embedded import Embedded
from yunshao.errors import WrongUse

LOCK_FILE = "pipeline.lock"


class PipelineLock:
    """Held by the process that runs the pipeline; the kernel lets go of it when that process dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """True where nobody else holds it."""
        handle = self._path.open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._file = handle
        return True

    def release(self) -> None:
        """Let go; nothing happens where it was not held."""
        if self._file:
            self._file.close()
            self._file = None


class Pipeline:
    """Collect, process and commit in a thread of its own until stopped."""

    def __init__(self, workspace: Workspace) -> None:
        if workspace.settings.cluster:
            raise WrongUse("the workspace is on a cluster: its workers are the pipeline", "`yunshao worker`")
        self._lock = PipelineLock(workspace.data)
        if not self._lock.take():
            raise WrongUse("another process runs this workspace's pipeline", "stop it, or use its console")
        self.wake = threading.Event()
        self._stop = threading.Event()
        flood = workspace.settings.detect.flood
        self.runner = Embedded(workspace.rooms(), workspace.local, workspace.intakes(), workspace.clock, flood=flood)
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def drain(self) -> int:
        """In this thread: turn until no intake has anything more; gives how many records were read.

        Then nothing late is waited for: what there is has been judged when this returns.
        """
        total = 0
        while count := self.runner.turn().records:
            total += count
        self.runner.settle()
        return total

    def stop(self) -> None:
        """Finish the batch at hand and end."""
        self._stop.set()
        self.wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)
        self._lock.release()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        self.runner.run(self._stop, self.wake)


def pipeline_runs_elsewhere(folder: Path) -> bool:
    """Whether some other process holds the pipeline of this data folder."""
    lock = PipelineLock(folder)
    if lock.take():
        lock.release()
        return False
    return True
