"""The ledger: what balances, what is off and where, and what is only on its way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from in_process import cli

from console.roles.balance import Counted, balance
from console.roles.pipeline import Pipeline
from console.wiring import Workspace, wall_clock
from playbooks.scenes import demo_estate
from yunshao.ports import Batch

MINUTE = 60_000


def row(minute: int, received: int, processed: int, rejected: int = 0, repeated: int = 0) -> dict[str, Any]:
    counts = {"received": received, "processed": processed, "rejected": rejected, "repeated": repeated}
    return {"source": "zeek", "minute": minute, **counts}


def states(counted: Counted) -> dict[str, str]:
    return {one["source"]: one["state"] for one in balance(counted)}


def test_what_was_taken_is_stored_rejected_or_a_repeat() -> None:
    minutes = [row(0, 5, 3, 1, 1), row(MINUTE, 2, 2)]
    rows = balance(Counted(minutes, {"zeek": 5}, {"zeek": 1, "": 1}))
    assert [(one["source"], one["received"], one["stored"], one["off"]) for one in rows] == [
        ("zeek", 7, 5, ""),
        ("all", 7, 5, ""),
    ]
    assert states(Counted(minutes, {"zeek": 4}, {"zeek": 1, "": 1}, {"zeek": 1}, 7)) == {
        "zeek": "balances",
        "all": "balances",
    }


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (Counted([row(MINUTE, 5, 3)], {"zeek": 3}, {"": 0}), "minute 60000: +2 of 5 received"),
        (Counted([row(0, 3, 3)], {"zeek": 2}, {"": 0}), "-1 events in the store"),
        (Counted([row(0, 3, 3)], {"zeek": 4}, {"": 0}), "+1 events in the store"),
        (Counted([row(0, 3, 2, 1)], {"zeek": 2}, {"": 0}), "-1 dead letters"),
        (Counted([row(0, 3, 2, 1)], {"zeek": 2}, {"": 0}, {}, 3), "-1 dead letters"),
        (Counted([row(0, 3, 3)], {"zeek": 3}, {"": 0}, {}, 5), "2 records were handed to the broker"),
        (Counted([], {"zeek": 3}, {"": 0}), "+3 events in the store"),
    ],
)
def test_what_is_off_is_named(counted: Counted, words: str) -> None:
    rows = balance(counted)
    assert words in " ".join(one["off"] for one in rows)
    assert "off" in {one["state"] for one in rows}


def test_what_may_be_on_its_way_is_moving_but_a_minute_that_lost_something_is_off() -> None:
    assert states(Counted([row(0, 3, 3)], {"zeek": 4}, {"": 0}, {}, 9, 2)) == {"zeek": "moving", "all": "moving"}
    assert states(Counted([row(0, 4, 3)], {"zeek": 4}, {"": 0}, {}, 9, 2))["zeek"] == "off"


def test_more_received_than_taken_is_no_loss() -> None:
    assert states(Counted([row(0, 5, 3, 0, 2)], {"zeek": 3}, {"": 0}, {}, 3))["all"] == "balances"


def place(folder: Path) -> Workspace:
    (folder / "yunshao.yaml").write_text("detect: {anomalies: false, library: false}\n", encoding="utf-8")
    (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
    return Workspace(folder)


GOOD = (
    b'{"ts":1767268800.5,"uid":"C%d","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,'
    b'"proto":"tcp","_path":"conn"}'
)


def drained(here: Workspace) -> None:
    pipeline = Pipeline(here)
    pipeline.drain()
    pipeline.stop()


def test_a_workspace_balances_until_something_is_missing(tmp_path: Path) -> None:
    here = place(tmp_path)
    records = [*(GOOD % n for n in range(4)), GOOD % 1, b"no json"]
    here.spool.append("zeek", records, wall_clock(), "conn")
    drained(here)
    done = cli("ledger", "verify", "-w", tmp_path, "--format", "ndjson")
    assert done.code == 0, done.err
    (first, _) = done.rows
    assert (first["received"], first["processed"], first["rejected"], first["repeated"]) == (6, 4, 1, 1)
    assert (first["stored"], first["state"]) == (4, "balances")
    here.local.commit(Batch(received={"zeek": 2}))
    done = cli("ledger", "verify", "-w", tmp_path)
    assert done.code == 1
    assert "+2 of" in done.err


def test_a_dead_letter_goes_through_the_intake_once_more(tmp_path: Path) -> None:
    here = place(tmp_path)
    here.spool.append("zeek", [b"no json", b"neither"], wall_clock(), "conn")
    drained(here)
    done = cli("deadletter", "list", "-w", tmp_path, "--format", "ndjson")
    assert [(one["number"], one["source"], one["hint"], one["replayed"]) for one in done.rows] == [
        (2, "zeek", "conn", None),
        (1, "zeek", "conn", None),
    ]
    shown = cli("deadletter", "show", 1, "-w", tmp_path)
    assert b"no json" in shown.out
    assert cli("deadletter", "show", 9, "-w", tmp_path).code == 2
    assert cli("deadletter", "replay", 1, "-w", tmp_path).code == 0
    drained(here)
    again = cli("deadletter", "list", "-w", tmp_path, "--format", "ndjson").rows
    assert [(one["number"], bool(one["replayed"])) for one in again] == [(3, False), (2, False), (1, True)]
    refused = cli("deadletter", "replay", 1, "-w", tmp_path)
    assert refused.code == 2
    assert "already" in refused.err
    everything = cli("deadletter", "replay", "--source", "zeek", "-w", tmp_path)
    assert "2 letters" in everything.err
    assert cli("deadletter", "replay", "-w", tmp_path).code == 2
    drained(here)
    assert cli("ledger", "verify", "-w", tmp_path).code == 0


def test_what_was_kept_in_part_is_not_told_again(tmp_path: Path) -> None:
    here = place(tmp_path)
    here.spool.append("zeek", [b"x" * (2 << 20)], wall_clock(), "conn")
    drained(here)
    done = cli("deadletter", "replay", 1, "-w", tmp_path)
    assert done.code == 2
    assert "beginning" in done.err
