"""A process that has loaded the program and gives birth to commands: each is a process of its own, born without the
second that loading takes. Run as a script it reads one request a line from the descriptor it is told, and answers with
exit codes."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

LATE = (
    "sklearn.ensemble",
    "duckdb",
    "pyarrow.parquet",
    "fastapi",
    "jinja2",
    "cryptography.hazmat.primitives.serialization",
)
"""What commands load only when they need it."""


class Nursery:
    """The mother process. One command at a time; `run` gives its exit code."""

    def __init__(self) -> None:
        asks, self._asks = os.pipe()
        self._answers, answers = os.pipe()
        command = [sys.executable, __file__, str(asks), str(answers)]
        environment = {**os.environ, "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(command, pass_fds=(asks, answers), env=environment)
        os.close(asks)
        os.close(answers)
        self._replies = os.fdopen(self._answers, "rb")
        atexit.register(self.close)

    def run(self, request: dict[str, Any]) -> int:
        """Run one command: its words, files (stdin, stdout, stderr), cwd, environment, and how many seconds it has."""
        os.write(self._asks, json.dumps(request).encode() + b"\n")
        reply = self._replies.readline()
        if not reply:
            raise RuntimeError("the process that starts commands has ended")
        code = int(reply)
        if code == TIMED_OUT:
            raise subprocess.TimeoutExpired(request["words"], request["seconds"])
        return code

    def close(self) -> None:
        """No more commands."""
        os.close(self._asks)
        self._process.wait(10)


TIMED_OUT = 1000


@cache
def nursery() -> Nursery:
    """The one of this process."""
    return Nursery()


def bear(
    words: list[str], stdin: bytes, cwd: Path | None, environment: dict[str, str], seconds: float
) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and stderr of one command."""
    with tempfile.TemporaryDirectory() as name:
        files = {part: str(Path(name, part)) for part in ("stdin", "stdout", "stderr")}
        Path(files["stdin"]).write_bytes(stdin)
        request = {"words": words, "files": files, "environment": environment, "seconds": seconds}
        code = nursery().run({**request, "cwd": str(cwd or Path.cwd())})
        return code, Path(files["stdout"]).read_bytes(), Path(files["stderr"]).read_bytes()


def _serve(asks: int, answers: int) -> None:
    from console.cli.main import COMMANDS

    for module in [*(where for where, _ in COMMANDS.values()), *LATE]:
        import_module(module)
    from console.rule_cache import library

    library()
    with os.fdopen(asks, "rb") as requests:
        for line in requests:
            request = json.loads(line)
            child = os.fork()
            if not child:
                os.close(answers)
                _be(request)
            os.write(answers, b"%d\n" % _end_of(child, request["seconds"]))


def _end_of(child: int, seconds: float) -> int:
    """The exit code of a command, which is killed when its time is over; a signal is a negative number."""
    import signal
    import time

    end = time.monotonic() + seconds
    pause = 0.001
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return TIMED_OUT
        time.sleep(pause)
        pause = min(0.02, pause * 1.5)


def _be(request: dict[str, Any]) -> None:
    """Become the command."""
    code: Any = 1
    try:
        for number, part in enumerate(("stdin", "stdout", "stderr")):
            way = os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY
            handle = os.open(request["files"][part], way, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        code = _led(request)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody caught
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)


def _led(request: dict[str, Any]) -> int:
    """The exit code of `main` with these words, in this place."""
    from console.cli.main import main

    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["yunshao", *request["words"]]
    try:
        main()
    except SystemExit as leaves:
        return leaves.code if isinstance(leaves.code, int) else 0 if leaves.code is None else 1
    return 0


if __name__ == "__main__":
    del sys.path[0]
    _serve(int(sys.argv[1]), int(sys.argv[2]))
