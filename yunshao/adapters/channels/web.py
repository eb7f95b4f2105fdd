"""One POST over HTTP(S): bounded, no redirect followed, and what came of it as an outcome."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from yunshao.model.notice import SENT, Outcome

MAX_ANSWER = 64 << 10
AGAIN = (408, 409, 423, 425, 429)
MAX_WAIT_MS = 3_600_000


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> tuple[Outcome, bytes]:
    """The outcome by HTTP status, and the answer's first 64 KiB. Trouble on the way is worth another try."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, body, {"User-Agent": "yunshao", **headers})
            answer = connection.getresponse()
            found = answer.read(MAX_ANSWER)
            return _by_status(answer.status, answer.getheader("Retry-After") or ""), found
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return Outcome(False, f"{type(error).__name__}: {error}"), b""
    except ValueError as error:
        return Outcome(False, f"the url cannot be used: {error}", permanent=True), b""


def _by_status(status: int, after: str) -> Outcome:
    if 200 <= status < 300:
        return SENT
    wait = min(int(after) * 1000, MAX_WAIT_MS) if after.isdecimal() and len(after) < 8 else 0
    return Outcome(False, f"HTTP {status}", permanent=300 <= status < 500 and status not in AGAIN, wait=wait)
