"""The collecting process of a cluster: every intake of a workspace, and its listeners, into Kafka."""

from __future__ import annotations

import signal
import threading

from collectors.syslog.source import SyslogListener
from console.roles.cluster import cluster_of
from console.roles.pipeline import PipelineLock
from console.roles.up import WakingBus
from console.wiring import Workspace, wall_clock
from streams.run_collect import Collecting
from yunshao.adapters.buses.kafka import KafkaBus
from yunshao.errors import WrongUse


class Collector:
    """What is pushed is spooled to the disk first, so that a broker that is away loses nothing of it."""

    def __init__(self, place: Workspace) -> None:
        """Raises WrongUse where another process collects here, Unreachable where the broker is away."""
        self._lock = PipelineLock(place.data)
        if not self._lock.take():
            raise WrongUse("another process collects for this workspace", "stop it, or use another workspace")
        self._wake, self._stop = threading.Event(), threading.Event()
        self._bus = KafkaBus(cluster_of(place))
        self._collecting = Collecting(place.store, place.intakes(), self._bus.send, wall_clock)
        spool = WakingBus(place.spool, self._wake.set)
        self._listeners = [
            SyslogListener(spool, source.udp, source.tcp, wall_clock)
            for source in place.settings.sources
            if source.kind == "syslog"
        ]

    def drain(self) -> int:
        """Send what is there, and end; gives how many records."""
        total = 0
        while count := self._collecting.turn():
            total += count
        return total

    def run(self) -> None:
        """Until SIGTERM or SIGINT; the batch at hand is finished."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: self._end())
        for listener in self._listeners:
            listener.start()
        self._collecting.run(self._stop, self._wake)

    def close(self) -> None:
        """Stop listening, let go of the workspace."""
        for listener in self._listeners:
            listener.stop()
        self._bus.close()
        self._lock.release()

    def _end(self) -> None:
        self._stop.set()
        self._wake.set()
