"""The collecting process of a cluster: every intake of a workspace, its listeners and its HTTP door, into Kafka."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from collectors.http_push.source import push_app
from collectors.syslog.source import SyslogListener
from console.roles.cluster import cluster_of
from console.roles.every import Every, WakingBus, bound
from console.roles.pipeline import PipelineLock
from console.roles.taking import Taking, Telling
from console.wiring import Workspace, wall_clock
from streams.run_collect import Collecting
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.errors import Unreachable, WrongUse

TELL_EVERY_SECONDS = 10.0


class Collector:
    """What comes by syslog is spooled to the disk first, so that a broker that is away loses nothing of it; a pusher
    over HTTP hears 202 once the broker has its records, and 503 where it has not."""

    def __init__(self, place: Workspace) -> None:
        """Raises WrongUse where another process collects here, Unreachable where the broker is away."""
        self._lock = PipelineLock(place.data)
        if not self._lock.take():
            raise WrongUse("another process collects for this workspace", "stop it, or use another workspace")
        self._place = place
        self._wake, self._stop = threading.Event(), threading.Event()
        self._bus = KafkaBus(cluster_of(place))
        self._taking, self._telling = Taking(place), Telling(place)
        self._every = Every("telling", TELL_EVERY_SECONDS, self._telling.tick)
        self._collecting = Collecting(place.local, place.intakes(), self._bus.send, wall_clock)
        spool = WakingBus(place.spool, self._wake.set)
        self._listeners = [
            SyslogListener(spool, source.udp, source.tcp, wall_clock)
            for source in place.settings.sources
            if source.kind == "syslog"
        ]
        self._door: uvicorn.Server | None = None

    def drain(self) -> int:
        """Send what is there, tell its counts, and end; gives how many records. Raises Unreachable."""
        total = 0
        while count := self._collecting.turn():
            total += count
        self._telling.turn()
        return total

    def run(self, push: str = "") -> None:
        """Until SIGTERM or SIGINT; the batch at hand is finished. `push`: host:port of a door for HTTP pushes."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: self._end())
        thread = self._opened(push) if push else None
        for listener in self._listeners:
            listener.start()
        self._every.start()
        self._collecting.run(self._stop, self._wake)
        if self._door and thread:
            self._door.should_exit = True
            thread.join(timeout=30)
        self._every.stop()

    def _opened(self, push: str) -> threading.Thread:
        """The door, in a thread. Raises WrongUse, Unreachable where the address is taken."""
        host, _, port = push.rpartition(":")
        if not port.isdecimal() or int(port) > 65535:
            raise WrongUse(f"{push!r} is no host:port", "such as 0.0.0.0:8441")
        receiving = push_app(self._taking, self._place.push_token, wall_clock)
        app = Starlette(routes=[Mount("/intake", receiving)])
        config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=3)
        self._door = uvicorn.Server(config)
        door, listening = self._door, bound(host.strip("[]") or "127.0.0.1", int(port))
        thread = threading.Thread(target=lambda: door.run(sockets=[listening]), name="push", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Stop listening, tell the last counts, let go of the workspace."""
        for listener in self._listeners:
            listener.stop()
        with suppress(Unreachable):
            self._telling.turn()
        self._telling.close()
        self._taking.close()
        self._bus.close()
        self._lock.release()

    def _end(self) -> None:
        self._stop.set()
        self._wake.set()
