"""The small city, made once for all tests of the console that only look."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "yunshao" / "adapters"))
from small_city import SmallCity, small_city


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCity]:
    """Shared: tests change only alerts that they pick themselves."""
    made = small_city(tmp_path_factory.mktemp("city"))
    yield made
    made.up.pipeline.stop()
