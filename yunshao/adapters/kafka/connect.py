"""How the broker is spoken to: one set of options for every client, and every trouble in one clear line."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kafka
from kafka import errors

from yunshao.adapters.kafka.reach import reached
from yunshao.errors import BadConfiguration, Unreachable, YunshaoError
from yunshao.settings import ClusterSettings

PASSWORD = "YUNSHAO_KAFKA_PASSWORD"  # noqa: S105 - the name of a variable
MAX_REQUEST = 21 << 20
CONNECT_MS = 10_000


def options(cluster: ClusterSettings) -> dict[str, Any]:
    """What every client of kafka-python is given. Raises BadConfiguration."""
    found: dict[str, Any] = {
        "bootstrap_servers": [part.strip() for part in cluster.kafka.split(",") if part.strip()],
        "client_id": "yunshao",
        "security_protocol": cluster.kafka_security,
    }
    if cluster.kafka_security.startswith("SASL"):
        password = os.environ.get(PASSWORD, "")
        if not (cluster.kafka_user and password):
            raise BadConfiguration("cluster.kafka_user and a password are needed", f"set {PASSWORD}", "yunshao.yaml")
        found |= {
            "sasl_mechanism": cluster.kafka_mechanism,
            "sasl_plain_username": cluster.kafka_user,
            "sasl_plain_password": password,
        }
    if cluster.kafka_security.endswith("SSL") and cluster.kafka_ca:
        if not Path(cluster.kafka_ca).is_file():
            raise BadConfiguration("cluster.kafka_ca is no file", "a PEM file", cluster.kafka_ca)
        found["ssl_cafile"] = cluster.kafka_ca
    return found


def quick_checksums() -> bool:
    """Whether every byte is summed in C; without the package `crc32c` a broker is thirty times slower to speak to."""
    return importlib.util.find_spec("crc32c") is not None


@contextmanager
def told(cluster: ClusterSettings, doing: str = "the broker cannot be used") -> Iterator[None]:
    """Trouble with the broker as `Unreachable`."""
    try:
        yield
    except YunshaoError:
        raise
    except errors.SaslAuthenticationFailedError as error:
        raise Unreachable(f"{doing}: wrong user or password: {_short(error)}", PASSWORD, cluster.kafka) from None
    except (errors.KafkaError, OSError, AssertionError, ValueError) as error:
        raise Unreachable(
            f"{doing}: {_short(error)}", "is it running, and is cluster.kafka right?", cluster.kafka
        ) from None


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def admin(cluster: ClusterSettings) -> Any:
    """A client that makes and looks at topics; the caller closes it. Raises Unreachable."""
    return client(cluster, kafka.KafkaAdminClient, request_timeout_ms=CONNECT_MS)


def client(cluster: ClusterSettings, kind: Any, **more: Any) -> Any:
    """A client of this kind that has found its broker; the caller closes it. Raises Unreachable, BadConfiguration."""
    given = {**options(cluster), **more}
    with told(cluster):
        return reached(cluster, given, kind, PASSWORD)
