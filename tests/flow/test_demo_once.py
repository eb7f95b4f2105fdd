"""The whole way, as a user sees it: logs of a city to a verified report, in one command and without a server."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from flow.cli import Done, started, yunshao


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A demo that ran once."""
    folder = tmp_path_factory.mktemp("demo") / "city"
    return folder, started("demo", "--dir", folder, "--once", timeout=280)


def test_it_ends_well_and_says_where_things_are(city: tuple[Path, Done]) -> None:
    folder, done = city
    assert done.code == 0, done.err
    assert str(folder) in done.out.decode() + done.err


def test_alerts_belong_to_units_and_one_story_is_nobodys(city: tuple[Path, Done]) -> None:
    folder, _ = city
    rows = yunshao("alerts", "list", "-w", folder, "--limit", "5000", "--format", "ndjson").rows
    assert len(rows) >= 10
    assert len({row["unit"] for row in rows}) >= 4
    assert "unowned" in {row["unit"] for row in rows}
    assert not [row for row in rows if row["drill"]]


def test_all_kinds_of_detectors_spoke(city: tuple[Path, Done]) -> None:
    folder, _ = city
    rows = yunshao("alerts", "list", "-w", folder, "--limit", "5000", "--format", "ndjson").rows
    assert {"rule", "correlation"} <= {row["kind"] for row in rows}
    assert all(row["why"] and row["why_zh"] for row in rows)


def test_the_assessment_has_risks_and_the_drill_was_noticed(city: tuple[Path, Done]) -> None:
    folder, _ = city
    (assessment,) = yunshao("assess", "list", "-w", folder, "--format", "ndjson").rows
    assert assessment["risks"] > 10
    drills = yunshao("drill", "list", "-w", folder, "--format", "ndjson").rows
    assert drills
    assert all(row["state"] == "done" for row in drills)
    assert any(row["detection_rate"] == 1 for row in drills)


def test_hunting_finds_the_events_behind_an_alert(city: tuple[Path, Done]) -> None:
    folder, _ = city
    (count,) = yunshao("hunt", "SELECT count(*) AS n FROM events", "-w", folder, "--format", "ndjson").rows
    assert count["n"] > 1000
    assert yunshao("hunt", "operation:StopLogging", "-w", folder, "--format", "ndjson").rows


def test_each_bundle_verifies_and_an_altered_one_does_not(city: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = city
    bundles = sorted((folder / "data" / "reports").glob("*.zip"))
    assert len(bundles) >= 2
    for bundle in bundles:
        assert yunshao("verify", bundle).code == 0
    altered = tmp_path / "altered.zip"
    with zipfile.ZipFile(bundles[0]) as whole, zipfile.ZipFile(altered, "w") as other:
        for name in whole.namelist():
            data = whole.read(name)
            other.writestr(name, data.replace(b"e", b"a", 1) if name.endswith(".html") else data)
    assert yunshao("verify", altered).code == 1


def test_a_second_run_over_the_same_logs_adds_nothing(city: tuple[Path, Done]) -> None:
    folder, _ = city
    before = yunshao("alerts", "list", "-w", folder, "--drill", "any", "--limit", "9999", "--format", "ndjson").rows
    for file in [path for path in (folder / "logs").rglob("*") if path.is_file()]:
        shutil.copy(file, file.with_name(f"again-{file.name}"))
    assert yunshao("up", "--drain", "-w", folder).code == 0
    after = yunshao("alerts", "list", "-w", folder, "--drill", "any", "--limit", "9999", "--format", "ndjson").rows
    assert {row["id"] for row in after} == {row["id"] for row in before}
