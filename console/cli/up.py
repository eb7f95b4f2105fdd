"""`yunshao up`: the whole product on a workspace, in one process."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from console.accounts import first_account
from console.cli.common import WorkspaceOption, new_app, say
from console.roles.pipeline import Pipeline
from console.roles.up import run_up
from console.wiring import Workspace, open_workspace

app = new_app("Collect, process, schedule and serve the console in one process.")


@app.command()
def up(
    workspace: WorkspaceOption = Path(),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Instead of console.port; 0 takes a free one.")
    ] = None,
    drain: Annotated[bool, typer.Option("--drain", help="Process what is there, without a console, and end.")] = False,
) -> None:
    """Until Ctrl-C or SIGTERM. The first start makes an administrator and prints the password once."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("kafka", "opensearch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    place = open_workspace(workspace)
    if drain:
        _drain(place)
        return
    made = first_account(place.store)
    if made:
        say(f"first account: {made[0]}  password: {made[1]}")
    settings = place.settings.console
    run_up(place, settings.host, settings.port if port is None else port, lambda url: say(f"console: {url}"))


def _drain(place: Workspace) -> None:
    pipeline = Pipeline(place)
    try:
        count = pipeline.drain()
    finally:
        pipeline.stop()
    say(f"{count} records processed")
