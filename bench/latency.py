"""From HTTP push to the alert on the live stream of the console, at a steady rate."""

from __future__ import annotations

import http.client
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import orjson

from bench.lines import event
from console.wiring import open_workspace

RATE, SECONDS, EVERY = 1000, 30, 50
PASSWORD = "a-bench-password"


@contextmanager
def running(workspace: Path) -> Iterator[str]:
    """`yunshao up` on a free port; gives host:port."""
    base = [sys.executable, "-m", "console.cli.main"]
    subprocess.run([*base, "init", str(workspace)], check=True, stdout=subprocess.DEVNULL)
    add = [*base, "user", "add", "bench", "--role", "operator", "--password-stdin", "-w", str(workspace)]
    subprocess.run(add, check=True, input=PASSWORD.encode(), stdout=subprocess.DEVNULL)
    process = subprocess.Popen([*base, "up", "--port", "0", "-w", str(workspace)], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    address = ""
    for line in process.stderr:
        if found := re.search(r"console: http://([^/]+)/", line):
            address = found[1]
            break
    threading.Thread(target=process.stderr.read, daemon=True).start()
    try:
        yield address
    finally:
        process.terminate()
        process.wait(30)


def log_in(address: str) -> str:
    """The session's cookie."""
    connection = http.client.HTTPConnection(address)
    form = urlencode({"name": "bench", "password": PASSWORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{address}"}
    connection.request("POST", "/login", form, headers)
    answer = connection.getresponse()
    answer.read()
    return "; ".join(value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")


def listen(address: str, cookie: str, seen: dict[str, float], stop: threading.Event) -> None:
    """Note when each marked principal first appears on the live stream."""
    connection = http.client.HTTPConnection(address, timeout=120)
    connection.request("GET", "/live", headers={"Cookie": cookie, "Accept": "text/event-stream"})
    answer = connection.getresponse()
    while not stop.is_set():
        line = answer.readline()
        if not line:
            return
        for mark in re.findall(rb"marked-[0-9]+", line):
            seen.setdefault(mark.decode(), time.monotonic())


def push(address: str, token: str) -> dict[str, float]:
    """Push at the rate for the time; gives when each marked event was sent."""
    chance = random.Random(7)
    sent: dict[str, float] = {}
    connection = http.client.HTTPConnection(address, timeout=60)
    started = time.monotonic()
    for batch in range(SECONDS * 10):
        time.sleep(max(0.0, started + batch / 10 - time.monotonic()))
        rows = [event(chance, number) for number in range(RATE // 10)]
        mark = f"marked-{batch}"
        if batch % (EVERY // 10) == 0:
            rows[0] |= {
                "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": False,
                "userIdentity": {"type": "IAMUser", "userName": mark, "arn": f"arn:aws:iam::111122223333:user/{mark}",
                                 "accountId": "111122223333", "principalId": uuid.uuid4().hex},
                "requestParameters": {"name": "city-trail"},
            }  # fmt: skip
            sent[mark] = time.monotonic()
        body = b"\n".join(orjson.dumps(row) for row in rows)
        connection.request("POST", "/intake/aws.cloudtrail", body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
    return sent


def latency(folder: Path) -> dict[str, object]:
    """p50 and p99 from the push to the console's stream."""
    workspace = folder / "latency"
    with running(workspace) as address:
        seen: dict[str, float] = {}
        stop = threading.Event()
        cookie = log_in(address)
        threading.Thread(target=listen, args=(address, cookie, seen, stop), daemon=True).start()
        time.sleep(8)  # detectors that learn load late
        sent = push(address, open_workspace(workspace).push_token)
        time.sleep(5)
        stop.set()
    waits = sorted(seen[mark] - at for mark, at in sent.items() if mark in seen)
    lost = len(sent) - len(waits)
    p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))]
    return {
        "what": f"HTTP push to alert on the live stream, {RATE:,} events/s for {SECONDS} s",
        "value": f"p50 {waits[len(waits) // 2]:.2f} s, p99 {p99:.2f} s",
        "goal": "p99 under 2 s",
        "beside": f"{len(waits)} alerts measured, {lost} not seen",
    }
