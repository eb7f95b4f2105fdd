"""A worker of a cluster: the parts of a workspace in a Faust application, by `yunshao worker` or by `faust -A`."""

from __future__ import annotations

import logging
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

from console.roles.cluster import cluster_of
from console.roles.worker_beat import Beat
from console.wiring import Workspace, open_workspace, settled, wall_clock
from streams.run_faust import Worker
from streams.run_faust_settings import Parts, credentials_of
from yunshao.adapters.kafka.apply import missing_topics
from yunshao.adapters.kafka.connect import PASSWORD
from yunshao.adapters.kafka.readback import read_back
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.errors import WrongUse
from yunshao.settings import ClusterSettings

NAME = "YUNSHAO_WORKER"
WEB_PORT = "YUNSHAO_WORKER_PORT"


def check_engines(place: Workspace) -> ClusterSettings:
    """Whether both engines answer. Raises WrongUse where topics are missing, Unreachable where an engine is away."""
    cluster = cluster_of(place)
    missing = missing_topics(cluster)
    if missing:
        raise WrongUse(f"{len(missing)} topics are missing, such as {missing[0]}", "`yunshao topics apply` makes them")
    SearchStore(cluster).close()
    return cluster


def worker_of(place: Workspace, name: str, web_port: int = 0) -> Worker:
    """The application. Raises as `check_engines` does."""
    cluster = check_engines(place)
    folder = place.data / "worker" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Worker(
        Parts(
            cluster=cluster,
            rooms=place.rooms(),
            store=SearchStore(cluster),
            clock=wall_clock,
            flood=place.settings.detect.flood,
            name=name,
            folder=folder,
            web_port=web_port,
            read_back=partial(read_back, cluster),
            credentials=credentials_of(cluster, os.environ.get(PASSWORD, "")),
        )
    )
    settled()
    return made


def default_name() -> str:
    """A name that this machine's only worker keeps over its restarts."""
    return os.environ.get(NAME) or f"{socket.gethostname()}-1"


def run_worker(place: Workspace, name: str, web_port: int, level: str) -> None:
    """In place of this process: until SIGTERM or SIGINT."""
    check_engines(place)
    environment = {**os.environ, "YUNSHAO_WORKSPACE": str(place.folder), NAME: name, WEB_PORT: str(web_port)}
    command = [sys.executable, "-m", "faust", "-A", "console.roles.faust_app", "worker", "--loglevel", level]
    if not web_port:
        command.append("--without-web")
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own interpreter with our own words


def app_of_environment() -> Any:
    """For `faust -A console.roles.faust_app worker`: YUNSHAO_WORKSPACE, YUNSHAO_WORKER, YUNSHAO_WORKER_PORT."""
    for noisy in ("kafka", "aiokafka", "opensearch"):
        # They tell of every request.
        logging.getLogger(noisy).setLevel(logging.WARNING)
    place = open_workspace(Path(os.environ.get("YUNSHAO_WORKSPACE", ".")))
    name = default_name()
    app = worker_of(place, name, int(os.environ.get(WEB_PORT) or 0)).app
    Beat(app, SearchStore(cluster_of(place)), name, wall_clock).start()
    return app
