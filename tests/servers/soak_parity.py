"""The long run of one verdict, behind `make soak`: a hundred thousand events of all sources, both ways."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from test_parity_cluster import check_parity

from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(7200)]

PART = int(os.environ.get("YUNSHAO_SOAK", "1"))


def test_a_large_capture_of_all_sources_gives_the_same_alerts(
    tmp_path: Path, cluster: ClusterSettings, record_property: Callable[[str, object], None]
) -> None:
    records, alerts = check_parity(tmp_path / "city", cluster, 14, 720 // PART, seconds=3600.0)
    assert records >= 100_000 // PART
    record_property("show", f"{records:,} records of all sources: {alerts} alerts, equal to the byte both ways")
