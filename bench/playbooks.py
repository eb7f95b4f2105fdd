"""What many runs of playbooks cost: 500 at once from start to end, and 10,000 that wait while nothing is due.

python -m bench.playbooks [RUNS] [TIMERS]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playbooks.engine import machine
from playbooks.engine.program import parse_program
from yunshao.adapters.stores.sqlite import SqliteStore

RUNS, TIMERS, T0 = 500, 10_000, 1_790_000_000_000
SAID = {"zh": "一", "en": "one"}
STEPS = 10


def runs(store: SqliteStore, count: int) -> float:
    """Seconds from the first turn until `count` runs of ten acts are over."""
    steps = [{"id": f"s{n}", "title": SAID, "act": "note"} for n in range(STEPS)]
    program = parse_program({"id": "b", "kind": "response", "title": SAID, "summary": SAID, "steps": steps}, "bench")
    for number in range(count):
        store.put("run", f"r{number}", machine.start(program, f"r{number}", {}, "bench", T0))
    began = time.perf_counter()
    while turned(store, T0):
        pass
    return time.perf_counter() - began


def turned(store: SqliteStore, now: int) -> int:
    """One tick as the shell does it: turns in one transaction, then each command and its event."""
    wanted: dict[str, list[machine.Command]] = {}

    def turn(run: machine.Run) -> machine.Run:
        changed, wanted[run["id"]] = machine.turn(run, now)
        return changed

    done = store.change_due("run", now, turn, 200)
    for run in done:
        for one in wanted[run["id"]]:
            path = one["path"]
            store.change("run", run["id"], lambda kept, path=path: machine.acted(kept or {}, path, True, now))
    return len(done)


def timers(store: SqliteStore, count: int) -> tuple[float, float]:
    """(ms of a tick while all wait, seconds to wake all of them)."""
    steps = [{"id": "w", "title": SAID, "wait": "1h"}]
    program = parse_program({"id": "t", "kind": "response", "title": SAID, "summary": SAID, "steps": steps}, "bench")
    for number in range(count):
        store.put("run", f"t{number}", machine.start(program, f"t{number}", {}, "bench", T0))
    while turned(store, T0):
        pass
    began = time.perf_counter()
    for _ in range(100):
        turned(store, T0 + 1)
    idle = (time.perf_counter() - began) * 10
    began = time.perf_counter()
    while turned(store, T0 + 3_600_000):
        pass
    return idle, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    count, waiting = (int(word) for word in (sys.argv[1:] + [str(RUNS), str(TIMERS)][len(sys.argv) - 1 :])[:2])
    with TemporaryDirectory() as name:
        store = SqliteStore(Path(name))
        took = runs(store, count)
        print(f"{count} runs of {STEPS} acts: {took:.1f} s, {count * STEPS / took:,.0f} acts/s")
        idle, woken = timers(store, waiting)
        print(f"{waiting} timers: a tick while all wait {idle:.3f} ms; waking all {woken:.1f} s")


if __name__ == "__main__":
    main()
