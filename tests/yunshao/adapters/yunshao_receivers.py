"""Receivers to send to: an HTTP server that answers as it is told, and a mail server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, and what is answered: `status`, `answer`, `headers`."""

    url: str = ""
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver(**words: Any) -> Iterator[Receiver]:
    """A server on a port of its own while the block runs."""
    kept = Receiver(**words)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if kept.status < 300:
                kept.got.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(kept.status)
            for key, value in kept.headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(kept.answer)

        def log_message(self, *words: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


class Mailbox:
    """An aiosmtpd handler that keeps what came, or refuses it."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.refusal = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        if self.refusal:
            return self.refusal
        self.got.append(envelope)
        return "250 taken"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
