"""Where the real logs for tests are: beside the checkout, never inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_data(pack: str) -> Path:
    """The pack's path; skips the test, saying why, on a machine that does not have it."""
    path = ROOT.parent / "shared" / "data" / pack
    if not path.exists():
        pytest.skip(f"real data is not on this machine: shared/data/{pack}")
    return path
