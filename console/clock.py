"""The machine's clock."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """The machine's time: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000
