"""`yunshao demo`: a working city in under a minute."""

from __future__ import annotations

import getpass
import importlib
import secrets
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from console.accounts import add_account
from console.cli.common import new_app, say
from console.cli.drill import run_to_end
from console.roles.assessments import run_assessment
from console.roles.demo import LIVE_FILES, Feed, make_city
from console.roles.drills import Drills
from console.roles.pipeline import Pipeline
from console.roles.reporting import build_report, bundle_path
from console.roles.up import Up
from console.wiring import Workspace, wall_clock
from playbooks.scenes import demo_city

app = new_app("A working city with its logs, alerts, assessment, drill, reports and console.")
ASSESSMENT = "city_risk_assessment"
DRILLS = ("leaked_cloud_key", "sharing_exchange_bulk_export")
SPEED = 120.0
RECENT_MS = 5 * 60_000
ACCOUNTS = (
    ("admin", "admin", ()),
    ("operator", "operator", ()),
    ("oncall", "oncall", ()),
    ("auditor", "auditor", ()),
    ("chief", "chief", ("transport",)),
)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo's workspace goes.")] = Path("demo"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the console; 0 takes a free one.")] = 8440,
    once: Annotated[bool, typer.Option("--once", help="Stop when the reports are written.")] = False,
    seed: Annotated[int, typer.Option(help="Another seed, another city's life.")] = 1,
    distributed: Annotated[
        bool,
        typer.Option("--distributed", help="On Kafka and OpenSearch: named here, or started where Java is."),
    ] = False,
    kafka: Annotated[str, typer.Option(help="With --distributed: a broker that is there, host:port.")] = "",
    opensearch: Annotated[str, typer.Option(help="With --distributed: a node that is there, its URL.")] = "",
) -> None:
    """Two weeks of a city's logs, then its life as it goes on. Every log is made by the product's own generator."""
    started = time.monotonic()
    if distributed:
        cluster = importlib.import_module("console.roles.demo_cluster").DemoCluster(
            folder.resolve(), seed, kafka, opensearch, say, progress()
        )
        try:
            cluster.start_workers()
            if once:
                _once(cluster.place, cluster.drain)
                say(f"done in {time.monotonic() - started:.0f} s")
            else:
                cluster.start_collecting()
                _serve(cluster.place, port, seed)
        finally:
            cluster.stop()
        return
    place = make_city(folder.resolve(), seed, progress())
    if once:
        _once(place, lambda: _drained(place))
        say(f"done in {time.monotonic() - started:.0f} s")
        return
    _serve(place, port, seed)


def progress() -> Callable[[str, int], None]:
    """Counts on one line of a terminal; nothing where stderr is none."""
    if not sys.stderr.isatty():
        return lambda _what, _count: None

    def tell(what: str, count: int) -> None:
        sys.stderr.write(f"\r{what}: {count} ")
        sys.stderr.flush()

    return tell


def _drained(place: Workspace) -> int:
    pipeline = Pipeline(place)
    try:
        return pipeline.drain()
    finally:
        pipeline.stop()


def _once(place: Workspace, drain: Callable[[], int]) -> None:
    by = getpass.getuser()
    say(f"{drain()} records processed")
    documents = [run_to_end(place, name, by, SPEED, True, say)["id"] for name in DRILLS]
    documents.insert(0, run_assessment(place, ASSESSMENT, by))
    for document in documents:
        report = build_report(place, document, by)
        typer.echo(f"report    {bundle_path(place, report)}")
    typer.echo(f"workspace {place.folder}")
    typer.echo(f"next      yunshao alerts list -w {place.folder}")


def _serve(place: Workspace, port: int, seed: int) -> None:
    _accounts(place)
    up = Up(place)
    feed = Feed(place.folder, demo_city(), seed)
    story = threading.Thread(target=_first_day, args=(place, up.drills), name="first day", daemon=True)
    try:
        up.start()
        feed.start()
        story.start()
        up.serve("127.0.0.1", port, lambda url: _welcome(place, url))
    finally:
        feed.stop()
        up.stop()


def _first_day(place: Workspace, drills: Drills) -> None:
    """What the visitor finds ready: an assessment, a drill, and their reports."""
    if place.store.find("drill", limit=1):
        return
    _wait(lambda: _caught_up(place), 240)
    build_report(place, run_assessment(place, ASSESSMENT, "demo"), "demo")
    drill = drills.start(DRILLS[0], "demo", SPEED, unattended=True)
    _wait(lambda: place.store.get("drill", drill)["phase"] == "over", 240)
    build_report(place, drill, "demo")


def _caught_up(place: Workspace) -> bool:
    """Whether the two weeks are read: every kind of source has come up to the last minutes."""
    rows = [row for row in place.store.sources() if row["received"]]
    recent = wall_clock() - RECENT_MS
    return len(rows) >= len(LIVE_FILES) and all((row["last_event"] or 0) > recent for row in rows)


def _wait(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.5)


def _accounts(place: Workspace) -> None:
    """Accounts of the demo, with passwords of this machine alone, kept in a file beside the data."""
    path = place.data / "demo-accounts.txt"
    if path.exists():
        return
    rows = []
    for name, role, units in ACCOUNTS:
        password = secrets.token_urlsafe(9)
        add_account(place.store, name, role, password, units)
        rows.append(f"{name}\t{password}\t{role}\n")
    path.touch(mode=0o600)
    path.write_text("".join(rows), encoding="utf-8")


def _welcome(place: Workspace, url: str) -> None:
    say(f"console   {url}")
    for row in (place.data / "demo-accounts.txt").read_text(encoding="utf-8").splitlines():
        name, password, role = row.split("\t")
        say(f"account   {name:<9} {password}   {role}")
    say("Ctrl-C ends it; the same command goes on where it was.")
