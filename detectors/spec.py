"""What every detector keeps to: their names, and how far the clocks of logs may be ahead."""

from __future__ import annotations

SIGMA = "sigma"
FIRST_SEEN = "first_seen"
ISOLATION = "isolation"

FUTURE_MS = 10 * 60_000
"""How far ahead of the moment it was received an event may be and still move time on."""
