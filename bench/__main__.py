"""`python -m bench`: run every measurement, print the table, write docs/performance.md."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path

from bench.detect import memory, ratios
from bench.engine import rows as engine
from bench.latency import latency
from bench.risk import rows as risk

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
HEAD = """# Performance

Written by `make bench`; ratios are medians of paired rounds in one run, because machines differ and are noisy.

| what | measured | goal | beside it |
|---|---|---|---|
"""
READING = """
The whole library is slower than fifty plain rules because there are more of them. None of them matches this traffic:
an event that a correlation counts is normalised for its actor and kept in a window, and costs far more than one that
nothing matches. So the suite holds every rule to one match in a hundred everyday events
(`tests/content/test_everyday.py`); traffic in which more than that is remarkable runs slower than this.
"""


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory() as name:
        rows = [*ratios(Path(name)), *engine(Path(name)), *risk(), memory(Path(name)), latency(Path(name))]
    table = "".join(f"| {row['what']} | {row['value']} | {row['goal']} | {row['beside']} |\n" for row in rows)
    print(table)
    PAGE.write_text(
        f"{HEAD}{table}{READING}\nPython {platform.python_version()}, {platform.machine()}, one process.\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
