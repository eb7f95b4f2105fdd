"""The command line in this process: as quick as a call."""

from __future__ import annotations

import io
import sys

from flow.cli import Done

from console.cli.main import run


def cli(*words: object) -> Done:
    """Run one command."""
    kept = sys.stdout, sys.stderr
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.StringIO()
    sys.stdout, sys.stderr = out, err
    try:
        code = run([str(word) for word in words])
    finally:
        sys.stdout, sys.stderr = kept
    return Done(code, out.buffer.getvalue(), err.getvalue())
