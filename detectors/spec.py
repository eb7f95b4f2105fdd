"""What every detector keeps to: their names, and how far the clocks of logs may be ahead."""

from __future__ import annotations

from yunshao.model.event import Event

SIGMA = "sigma"
FIRST_SEEN = "first_seen"
ISOLATION = "isolation"

FUTURE_MS = 60_000
"""How far ahead of the moment it was received an event may be and still move time on."""


def heard(event: Event) -> int:
    """The time that the event shows to have come: its own, unless it claims to be from the future."""
    return min(event.time, event.received + FUTURE_MS) if event.received else event.time
