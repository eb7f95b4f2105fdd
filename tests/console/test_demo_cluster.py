"""The demo on a cluster: its settings name the engines, anew where those have moved; without any it says one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import cli

from console.roles import demo_cluster
from console.roles.demo import SETTINGS, cluster_line, make_city, named_cluster
from console.wiring import open_workspace
from yunshao.errors import WrongUse

FIRST = cluster_line("127.0.0.1:9092", "http://127.0.0.1:9200", "demo-1", 2)
MOVED = cluster_line("127.0.0.1:9094", "http://127.0.0.1:9201", "demo-1", 2)


def quiet(_what: str, _count: int) -> None:
    """Nobody looks."""


def test_the_engines_stand_in_the_settings_and_may_move(tmp_path: Path) -> None:
    assert named_cluster(tmp_path) is None
    (tmp_path / "yunshao.yaml").write_text(SETTINGS + FIRST, encoding="utf-8")
    assert named_cluster(tmp_path) == ("127.0.0.1:9092", "http://127.0.0.1:9200")
    make_city(tmp_path, 1, quiet, MOVED)
    cluster = open_workspace(tmp_path).settings.cluster
    assert cluster is not None
    assert (cluster.kafka, cluster.opensearch, cluster.partitions) == ("127.0.0.1:9094", "http://127.0.0.1:9201", 2)


@pytest.mark.parametrize("text", [SETTINGS, "language: en\n", SETTINGS + "cluster: {kafka: mine, opensearch: mine}\n"])
def test_a_workspace_of_another_kind_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "yunshao.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WrongUse):
        make_city(tmp_path, 1, quiet, FIRST)
    assert (tmp_path / "yunshao.yaml").read_text("utf-8") == text


def test_a_demo_on_a_cluster_is_none_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "yunshao.yaml").write_text(SETTINGS + FIRST, encoding="utf-8")
    with pytest.raises(WrongUse):
        make_city(tmp_path, 1, quiet)


def test_without_engines_one_line_says_how_to_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_cluster, "SERVERS", tmp_path / "none.py")
    done = cli("demo", "--distributed", "--once", "--dir", tmp_path / "city")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "--kafka" in done.err
    half = cli("demo", "--distributed", "--kafka", "127.0.0.1:9", "--dir", tmp_path / "city")
    assert half.code == 2
    assert "--opensearch" in half.err


def test_engines_that_are_away_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "yunshao.yaml").write_text(SETTINGS + FIRST, encoding="utf-8")
    words = ("--kafka", "127.0.0.1:9", "--opensearch", "http://127.0.0.1:9")
    done = cli("demo", "--distributed", "--once", "--dir", tmp_path, *words)
    assert done.code == 3
    assert done.err.count("\n") == 1
