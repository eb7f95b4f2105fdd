"""kill -9 in the middle of `up`, again and again: nothing that was promised is lost, nothing is doubled."""

from __future__ import annotations

import http.client
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
from flow.cli import yunshao

from playbooks.scenes import demo_city, everyday, story
from playbooks.scenes.line import Line

KILLS = 4
NOW = 1_790_000_000_000


def _traffic() -> list[Line]:
    city = demo_city()
    lines = list(everyday(city, 11, NOW, NOW + 10 * 3_600_000, 2_500))
    for number, name in enumerate(("mass_delete", "kms_key_deletion", "snapshot_shared", "root_login")):
        lines += story(name, city, NOW + number * 3_600_000, 11)
    found = [one for one in lines if one.source == "aws.cloudtrail"]
    return [*found, *_the_same_again(found[0])]


def _the_same_again(line: Line) -> list[Line]:
    """A rule that fires four times on one actor within an hour, so that there is something to count."""
    native = orjson.loads(line.raw)
    native.pop("errorCode", None)
    native |= {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": False}
    native["requestParameters"] = {"name": "city-trail"}
    return [
        line._replace(raw=orjson.dumps(native | {"eventID": f"00000000-0000-4000-8000-00000000000{number}"}))
        for number in range(4)
    ]


class _Running:
    """`yunshao up` as a process that can be killed."""

    def __init__(self, place: Path) -> None:
        command = [sys.executable, "-m", "console.cli.main", "up", "--port", "0", "-w", str(place)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.address = ""
        assert self.process.stderr
        for line in self.process.stderr:
            if found := re.search(r"http://([^/\s]+)/", line):
                self.address = found[1]
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


def _push(address: str, token: str, lines: list[Line], promised: set[str], stop: threading.Event) -> None:
    """Push small batches; note the ids of those that were answered 202."""
    while lines and not stop.is_set():
        batch = lines[:20]
        try:
            connection = http.client.HTTPConnection(address, timeout=20)
            connection.request(
                "POST",
                "/intake/aws.cloudtrail",
                b"\n".join(one.raw for one in batch),
                {"Authorization": f"Bearer {token}"},
            )
            if connection.getresponse().status == 202:
                promised.update(orjson.loads(one.raw)["eventID"] for one in batch)
                del lines[:20]
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)


def _workspace(place: Path, lines: list[Line]) -> Path:
    """A workspace with these lines in its log file, and listeners that take any free port."""
    assert yunshao("init", place).code == 0
    settings = (place / "yunshao.yaml").read_text(encoding="utf-8")
    (place / "yunshao.yaml").write_text(
        re.sub(r"    (udp|tcp): .*\n", "    \\1: 127.0.0.1:0\n", settings), encoding="utf-8"
    )
    log = place / "logs" / "aws.cloudtrail" / "trail.json"
    log.write_bytes(b"".join(one.raw + b"\n" for one in lines))
    return place


def _counted(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """What single-event rules counted; correlations may conclude at other moments when events come in another order."""
    rules = [row for row in rows if row["kind"] == "rule"]
    return {row["id"]: (row["count"], row["first"], row["last"], row["event_ids"], row["level"]) for row in rules}


def test_nothing_promised_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    chance = random.Random(3)
    traffic = _traffic()
    in_file, pushed = traffic[::2], traffic[1::2]
    place = _workspace(tmp_path / "city", in_file)
    promised: set[str] = set()
    for kill in range(1, KILLS + 1):
        up, stop = _Running(place), threading.Event()
        token = (place / "data" / "keys" / "push.token").read_text(encoding="ascii").strip()
        pusher = threading.Thread(target=_push, args=(up.address, token, pushed, promised, stop))
        pusher.start()
        # The last of them lives until it has promised something, however slow the machine is.
        patience = time.monotonic() + (60 if kill == KILLS else 0)
        while not promised and time.monotonic() < patience:
            time.sleep(0.05)
        time.sleep(chance.uniform(0.2, 2.0))
        up.kill()
        stop.set()
        pusher.join(30)
    assert yunshao("up", "--drain", "-w", place).code == 0
    query = "SELECT uid, count(*) AS n FROM events GROUP BY uid"
    found = {
        row["uid"]: row["n"]
        for row in yunshao("hunt", query, "--limit", "100000", "-w", place, "--format", "ndjson").rows
    }
    assert promised
    assert not {key for key, count in found.items() if count > 1}
    assert promised <= set(found)
    assert {orjson.loads(one.raw)["eventID"] for one in in_file} <= set(found)
    rows = yunshao("alerts", "list", "--limit", "5000", "-w", place, "--format", "ndjson").rows
    seen = [(row["rule_id"], tuple(row["event_ids"])) for row in rows]
    assert rows
    assert len(seen) == len(set(seen))
    assert len({row["id"] for row in rows}) == len(rows)
    stored = [one for one in traffic if orjson.loads(one.raw)["eventID"] in found]
    undisturbed = _workspace(tmp_path / "undisturbed", stored)
    assert yunshao("up", "--drain", "-w", undisturbed).code == 0
    others = yunshao("alerts", "list", "--limit", "5000", "-w", undisturbed, "--format", "ndjson").rows
    assert _counted(rows) == _counted(others)
    assert any(row["count"] > 1 for row in rows if row["kind"] == "rule")
