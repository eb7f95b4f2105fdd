"""What folding costs: many findings of one group, in batches as the runner commits them, into a store on disk.

python -m bench.folding [FINDINGS]
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streams.correlate import Folded, Guard
from yunshao.adapters.stores.forms import alert_to_json
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.model.alert import AlertQuery
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import Finding
from yunshao.ports import Batch

COUNT, BATCH = 1_000_000, 5_000
HOUR = 1_767_268_800_000
SAID = {"zh": "登录失败", "en": "A log-in failed"}


class _Memories(dict[tuple[str, str], Any]):
    def remembered(self, key: tuple[str, str]) -> Any:
        return self.get(key)

    def remember(self, key: tuple[str, str], memory: Any, due: int) -> None:
        self[key] = (memory, due)[0]


def repeat(number: int) -> Finding:
    """The n-th finding of one rule about one entity in one hour."""
    time_ = HOUR + number * 3_599_999 // COUNT
    ref = EventRef("syslog", f"event-{number}", time_)
    return Finding("rule", "log_in_failed", SAID, "medium", time_, "root", (ref,), Owner("metro"), SAID)


def main(count: int) -> None:
    """Fold, commit, and say what came of it."""
    memories = _Memories()
    with TemporaryDirectory() as name:
        store = SqliteStore(Path(name))
        started = time.process_time()
        for start in range(0, count, BATCH):
            folded = Folded(Guard(memories))
            for number in range(start, min(count, start + BATCH)):
                folded.take([repeat(number)], HOUR, lambda _: "")
            store.commit(Batch(alerts=folded.alerts))
        spent = time.process_time() - started
        alerts = store.alerts(AlertQuery(limit=100))
        store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} findings in {spent:.1f} s of one core ({spent / count * 1e6:.1f} µs each), peak {peak:.0f} MiB")
    for one in alerts:
        print(f"{one.count} findings in one alert of {len(alert_to_json(one))} bytes, {len(one.events)} events kept")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
