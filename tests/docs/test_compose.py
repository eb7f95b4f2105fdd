"""The compose file says nothing that the product does not know: commands, options, settings, addresses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.cli.main import COMMANDS, run
from console.wiring import open_workspace
from yunshao.settings import parse_settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "yunshao:local"}
SETTINGS = parse_settings((DEPLOY / "workspace" / "yunshao.yaml").read_text("utf-8"), "yunshao.yaml")


def test_every_part_of_a_cluster_is_there() -> None:
    assert set(SERVICES) == {"broker", "node", "dashboards", "topics", "collector", "worker-1", "worker-2", "console"}
    assert {service["command"][0] for service in OURS.values()} == {"topics", "collect", "worker", "up"}


def test_images_are_those_of_the_two_projects_in_a_fixed_version_and_our_own() -> None:
    others = {service["image"] for name, service in SERVICES.items() if name not in OURS}
    pattern = r"(apache/kafka|opensearchproject/opensearch|opensearchproject/opensearch-dashboards):\d+\.\d+\.\d+"
    assert all(re.fullmatch(pattern, image) for image in others)
    assert (DEPLOY / "Dockerfile").is_file()
    assert OURS["console"]["build"]["dockerfile"] == "deploy/Dockerfile"


@pytest.mark.parametrize("name", OURS)
def test_commands_and_options_are_the_products(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = OURS[name]["command"]
    assert words[0] in COMMANDS
    verbs = words[: words.index("--workspace")]
    assert run([*verbs, "--help"]) == 0
    said = capsys.readouterr().out
    for word in words:
        assert not word.startswith("--") or word in said


def test_the_workspace_names_the_services_and_their_ports() -> None:
    cluster = SETTINGS.cluster
    assert cluster is not None
    assert SERVICES["broker"]["environment"]["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{cluster.kafka}"
    assert cluster.kafka.partition(":")[0] in SERVICES
    assert re.fullmatch(r"http://node:9200", cluster.opensearch)
    workers = [service for service in OURS.values() if service["command"][0] == "worker"]
    assert len({service["command"][-1] for service in workers}) == len(workers) <= cluster.partitions
    listening = {address.rpartition(":")[2] for source in SETTINGS.sources for address in (source.udp, source.tcp)}
    published = {port.rpartition(":")[2].partition("/")[0] for port in SERVICES["collector"]["ports"]}
    assert published == listening
    assert f":{SETTINGS.console.port}" in SERVICES["console"]["ports"][0]


def test_the_workspace_opens() -> None:
    assert open_workspace(DEPLOY / "workspace").estate.units


def test_what_is_published_without_a_password_is_published_to_this_machine_alone() -> None:
    for name in ("console", "dashboards"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])
    assert not any("ports" in SERVICES[name] for name in ("broker", "node", "worker-1", "worker-2"))


def test_the_broker_is_told_what_our_own_is_told() -> None:
    """The image makes `KAFKA_A_B` the property `a.b`."""
    told = {
        name.removeprefix("KAFKA_").lower().replace("_", ".") for name in SERVICES["broker"]["environment"]
    }  # fmt: skip
    known = set(re.findall(r"(?m)^(?:BROKER = \"\"\")?([a-z.]+)=", (DEPLOY / "servers.py").read_text("utf-8")))
    assert told <= known
