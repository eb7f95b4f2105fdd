"""What every detector keeps to: their names, and how long it waits for what is late."""

from __future__ import annotations

SIGMA = "sigma"
FIRST_SEEN = "first_seen"
ISOLATION = "isolation"

LATENESS_MS = 0
"""How far out of order events of one group may arrive and still be judged in the order of time. 0 judges at once."""
