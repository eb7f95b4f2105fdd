"""`yunshao collect`: the records of a workspace's sources into Kafka."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import WorkspaceOption, new_app, say
from console.roles.cluster import cluster_of
from console.roles.collect import Collector
from console.wiring import open_workspace

app = new_app("Send the records of a workspace's sources to the workers of a cluster.")


@app.command()
def collect(
    workspace: WorkspaceOption = Path(),
    drain: Annotated[bool, typer.Option("--drain", help="Send what is there, and end.")] = False,
    push: Annotated[
        str, typer.Option(help="host:port that takes HTTP pushes at /intake/SOURCE; instead of cluster.push.")
    ] = "",
) -> None:
    """Until Ctrl-C or SIGTERM. How far a source was read moves only after the broker has acknowledged."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("kafka", "opensearch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    place = open_workspace(workspace)
    collector = Collector(place)
    try:
        if drain:
            say(f"{collector.drain()} records sent")
        else:
            collector.run(push or cluster_of(place).push)
    finally:
        collector.close()
