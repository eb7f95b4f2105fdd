"""What is installed is what was meant: seven names, with rules, templates and texts inside."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from house.structure import ROOMS, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of a copy of the checkout, so that building leaves no trace in it."""
    copy = tmp_path_factory.mktemp("wheel")
    for name in (*ROOMS, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    for command in (["--no-isolation"], []):
        done = subprocess.run(
            [sys.executable, "-m", "build", "--wheel", *command, str(copy)], capture_output=True, text=True
        )
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return zipfile.ZipFile(next((copy / "dist").glob("*.whl")))


def test_the_wheel_holds_the_seven_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist() if ".dist-info" not in name}
    assert tops == set(ROOMS)


def test_every_packaged_file_of_the_checkout_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    inside = set(wheel.namelist())
    there = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there <= inside, sorted(there - inside)


def test_no_dependency_installs_one_of_our_names() -> None:
    takers = importlib.metadata.packages_distributions()
    assert {name: takers[name] for name in ROOMS if set(takers.get(name, [])) - {"yunshao"}} == {}


def test_looking_at_alerts_does_not_load_scikit_learn(tmp_path: Path) -> None:
    code = "import sys, console.cli.alerts; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path).returncode == 0
