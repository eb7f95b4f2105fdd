"""Syslog from the network: datagrams, counted octets, lines, many peers, and a disk that is full for a while."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.spec import moment_of
from collectors.syslog.framing import Frames
from collectors.syslog.message import MAX_BYTES
from collectors.syslog.settings import address_of
from collectors.syslog.source import SyslogListener
from yunshao.errors import BadConfiguration


class Kept:
    """A bus in memory that fails as often as it is told to."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.hints: set[str] = set()
        self.failures = 0
        self.lock = threading.Lock()

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """Keep, or fail as a full disk does."""
        with self.lock:
            assert source == "syslog"
            if self.failures:
                self.failures -= 1
                raise OSError(28, "No space left on device")
            self.messages += records
            self.hints.add(hint)

    def wait(self, count: int) -> list[bytes]:
        """All messages, once there are as many."""
        for _ in range(500):
            with self.lock:
                if len(self.messages) >= count:
                    return list(self.messages)
            time.sleep(0.01)
        raise AssertionError(f"{len(self.messages)} of {count} messages")


@pytest.fixture
def bus() -> Kept:
    return Kept()


@pytest.fixture
def listener(bus: Kept) -> Iterator[SyslogListener]:
    made = SyslogListener(bus, "127.0.0.1:0", "127.0.0.1:0", lambda: 1_767_323_045_000)
    made.start()
    yield made
    made.stop()


def connect(listener: SyslogListener) -> socket.socket:
    assert listener.tcp_address
    return socket.create_connection(listener.tcp_address, timeout=5)


def test_each_datagram_is_a_message(bus: Kept, listener: SyslogListener) -> None:
    assert listener.udp_address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(200):
            sender.sendto(f"<13>message {number}\n".encode(), listener.udp_address)
    assert len(bus.wait(200)) == 200
    (hint,) = bus.hints
    assert hint.startswith("127.0.0.1 ")
    moment = moment_of(hint)
    assert moment
    assert moment.year == 2026


def test_lines_and_counted_octets_are_told_apart(bus: Kept, listener: SyslogListener) -> None:
    with connect(listener) as peer:
        peer.sendall(b"<13>one\r\n8 <14>a\nb!<15>three\n")
    assert bus.wait(3) == [b"<13>one", b"<14>a\nb!", b"<15>three"]


def test_what_was_begun_when_the_peer_hangs_up_is_kept(bus: Kept, listener: SyslogListener) -> None:
    with connect(listener) as peer:
        peer.sendall(b"<13>whole\n<13>half")
    assert bus.wait(2) == [b"<13>whole", b"<13>half"]


def test_many_peers_at_once(bus: Kept, listener: SyslogListener) -> None:
    peers = [connect(listener) for _ in range(100)]
    for number, peer in enumerate(peers):
        peer.sendall(f"<13>first {number}\n<13>sec".encode())
    for number, peer in enumerate(peers):
        peer.sendall(f"ond {number}\n".encode())
        peer.close()
    found = bus.wait(200)
    assert {f"<13>second {number}".encode() for number in range(100)} <= set(found)


def test_a_full_disk_loses_no_tcp_message(bus: Kept, listener: SyslogListener) -> None:
    bus.failures = 2
    with connect(listener) as peer:
        for number in range(50):
            peer.sendall(f"<13>{number}\n".encode())
    assert bus.wait(50) == [f"<13>{number}".encode() for number in range(50)]


def test_stopping_keeps_what_had_arrived(bus: Kept) -> None:
    made = SyslogListener(bus, "", "127.0.0.1:0", lambda: 0)
    made.start()
    assert made.udp_address is None
    with connect(made) as peer:
        peer.sendall(b"<13>one\n<13>half")
        bus.wait(1)
        made.stop()
    assert bus.messages == [b"<13>one", b"<13>half"]


@pytest.mark.parametrize("text", ["", ":", "host:", "host:x", "host:70000", ":514"])
def test_a_wrong_address_is_refused(text: str) -> None:
    with pytest.raises(BadConfiguration):
        address_of(text)


def test_addresses() -> None:
    assert address_of("0.0.0.0:5514") == ("0.0.0.0", 5514)
    assert address_of("[::1]:514") == ("::1", 514)
    assert address_of("[::1]") == ("::1", 514)
    assert address_of("localhost") == ("localhost", 514)


def test_an_address_in_use_is_a_clear_error(listener: SyslogListener, bus: Kept) -> None:
    assert listener.tcp_address
    other = SyslogListener(bus, "", f"127.0.0.1:{listener.tcp_address[1]}", lambda: 0)
    with pytest.raises(BadConfiguration, match="cannot listen"):
        other.start()


def _frames(data: bytes, step: int) -> list[bytes]:
    frames = Frames()
    found = [message for at in range(0, len(data), step) for message in frames.feed(data[at : at + step])]
    return [*found, *frames.close()]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b"<13>a", b"\n", b"5 ", b"12 <14>b c", b"\0", b"\r\n", b"0", b"7", b" ", b"99 x"])),
    st.integers(1, 9),
)
def test_a_stream_cut_anywhere_gives_the_same_messages(parts: list[bytes], step: int) -> None:
    data = b"".join(parts)
    assert _frames(data, step) == _frames(data, max(1, len(data)))


@pytest.mark.parametrize("start", [b"<13>", b"99999999 <13>", b"999999999999 "])
def test_an_endless_message_is_cut_and_memory_stays_flat(start: bytes) -> None:
    frames = Frames()
    found = frames.feed(start)
    for _ in range(3000):
        found += frames.feed(b"x" * 50_000)
        assert len(frames._buffer) <= 3 * MAX_BYTES
    assert all(len(message) <= MAX_BYTES for message in found)
    found += frames.feed(b"\n<13>after\n")
    assert found[-1] == b"<13>after"
