"""The most memory that this process held; `python -m bench.peak WORDS` runs a command of ours and says it at the end.

Not `ru_maxrss`: a process that another one starts inherits that of its parent, and those of all children are one figure.
"""

from __future__ import annotations

import sys
from pathlib import Path


def peak() -> float:
    """MiB of resident memory at most, since this program began (Linux)."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmHWM in /proc/self/status")


def main() -> None:
    """Run a command; its exit code is ours, and the last line on standard error is the figure."""
    # Late, so that whoever only asks for the figure does not hold the whole program.
    from console.cli.main import run

    code = run(sys.argv[1:])
    sys.stderr.write(f"{peak()}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
