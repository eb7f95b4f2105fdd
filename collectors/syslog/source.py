"""Listens for syslog on UDP and TCP; every message is on the bus, durable, before the next is read."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import defaultdict
from collections.abc import Callable

from collectors.spec import dated_hint
from collectors.syslog.framing import Frames
from collectors.syslog.parse import SOURCE
from collectors.syslog.settings import (
    MAX_CONNECTIONS,
    MAX_DATAGRAMS,
    RECEIVE_BYTES,
    RETRY_SECONDS,
    UDP_BUFFER_BYTES,
    address_of,
)
from yunshao.errors import BadConfiguration
from yunshao.ports import Bus

Clock = Callable[[], int]
Arrived = defaultdict[str, list[bytes]]


class SyslogListener:
    """One thread, one selector. While the bus cannot take messages nothing is read, so TCP peers wait."""

    def __init__(self, bus: Bus, udp: str, tcp: str, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._wanted = (udp, tcp)
        self._udp: socket.socket | None = None
        self._tcp: socket.socket | None = None
        self._peers: dict[socket.socket, tuple[str, Frames]] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = threading.Event()
        self._bell, self._ear = socket.socketpair()
        self._thread: threading.Thread | None = None

    @property
    def udp_address(self) -> tuple[str, int] | None:
        """Host and port that are listened on, once started."""
        return _address(self._udp)

    @property
    def tcp_address(self) -> tuple[str, int] | None:
        """Host and port that are listened on, once started."""
        return _address(self._tcp)

    def start(self) -> None:
        """Bind and listen. Raises BadConfiguration when an address cannot be had."""
        udp, tcp = self._wanted
        if udp:
            self._udp = _bound(udp, socket.SOCK_DGRAM)
            self._selector.register(self._udp, selectors.EVENT_READ)
        if tcp:
            self._tcp = _bound(tcp, socket.SOCK_STREAM)
            self._tcp.listen(128)
            self._selector.register(self._tcp, selectors.EVENT_READ)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; what was read is on the bus when this returns."""
        self._stopping.set()
        self._bell.send(b"!")
        if self._thread:
            self._thread.join()
        for held in (self._udp, self._tcp, self._bell, self._ear, *self._peers):
            if held:
                held.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            arrived: Arrived = defaultdict(list)
            for key, _ in self._selector.select():
                self._receive(key.fileobj, arrived)
            self._deliver(arrived)
        last: Arrived = defaultdict(list)
        for name, frames in self._peers.values():
            last[name].extend(frames.close())
        self._deliver(last)

    def _receive(self, ready: object, arrived: Arrived) -> None:
        if self._udp is not None and ready is self._udp:
            self._take_datagrams(self._udp, arrived)
        elif self._tcp is not None and ready is self._tcp:
            self._accept(self._tcp)
        elif isinstance(ready, socket.socket) and ready in self._peers:
            self._take_stream(ready, arrived)

    def _take_datagrams(self, udp: socket.socket, arrived: Arrived) -> None:
        for _ in range(MAX_DATAGRAMS):
            try:
                message, peer = udp.recvfrom(RECEIVE_BYTES)
            except OSError:
                return
            if message:
                arrived[str(peer[0])].append(message)

    def _accept(self, tcp: socket.socket) -> None:
        try:
            peer, address = tcp.accept()
        except OSError:
            return
        if len(self._peers) >= MAX_CONNECTIONS:
            peer.close()
            return
        peer.setblocking(False)
        self._peers[peer] = (str(address[0]), Frames())
        self._selector.register(peer, selectors.EVENT_READ)

    def _take_stream(self, peer: socket.socket, arrived: Arrived) -> None:
        name, frames = self._peers[peer]
        try:
            data = peer.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            arrived[name].extend(frames.feed(data))
            return
        arrived[name].extend(frames.close())
        self._selector.unregister(peer)
        del self._peers[peer]
        peer.close()

    def _deliver(self, arrived: Arrived) -> None:
        """Put what arrived on the bus; when it cannot take it (a full disk), try again until it can or we stop."""
        received = self._clock()
        for name, messages in arrived.items():
            while messages:
                try:
                    self._bus.append(SOURCE, messages, received, dated_hint(name, received))
                except OSError:
                    if self._stopping.wait(RETRY_SECONDS):
                        return
                    continue
                break


def _bound(text: str, kind: socket.SocketKind) -> socket.socket:
    host, port = address_of(text)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, kind)
    except OSError as error:
        raise BadConfiguration(f"cannot listen on {text}: {error.strerror}", "check the address") from None
    try:
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER_BYTES)
        bound.bind(address)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        mend = "take a free port; below 1024 needs a privilege"
        raise BadConfiguration(f"cannot listen on {text}: {error.strerror}", mend) from None
    return bound


def _address(bound: socket.socket | None) -> tuple[str, int] | None:
    if bound is None:
        return None
    host, port = bound.getsockname()[:2]
    return str(host), int(port)
