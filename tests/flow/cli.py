"""Runs the command line as a user would: a process of its own, its output, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """stdout as NDJSON."""
        return [orjson.loads(line) for line in self.out.splitlines()]


def yunshao(*words: object, stdin: bytes = b"", cwd: Path | None = None, timeout: float = 240) -> Done:
    """Run one command."""
    command = [sys.executable, "-m", "console.cli.main", *map(str, words)]
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"}
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=timeout, env=environment)
    return Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
