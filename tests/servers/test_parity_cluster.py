"""One verdict: one process, and a broker with two workers and a node, give the same alerts, to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_workers import WorkerProcess, workspace

from collectors.catalog import COLLECTORS, PARSERS
from collectors.spec import samples
from console.roles.cluster import settle_cluster
from console.wiring import Workspace, open_workspace
from playbooks.scenes import Line, demo_city, demo_estate, demo_history, story
from streams.run_embedded import Embedded
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.adapters.kafka.apply import apply
from yunshao.adapters.stores.forms import alert_to_json
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.errors import Rejection
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.event import Record, native_digest
from yunshao.ports import DrillRegister
from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]

NOW = 1_790_000_000_000
HOUR = 3_600_000
EVERY = AlertQuery(drill="any", staged="any", limit=10_000)


def capture(days: int, per_hour: int) -> tuple[list[Line], list[Line]]:
    """Days of a city with every story in them, in order of time; and what of it a drill sends."""
    city = demo_city()
    drill = story("mass_delete", city, NOW - 3 * HOUR, "a drill")
    lines = [*demo_history(city, 11, NOW, days, per_hour), *drill]
    return sorted(lines, key=lambda line: line.time), drill


def of_every_source() -> list[Line]:
    """The samples of every collector, good and refused, at their own times: most of them long before the city's."""
    found = []
    for collector in COLLECTORS:
        for sample in samples(collector):
            try:
                native = collector.parser.decode(sample.raw, "")
                at = collector.parser.identify(native).time
            except Rejection:
                at = 0
            found.append(Line(collector.source, at, sample.raw))
    return found


def register(store: DrillRegister, lines: Sequence[Line]) -> None:
    rows = []
    for line in lines:
        parser = PARSERS[line.source]
        native = parser.decode(line.raw, "")
        rows.append((line.source, parser.identify(native).uid, native_digest(native), line.time))
    store.register("drill-1", rows)


class Told:
    """An intake that gives lines of a list."""

    name = "told"

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def read(self, offset: str, limit: int) -> tuple[list[Record], str]:
        start = int(offset or 0)
        part = list(self._records[start : start + limit])
        return part, str(start + len(part))


def records_of(lines: Sequence[Line]) -> list[Record]:
    return [Record(line.source, line.raw, number, NOW + HOUR) for number, line in enumerate(lines, start=1)]


def embedded(place: Workspace, records: Sequence[Record], drill: Sequence[Line], now: int = NOW + HOUR) -> MemoryStore:
    """What one process that nobody kills makes of these. `now`: after the last of them; what is from the future moves
    no time."""
    store = MemoryStore()
    register(store, drill)
    runner = Embedded(place.rooms(), store, [Told(records)], lambda: now, 5_000)
    while runner.turn().records:
        pass
    runner.settle()
    return store


def comparable(alerts: Sequence[Alert]) -> dict[str, str]:
    """Each alert as it is stored, but for the moment at which it was seen."""
    return {alert.id: alert_to_json(replace(alert, detected=0)) for alert in alerts}


def through_cluster(
    folder: Path, cluster: ClusterSettings, records: Sequence[Record], seconds: float, workers: int = 2
) -> SearchStore:
    """Sent to the broker first, then read by workers; gives the store when all of it is judged."""
    bus = KafkaBus(cluster)
    for start in range(0, len(records), 5_000):
        bus.send("told", records[start : start + 5_000])
    bus.close()
    running = [WorkerProcess(folder, f"worker-{number}") for number in range(workers)]
    try:
        settle_cluster(cluster, seconds, lambda _what, _left: [worker.again() for worker in running])
    finally:
        for worker in running:
            worker.stop()
    return SearchStore(cluster)


def said_by_workers(folder: Path) -> str:
    """What workers had to say that is no everyday matter."""
    lines = [line for log in folder.glob("worker-*.log") for line in log.read_text("utf-8", "replace").splitlines()]
    return "\n".join(line[:300] for line in lines if "begins at" in line or "WARN" in line or "ERROR" in line)


def check_parity(
    folder: Path, cluster: ClusterSettings, days: int, per_hour: int, seconds: float = 240.0
) -> tuple[int, int]:
    """How many records, and how many alerts, were the same both ways."""
    apply(cluster)
    place = open_workspace(workspace(folder, cluster, demo_estate()))
    lines, drill = capture(days, per_hour)
    records = records_of(sorted([*lines, *of_every_source()], key=lambda line: line.time))
    assert {record.source for record in records} == set(PARSERS)
    register(SearchStore(cluster), drill)
    expected = embedded(place, records, drill)
    found = through_cluster(folder, cluster, records, seconds)
    wanted, got = comparable(expected.alerts(EVERY)), comparable(found.alerts(EVERY))
    assert wanted
    assert {alert.finding.kind for alert in expected.alerts(EVERY)} >= {"rule", "correlation", "behaviour"}
    assert any(alert.drill for alert in expected.alerts(EVERY))
    missing = [text for key, text in wanted.items() if key not in got]
    assert (missing, [text for key, text in got.items() if key not in wanted]) == ([], []), said_by_workers(folder)
    assert {key: (got[key], text) for key, text in wanted.items() if got[key] != text} == {}
    counts = ("source", "received", "processed", "rejected", "repeated", "last_event")
    rows = [{name: row[name] for name in counts} for row in found.sources()]
    assert rows == [{name: row[name] for name in counts} for row in expected.sources()]
    return len(records), len(wanted)


def test_a_small_capture_of_all_sources_gives_the_same_alerts(tmp_path: Path, cluster: ClusterSettings) -> None:
    assert check_parity(tmp_path / "city", cluster, 9, 12)[0] > 1_500
