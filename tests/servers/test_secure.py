"""Servers that insist on TLS and a password: everything works through them, and what is wrong is one clear line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certificates
import kafka
import pytest
import servers
from cluster_workers import WorkerProcess, workspace
from conftest import SECRET, USER
from test_parity_cluster import capture, records_of

from console.cli.main import run
from console.roles.cluster import settle_cluster
from playbooks.scenes import demo_estate
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.kafka.apply import apply, ends
from yunshao.adapters.kafka.connect import PASSWORD, options
from yunshao.adapters.stores.search.connect import PASSWORD as NODE_PASSWORD
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.model.event import Record
from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def secure_node(engines: dict[str, Any]) -> Iterator[str]:
    """A node of another major version, with its own security plugin."""
    if "certificates" not in engines:
        pytest.skip("servers that others started")
    node = servers.Search(secure=Path(engines["certificates"]))
    node.auth = (USER, SECRET)
    node.start()
    yield node.address
    node.stop()


@pytest.fixture
def guarded(
    engines: dict[str, Any], cluster: ClusterSettings, secure_node: str, monkeypatch: pytest.MonkeyPatch
) -> ClusterSettings:
    """A cluster of its own behind TLS and passwords, and the right ones."""
    monkeypatch.setenv(PASSWORD, SECRET)
    monkeypatch.setenv(NODE_PASSWORD, SECRET)
    ca = f"{engines['certificates']}/ca.pem"
    return cluster.model_copy(
        update={
            "kafka": engines["secure_kafka"],
            "kafka_security": "SASL_SSL",
            "kafka_user": USER,
            "kafka_ca": ca,
            "opensearch": secure_node,
            "opensearch_user": USER,
            "opensearch_ca": ca,
        }
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_records_pass_a_broker_that_wants_tls_and_a_password(guarded: ClusterSettings, mechanism: str) -> None:
    cluster = guarded.model_copy(update={"kafka_mechanism": mechanism})
    apply(cluster)
    bus = KafkaBus(cluster)
    assert bus.send("told", [Record("zeek", b"one", 1, 5)]) == 1
    bus.close()
    assert sum(ends(cluster, f"{cluster.prefix}.raw").values()) == 1


@pytest.fixture
def other_ca(tmp_path: Path) -> str:
    """The certificate of an authority that signed none of these."""
    certificates.authority(tmp_path, "another")
    return str(tmp_path / "ca.pem")


def _refused(cluster: ClusterSettings, folder: Path, capsys: pytest.CaptureFixture[str], command: str) -> str:
    """What the command says when it ends with 3: one line."""
    words = ["topics", "apply"] if command == "topics" else [command]
    code = run([*words, "-w", str(workspace(folder / "city", cluster, demo_estate()))])
    said = capsys.readouterr().err
    assert code == 3, said
    assert said.count("\n") == 1
    return said


KAFKA_TROUBLE = {
    "an unknown user": ({"kafka_user": "somebody"}, "refuses the user or the password"),
    "a wrong password": ({"password": "wrong"}, "refuses the user or the password"),
    "a wrong password in the clear": ({"password": "wrong", "kafka_mechanism": "PLAIN"}, "refuses the user or the"),
    "a mechanism that it does not know": ({"kafka_mechanism": "SCRAM-SHA-256"}, "does not know SCRAM-SHA-256"),
    "no TLS": ({"kafka_security": "PLAINTEXT"}, "hangs up on PLAINTEXT"),
    "a port of nobody": ({"kafka": "127.0.0.1:9"}, "cannot be reached"),
    "a name of nobody": ({"kafka": "broker.invalid:9092"}, "cannot be reached"),
}


@pytest.mark.parametrize("trouble", KAFKA_TROUBLE)
def test_trouble_with_the_broker_is_one_line_and_exit_code_three(
    guarded: ClusterSettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    changed, said = KAFKA_TROUBLE[trouble]
    if "password" in changed:
        monkeypatch.setenv(PASSWORD, changed["password"])
    changed = {name: value for name, value in changed.items() if name != "password"}
    # Each command asks the broker in its own way.
    command = ("topics", "collect", "worker")[list(KAFKA_TROUBLE).index(trouble) % 3]
    assert said in _refused(guarded.model_copy(update=changed), tmp_path, capsys, command)


def test_certificates_that_are_not_trusted_are_one_line_that_names_the_setting(
    guarded: ClusterSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str], other_ca: str
) -> None:
    for place, ca in enumerate((other_ca, "")):
        said = _refused(guarded.model_copy(update={"kafka_ca": ca}), tmp_path / str(place), capsys, "topics")
        assert "certificate is not trusted" in said
        assert "cluster.kafka_ca" in said


def test_a_broker_without_tls_is_told(guarded: ClusterSettings, engines: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Exception, match="speaks no TLS"):
        apply(guarded.model_copy(update={"kafka": engines["kafka"]}))


NODE_TROUBLE = {
    "a wrong password": ({"opensearch_user": "somebody"}, "refuses the user or the password"),
    "no password": ({"opensearch_user": ""}, "refuses the user or the password"),
    "a role that may only look": ({"opensearch_user": "looker"}, "does not let this user"),
    "no TLS": ({"opensearch": "http"}, "cannot be used"),
    "a port of nobody": ({"opensearch": "https://127.0.0.1:9"}, "cannot be used"),
    "another authority": ({"opensearch_ca": "other"}, "certificate is not trusted"),
    "no authority": ({"opensearch_ca": ""}, "certificate is not trusted"),
}


@pytest.mark.parametrize("trouble", NODE_TROUBLE)
def test_trouble_with_the_node_is_one_line_and_exit_code_three(
    guarded: ClusterSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str], other_ca: str, trouble: str
) -> None:
    changed, said = NODE_TROUBLE[trouble]
    given = {"http": guarded.opensearch.replace("https", "http"), "other": other_ca}
    changed = {name: given.get(value, value) for name, value in changed.items()}
    apply(guarded)
    assert said in _refused(guarded.model_copy(update=changed), tmp_path / "place", capsys, "worker")


def test_messages_that_are_none_of_ours_are_dead_letters_and_the_worker_goes_on(
    tmp_path: Path, guarded: ClusterSettings
) -> None:
    """Over TLS, with a password, on both engines."""
    cluster = guarded
    apply(cluster)
    folder = workspace(tmp_path / "city", cluster, demo_estate(), "lateness: 5, anomalies: false")
    lines, _ = capture(1, 10)
    producer = kafka.KafkaProducer(**options(cluster), acks="all", max_request_size=21 << 20)
    bad = [b"hello", b"YSR\x07later", b"YSR\x01\x28\xb5\x2f\xfd torn", b"\x00" * (20 << 20)]
    for name in ("raw", "observed", "found"):
        for message in bad:
            producer.send(f"{cluster.prefix}.{name}", value=message, partition=0).get(timeout=60)
    producer.close()
    bus = KafkaBus(cluster)
    bus.send("told", records_of(lines))
    bus.close()
    worker = WorkerProcess(folder, "worker-0")
    try:
        settle_cluster(cluster, 200, lambda _what, _left: worker.alive())
    finally:
        code = worker.stop()
    assert code == 0
    found = SearchStore(cluster)
    letters = [letter for _, letter in found.rejects("envelope")]
    assert len(letters) == 3 * len(bad)
    assert {(letter.hint, letter.position) for letter in letters} == {
        (f"{cluster.prefix}.{name}", offset) for name in ("raw", "observed", "found") for offset in range(len(bad))
    }
    assert {letter.reason for letter in letters} == {"no_envelope", "unknown_version", "damaged_message"}
    assert sum(row["processed"] for row in found.sources() if row["source"] != "envelope") == len(lines)
