"""Runs the command line as a user would: a process of its own, its output, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from flow.nursery import bear


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
    """Run one command, in a process of its own that did not have to load the program."""
    code, out, err = bear([*map(str, words)], stdin, cwd, _environment(), timeout)
    return Done(code, out, err.decode("utf-8", "replace"))


def started(*words: object, stdin: bytes = b"", cwd: Path | None = None, timeout: float = 240) -> Done:
    """Run one command from nothing, as a shell does."""
    command = [sys.executable, "-m", "console.cli.main", *map(str, words)]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=timeout, env=_environment())
    return Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"}
