"""One real broker and one real node for all tests of a run, whichever process asks first."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from yunshao.settings import ClusterSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import certificates
import kafka
import servers
from kafka.admin import UserScramCredentialUpsertion

USER, SECRET = "yunshao", "a-test-password-1"
# The second word is what the node keeps of the first (bcrypt).
HASHED = "$2y$04$abcdefghijklmnopqrstuumyiYvqJ/YaBR7QTq2d6WRK5CoGQqCUy"
PEOPLE = f"""_meta: {{type: internalusers, config_version: 2}}
{USER}: {{hash: "{HASHED}", reserved: false, backend_roles: [admin]}}
looker: {{hash: "{HASHED}", reserved: false, backend_roles: [readall]}}
"""


@contextmanager
def _shared(folder: Path) -> Iterator[dict[str, Any]]:
    """What the processes of this test run share, under a lock."""
    with (folder / "servers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder / "servers.json"
        held = json.loads(path.read_text("utf-8")) if path.exists() else {"users": 0}
        yield held
        path.write_text(json.dumps(held), encoding="utf-8")


def started(made: Sequence[servers.Server]) -> None:
    """Start them all at once. Raises ServerTrouble, and then none of them runs."""
    troubles: list[Exception] = []

    def begin(server: servers.Server) -> None:
        try:
            server.start()
        except Exception as error:  # noqa: BLE001 - told in the thread that waits
            troubles.append(error)

    threads = [threading.Thread(target=begin, args=(server,)) for server in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        for server in made:
            server.stop()
        raise troubles[0]


def certified(folder: Path) -> Path:
    """Certificates for a broker and a node, and the node's users."""
    folder.mkdir()
    folder.chmod(0o755)
    by = certificates.authority(folder)
    for name in ("broker", "node"):
        certificates.issued(folder, name, by)
    (folder / "internal_users.yml").write_text(PEOPLE, encoding="utf-8")
    return folder


def _engines(folder: Path) -> dict[str, Any]:
    broker = servers.Kafka(secure=certified(folder / "certificates"), users={USER: SECRET})
    made: list[servers.Server] = [broker, servers.Search()]
    started(made)
    with closing(kafka.KafkaAdminClient(bootstrap_servers=broker.address)) as admin:
        admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", SECRET, 4096)])
    return {
        "kafka": broker.address,
        "secure_kafka": f"127.0.0.1:{broker.secure_port}",
        "certificates": str(folder / "certificates"),
        "opensearch": made[1].address,
        "pids": [server.process.pid for server in made if server.process],
        "folders": [str(server.run) for server in made],
    }


def absent() -> None:
    """Skip where servers cannot run; under CI that is a failure."""
    why = servers.missing()
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"no servers: {why}")
    if why:
        pytest.skip(f"no servers: {why}")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The addresses of both; those of `python deploy/servers.py up` where YUNSHAO_TEST_KAFKA and _OPENSEARCH say so."""
    if "YUNSHAO_TEST_KAFKA" in os.environ:
        yield {"kafka": os.environ["YUNSHAO_TEST_KAFKA"], "opensearch": os.environ["YUNSHAO_TEST_OPENSEARCH"]}
        return
    absent()
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with _shared(folder) as held:
        if not held["users"]:
            held.update(_engines(folder))
        held["users"] += 1
        mine = dict(held)
    yield mine
    with _shared(folder) as held:
        held["users"] -= 1
        if not held["users"]:
            for pid in held["pids"]:
                os.kill(pid, signal.SIGTERM)
            for run in held["folders"]:
                servers.shutil.rmtree(run, ignore_errors=True)


@pytest.fixture
def cluster(engines: dict[str, Any]) -> ClusterSettings:
    """A cluster of its own on the shared engines."""
    prefix = f"t{uuid.uuid4().hex[:8]}"
    return ClusterSettings(kafka=engines["kafka"], opensearch=engines["opensearch"], prefix=prefix, partitions=2)
