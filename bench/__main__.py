"""`python -m bench`: run every measurement, print the table, write docs/performance.md. Without Java and Maven, not those
of a cluster."""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

from bench.cluster import rows as cluster
from bench.detect import memory, ratios
from bench.drill import rows as drill
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
What the time goes to. A CloudTrail line costs about three bare parses: one is the parse itself, half of one is reading and
cutting the file, half of one the bounds, id and time of the record, and less than one the rules. What is read together is
judged together, so the number of rules hardly shows: most of them are never tried. A Windows process event meets some
eighteen rules, and its command line is fresh: finding what the texts of all rules that read it have in it, and
searching it for the expressions that need no certain text, are most of its cost. The full path is dominated by two things that are done for each event in
Python: building its OCSF form, and writing both forms as JSON text into columns; the row above says how much each takes.

The whole library is slower than fifty plain rules because there are more of them. None of them matches this traffic:
an event that a correlation counts is normalised for its actor and kept in a window, and costs far more than one that
nothing matches. So the suite holds every rule to one match in a hundred everyday events
(`tests/content/test_everyday.py`); traffic in which more than that is remarkable runs slower than this.
"""

LONG_RUNS = "## Long runs\n"
"""From this heading on the page is written by hand and kept."""


def main() -> None:
    """Measure and write."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--print", action="store_true", help="print the table and leave the page as it is")
    keep = asked.parse_args().print
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            *ratios(folder), *engine(folder), *risk(), *drill(folder), memory(folder), latency(folder), *cluster(folder),
        ]  # fmt: skip
    table = "".join(f"| {row['what']} | {row['value']} | {row['goal']} | {row['beside']} |\n" for row in rows)
    print(table)
    if not keep:
        machine = f"Python {platform.python_version()}, {platform.machine()}, one process."
        kept = PAGE.read_text("utf-8").partition(LONG_RUNS)[2] if PAGE.exists() else ""
        PAGE.write_text(f"{HEAD}{table}{READING}\n{machine}\n\n{LONG_RUNS}{kept}", encoding="utf-8")


if __name__ == "__main__":
    main()
