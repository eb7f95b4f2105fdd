"""The limits of a push."""

from __future__ import annotations

MAX_BODY_BYTES = 16 << 20
RETRY_AFTER_SECONDS = 5
