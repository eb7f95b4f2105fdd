"""What a large drill costs: its records registered, put through the door, and judged as the drill's own.

python -m bench.drill [RECORDS]
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from bench.playbooks import runs, timers
from collectors.catalog import PARSERS
from console.roles.pipeline import Pipeline
from console.wiring import Workspace, wall_clock
from playbooks.drill.inject import prepare
from playbooks.scenes import demo_estate
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.model.event import EventRef, native_digest

RECORDS = 1_000_000
IN_TABLE = 100_000
PART = 5_000
GOAL = 5_000
RUNS, TIMERS = 500, 10_000


def line(number: int, now: int) -> bytes:
    """One CloudTrail record that no rule names."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now / 1000))
    return orjson.dumps(
        {
            "eventVersion": "1.11", "eventID": f"bench-{number:08d}", "eventTime": when, "awsRegion": "cn-north-1",
            "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "sourceIPAddress": "10.8.1.4",
            "eventType": "AwsApiCall", "recipientAccountId": "111122223333", "userAgent": "aws-sdk", "readOnly": True,
            "userIdentity": {"type": "IAMUser", "userName": f"u{number % 500}", "accountId": "111122223333"},
            "requestParameters": {"bucketName": "b", "key": f"k/{number}"},
        }
    )  # fmt: skip


def injected(folder: Path, count: int) -> tuple[float, float]:
    """(records a second of CPU time that are made and registered, that go from the door into the store), warm.

    Raises SystemExit where a record is missing or is not the drill's.
    """
    (folder / "yunshao.yaml").write_text("sources: [{name: push, source: auto, kind: push}]\n", encoding="utf-8")
    (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
    place = Workspace(folder)
    pipeline, now = Pipeline(place), wall_clock()
    made = judged = 0.0
    last = None
    for start in range(0, count, PART):
        began = time.process_time()
        lines = [("aws.cloudtrail", now, line(number, now), "") for number in range(start, min(count, start + PART))]
        found = prepare(lines, PARSERS, native_digest, now)
        place.store.register("drill-bench", [(one.source, one.uid, one.digest, now) for one in found])
        made += time.process_time() - began
        began = time.process_time()
        place.spool.append("aws.cloudtrail", [one.raw for one in found], now, "drill")
        pipeline.drain()
        judged += time.process_time() - began
        if not start and count > PART:
            # The first part pays for what is made once in the life of a process.
            made = judged = 0.0
        last = EventRef(found[-1].source, found[-1].uid, now)
    stored = sum(row["processed"] for row in place.store.ledger(0, 1 << 60))
    counted = place.store.count_events("source", 0, now + 86_400_000)
    if stored != count or counted or last is None or place.store.drill_of([last], {}) != "drill-bench":
        raise SystemExit(f"{stored} of {count} records are there, {counted} of them in figures")
    timed = count - PART if count > PART else count
    return timed / made, timed / judged


def rows(folder: Path) -> list[dict[str, str]]:
    """The rows of the table: runs, timers, a drill of many records."""
    store = SqliteStore(folder / "runs")
    took = runs(store, RUNS)
    idle, woken = timers(store, TIMERS)
    store.close()
    place = folder / "drill"
    place.mkdir()
    made, judged = injected(place, IN_TABLE)
    return [
        {"what": f"{RUNS} runs of a playbook at once, ten acts each", "value": f"{took:.1f} s", "goal": "one core",
         "beside": f"{RUNS * 10 / took:,.0f} acts a second, each kept"},
        {"what": f"{TIMERS:,} waiting timers", "value": f"{idle:.2f} ms a tick", "goal": "nothing while none is due",
         "beside": f"all woken at once in {woken:.1f} s"},
        {"what": f"a drill of {IN_TABLE:,} records, door to store", "value": f"{judged:,.0f} a second",
         "goal": f"{GOAL:,} a second", "beside": f"made and registered {made:,.0f} a second; `python -m bench.drill` for a million"},
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with TemporaryDirectory() as name:
        made, judged = injected(Path(name), count)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} records: made and registered {made:,.0f}/s; door to store, as the drill's own {judged:,.0f}/s; "
        f"{memory:,.0f} MiB at most"
    )


if __name__ == "__main__":
    main()
