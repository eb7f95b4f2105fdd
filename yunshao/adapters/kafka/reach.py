"""Why a broker cannot be reached: its name, its port, its certificate or the password. Asked before a client is made.

kafka-python tries again until its time is over and then says only that. So the door is tried by hand first: a
connection, TLS, and the two questions of SASL (Kafka protocol: SaslHandshake 1, SaslAuthenticate 0, ApiVersions 0).
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from kafka import errors
from kafka.net.sasl import get_sasl_mechanism

from yunshao.errors import Unreachable
from yunshao.settings import ClusterSettings

KNOCK_SECONDS = 10.0
PATIENT_MS = 10_000
HANDSHAKE, VERSIONS, AUTHENTICATE = (17, 1), (18, 0), (36, 0)
UNSUPPORTED = 33
MAX_ANSWER = 1 << 20
RUNNING = "is it running, and is cluster.kafka right?"


def reached(cluster: ClusterSettings, given: Mapping[str, Any], make: Callable[..., Any], password: str) -> Any:
    """What `make` gives for these options; `password` names where that comes from. Raises Unreachable, the reason."""
    hosts = [host.strip() for host in cluster.kafka.split(",") if host.strip()]
    told = [_knock(cluster, host, given, password) for host in hosts]
    if told and all(told):
        raise next(one for one in told if one)
    try:
        return make(**given, bootstrap_timeout_ms=PATIENT_MS)
    except errors.KafkaTimeoutError:
        what = f"the broker lets nobody in as {cluster.kafka_security}"
        raise Unreachable(what, "is cluster.kafka_security right?", cluster.kafka) from None


def _knock(cluster: ClusterSettings, host: str, given: Mapping[str, Any], password: str) -> Unreachable | None:
    """What is wrong with the port, the certificate or the password at a broker."""
    name, port = _split(host)
    try:
        with ExitStack() as held:
            door = held.enter_context(socket.create_connection((name, port), KNOCK_SECONDS))
            if cluster.kafka_security.endswith("SSL"):
                context = ssl.create_default_context(cafile=cluster.kafka_ca or None)
                door = held.enter_context(context.wrap_socket(door, server_hostname=name))
            if cluster.kafka_security.startswith("SASL"):
                return _shown(door, name, host, given, password)
            _asked(door, VERSIONS, b"")
    except ssl.SSLCertVerificationError as error:
        what = f"the broker's certificate is not trusted: {error.verify_message}"
        return Unreachable(what, "cluster.kafka_ca", host)
    except ssl.SSLError as error:
        return Unreachable(f"the broker speaks no TLS there: {_line(error)}", "cluster.kafka_security", host)
    except EOFError:
        what = f"the broker hangs up on {cluster.kafka_security}"
        return Unreachable(what, "is cluster.kafka_security right?", host)
    except (OSError, ValueError, OverflowError, struct.error) as error:
        return Unreachable(f"the broker cannot be reached: {_line(error)}", RUNNING, host)
    return None


def _shown(door: socket.socket, name: str, host: str, given: Mapping[str, Any], password: str) -> Unreachable | None:
    """What the broker says to the user and the password."""
    kind = given["sasl_mechanism"]
    (error,) = struct.unpack_from(">h", _asked(door, HANDSHAKE, _text(kind)))
    if error == UNSUPPORTED:
        return Unreachable(f"the broker does not know {kind}", "cluster.kafka_mechanism", host)
    mechanism = get_sasl_mechanism(kind)(host=name, **given)
    while not mechanism.is_done():
        token = mechanism.auth_bytes()
        answer = _asked(door, AUTHENTICATE, struct.pack(">i", len(token)) + token)
        error, length = struct.unpack_from(">hh", answer)
        if error:
            said = answer[4 : 4 + max(0, length)].decode("utf-8", "replace")
            what = f"the broker refuses the user or the password: {' '.join(said.split())[:200]}"
            return Unreachable(what, password, host)
        mechanism.receive(answer[4 + max(0, length) + 4 :])
    return None


def _asked(door: socket.socket, what: tuple[int, int], body: bytes) -> bytes:
    """The answer to a question, without its number."""
    head = struct.pack(">hhi", *what, 1) + _text("yunshao")
    door.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
    (length,) = struct.unpack(">i", _read(door, 4))
    if not 4 <= length <= MAX_ANSWER:
        # What is no broker, or one that speaks TLS, answers something else.
        raise EOFError
    return _read(door, length)[4:]


def _read(door: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = door.recv(count - len(found))
        if not part:
            raise EOFError
        found += part
    return found


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">h", len(raw)) + raw


def _split(host: str) -> tuple[str, int]:
    name, _, port = host.rpartition(":")
    return (name.strip("[]"), int(port)) if name and port.isdigit() else (host, 9092)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
