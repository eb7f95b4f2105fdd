"""The demo's city on a cluster: engines that are named or started here, workers and a collector as processes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.roles.cluster import cluster_of, settle_cluster
from console.roles.collect import Collector
from console.roles.demo import cluster_line, make_city, named_cluster
from console.roles.every import Every
from yunshao.adapters.kafka.apply import apply, missing_topics
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.errors import BadConfiguration, Unreachable

WORKERS = max(1, min(2, os.cpu_count() or 1))
SERVERS = Path(__file__).resolve().parents[2] / "deploy" / "servers.py"
STOP_SECONDS = 40
MIND_SECONDS = 3.0
STOOD_STILL = 70
SETTLE_SECONDS = 900.0
Say = Callable[[str], None]
Progress = Callable[[str, int], None]


class DemoCluster:
    """Everything that the distributed demo starts, and ends again."""

    def __init__(self, folder: Path, seed: int, kafka: str, opensearch: str, say: Say, progress: Progress) -> None:
        """Raises BadConfiguration where no engines are named and none can be started, Unreachable where they are
        away."""
        self._say = say
        self._progress = progress
        self._servers: list[Any] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._minding = Every("minding", MIND_SECONDS, self.mind)
        try:
            line = self._engines(folder, kafka, opensearch)
            self.place = make_city(folder, seed, progress, line)
            self._check()
            apply(cluster_of(self.place))
        except BaseException:
            self.stop()
            raise

    def _engines(self, folder: Path, kafka: str, opensearch: str) -> str:
        """The line of the settings that names the engines; those of an earlier demo are used where they answer."""
        prefix = f"demo-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
        if bool(kafka) != bool(opensearch):
            raise BadConfiguration("a broker and a node belong together", "name both --kafka and --opensearch")
        if kafka:
            return cluster_line(kafka, opensearch, prefix, WORKERS)
        named = named_cluster(folder)
        if named and (folder / "servers").is_dir():
            return self._started(folder, prefix, *(int(address.rpartition(":")[2]) for address in named))
        if named:
            return cluster_line(*named, prefix, WORKERS)
        return self._started(folder, prefix, 0, 0)

    def _started(self, folder: Path, prefix: str, kafka_port: int, search_port: int) -> str:
        servers = _servers()
        why = servers.missing() if servers else "deploy/servers.py belongs to a checkout of the project"
        if why:
            mend = "install Java 17 and 21 and Maven, or name --kafka HOST:PORT and --opensearch URL"
            raise BadConfiguration(f"no broker and no node: {why}", mend)
        data = folder / "servers"
        self._say("starting a broker and a node; the first time they are downloaded, some 200 MB")
        try:
            for made in (
                servers.Kafka(kafka_port, data / "kafka"),
                servers.Search(search_port, data / "opensearch"),
            ):
                self._servers.append(made)
                made.start()
        except servers.ServerTrouble as error:
            raise Unreachable(" ".join(str(error).split())[:300], "see deploy/servers.py", str(data)) from None
        return cluster_line(self._servers[0].address, self._servers[1].address, prefix, WORKERS)

    def _check(self) -> None:
        """One clear line for an engine that is away."""
        cluster = cluster_of(self.place)
        missing_topics(cluster)
        SearchStore(cluster).close()

    def start_workers(self) -> None:
        """Workers as processes; what they say is in the data folder."""
        for number in range(1, WORKERS + 1):
            self._start(f"worker-{number}", "worker", "--name", f"demo-{number}", "--level", "warn")

    def start_collecting(self) -> None:
        """A collector as a process."""
        self._start("collect", "collect")
        self._minding.start()

    def drain(self) -> int:
        """Send what is there and wait until the workers have judged all; gives how many records. Raises Unreachable."""
        collector = Collector(self.place)
        try:
            count = collector.drain()
        finally:
            collector.close()
        settle_cluster(cluster_of(self.place), SETTLE_SECONDS, self._watched)
        return count

    def _watched(self, what: str, count: int) -> None:
        self._progress(what, count)
        self.mind()

    def mind(self) -> None:
        """Start again what stood still and ended itself. Raises Unreachable where one has ended for another reason."""
        for name, process in list(self._processes.items()):
            code = process.poll()
            if code == STOOD_STILL:
                self._start(name, *self._words[name])
            elif code is not None:
                log = self._log(name)
                raise Unreachable(f"{name} has ended with code {code}", "its log says why", str(log))

    def _log(self, name: str) -> Path:
        return self.place.data / f"{name}.log"

    def _start(self, name: str, *words: str) -> None:
        self._words[name] = words
        command = [sys.executable, "-m", "console.cli.main", words[0], "-w", str(self.place.folder), *words[1:]]
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """Workers and collector finish what they are at; then the servers, where they were started here."""
        self._minding.stop()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for server in reversed(self._servers):
            server.stop()


def _servers() -> Any:
    """`deploy/servers.py` of a checkout; None where the product was installed without it."""
    if not SERVERS.is_file():
        return None
    spec = importlib.util.spec_from_file_location("yunshao_servers", SERVERS)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
