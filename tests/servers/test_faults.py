"""kill -9 under load, workers that come and go: nothing lost, nothing doubled, all balances. `make soak` is longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import servers
from faults import Trial, trial
from gate import Gate

from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]


@pytest.fixture
def small(tmp_path: Path, engines: dict[str, Any], cluster: ClusterSettings) -> Iterator[Trial]:
    """A broker of its own, which dies; the node is everybody's, so a door before it is shut."""
    gate = Gate(int(engines["opensearch"].rpartition(":")[2]))
    broker = servers.Kafka()
    broker.start()
    mine = cluster.model_copy(update={"kafka": broker.address, "opensearch": f"http://127.0.0.1:{gate.port}"})
    try:
        yield from trial(tmp_path / "city", mine, broker, (gate.shut, gate.open), seed=7, count=15_000, pause=0.4)
    finally:
        gate.shut()
        broker.stop()


def test_whatever_dies_under_load_nothing_is_lost_and_nothing_doubled(
    small: Trial, record_property: Callable[[str, object], None]
) -> None:
    for kind in ("worker", "joins", "broker", "collector", "node", "leaves"):
        small.fault(kind)
    small.finish()

    def show(text: str) -> None:
        record_property("show", text)

    small.table(show)
    small.check(show)
