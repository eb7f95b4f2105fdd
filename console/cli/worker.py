"""`yunshao worker`: one of any number of processes that turn records into alerts on a cluster."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import WorkspaceOption, new_app
from console.roles.worker import default_name, run_worker
from console.wiring import open_workspace

app = new_app("Turn records into alerts on a cluster, beside any number of other workers.")


@app.command()
def worker(
    workspace: WorkspaceOption = Path(),
    name: Annotated[str, typer.Option(help="Its own among all workers, and the same after a restart.")] = "",
    web_port: Annotated[int, typer.Option(min=0, max=65535, help="Port for health and figures; 0: none.")] = 0,
    level: Annotated[str, typer.Option(help="What is logged: info, warn or error.")] = "info",
) -> None:
    """Until Ctrl-C or SIGTERM. The topics are made by `yunshao topics apply`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("kafka", "opensearch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    run_worker(open_workspace(workspace.resolve()), name or default_name(), web_port, level)
