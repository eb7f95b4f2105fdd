"""Where the listener listens, and its limits."""

from __future__ import annotations

from yunshao.errors import BadConfiguration

MAX_CONNECTIONS = 1024
MAX_DATAGRAMS = 512
RECEIVE_BYTES = 64 << 10
UDP_BUFFER_BYTES = 4 << 20
RETRY_SECONDS = 0.5
DEFAULT_PORT = 514


def address_of(text: str) -> tuple[str, int]:
    """Host and port of `host:port`, `[v6]:port`, or a bare host. Raises BadConfiguration."""
    host, _, written = text.rpartition(":") if ":" in text and not text.endswith("]") else (text, "", str(DEFAULT_PORT))
    bare = host.removeprefix("[").removesuffix("]")
    if not bare or not written.isdecimal() or int(written) > 65535:
        raise BadConfiguration(f"{text!r} is no address to listen on", "write host:port, such as 0.0.0.0:514")
    return bare, int(written)
