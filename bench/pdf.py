"""A report to PDF in a process that holds nothing else: the document's JSON on standard input; prints the seconds of the
processor, MiB of memory at most, and the bytes of the file.
"""

from __future__ import annotations

import sys
import time

import orjson

from bench.peak import peak
from reports.catalog import build


def main() -> None:
    """Build and print."""
    body = orjson.loads(sys.stdin.buffer.read())
    started = time.process_time()
    data = build("assessment", body, ["en"], ["pdf"])["assessment.en.pdf"]
    sys.stdout.write(f"{time.process_time() - started} {peak()} {len(data)}\n")


if __name__ == "__main__":
    main()
