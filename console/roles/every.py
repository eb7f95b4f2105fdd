"""What running roles share: something called again and again, a bus that wakes, a socket that listens."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Sequence

from yunshao.errors import Unreachable
from yunshao.ports import Bus

log = logging.getLogger("yunshao")


class WakingBus:
    """A bus that tells the pipeline that something came."""

    def __init__(self, bus: Bus, wake: Callable[[], None]) -> None:
        self._bus = bus
        self._wake = wake

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """Durable first, then the call to wake up."""
        self._bus.append(source, records, received, hint)
        self._wake()


class Every:
    """Calls something again and again in a thread until stopped; an error is logged and the next turn comes."""

    def __init__(self, name: str, seconds: float, call: Callable[[], object]) -> None:
        self._seconds = seconds
        self._call = call
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the turn at hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._call()
            except Exception:  # the shell's edge: one bad turn must not end the others
                log.exception("%s failed; it goes on", self._thread.name)
            self._stop.wait(self._seconds)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens already: who comes before the server's loop runs waits, and is not refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        what = f"{host}:{port} cannot be bound: {error.strerror}"
        raise Unreachable(what, "another port: --port, or console.port") from None
