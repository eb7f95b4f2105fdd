"""Everything in one process: listeners, pipeline, drills, schedule, and the console."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Sequence

import uvicorn

from collectors.http_push.source import push_app
from collectors.syslog.source import SyslogListener
from console.roles.assessments import run_assessment
from console.roles.calendar import DrillCalendar
from console.roles.drills import Drills
from console.roles.incidents import Incidents
from console.roles.notices import Notices
from console.roles.pipeline import Pipeline
from console.roles.rectify import Rectifications
from console.roles.register import Risks
from console.roles.reporting import Reports
from console.roles.runs import Runs
from console.roles.schedule import run_due
from console.web.app import create_app
from console.web.desk import Desk
from console.wiring import Workspace, settled, wall_clock
from yunshao.errors import Unreachable, YunshaoError
from yunshao.ports import Bus

log = logging.getLogger("yunshao")
DRILL_EVERY_SECONDS = 0.5
SCHEDULE_EVERY_SECONDS = 15.0
NOTICES_EVERY_SECONDS = 1.0
PRUNE_EVERY_SECONDS = 3600.0


class WakingBus:
    """A bus that tells the pipeline that something came."""

    def __init__(self, bus: Bus, wake: Callable[[], None]) -> None:
        self._bus = bus
        self._wake = wake

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """Durable first, then the call to wake up."""
        self._bus.append(source, records, received, hint)
        self._wake()


class Every:
    """Calls something again and again in a thread until stopped; an error is logged and the next turn comes."""

    def __init__(self, name: str, seconds: float, call: Callable[[], object]) -> None:
        self._seconds = seconds
        self._call = call
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the turn at hand."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._call()
            except Exception:  # the shell's edge: one bad turn must not end the others
                log.exception("%s failed; it goes on", self._thread.name)
            self._stop.wait(self._seconds)


class Up:
    """The parts of a running workspace, started and stopped together."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.pipeline = Pipeline(workspace)
        self.bus = WakingBus(workspace.spool, self.pipeline.wake.set)
        self.notices = Notices(workspace)
        self.drills = Drills(workspace, self.bus, self.notices)
        self.calendar = DrillCalendar(workspace, self.drills, self.notices)
        self.runs = Runs(workspace, self.notices)
        self.incidents = Incidents(workspace, self.notices)
        self.listeners = [
            SyslogListener(self.bus, source.udp, source.tcp, wall_clock)
            for source in workspace.settings.sources
            if source.kind == "syslog"
        ]
        self.workers = [
            Every("drills", DRILL_EVERY_SECONDS, self.drills.tick),
            Every("schedule", SCHEDULE_EVERY_SECONDS, lambda: run_due(workspace)),
            Every("calendar", SCHEDULE_EVERY_SECONDS, self.calendar.tick),
            Every("playbooks", DRILL_EVERY_SECONDS, self.runs.tick),
            Every("incidents", NOTICES_EVERY_SECONDS, self.incidents.tick),
            Every("notices", NOTICES_EVERY_SECONDS, self.notices.tick),
            Every("outbox", PRUNE_EVERY_SECONDS, self.notices.sending.prune),
            # A thread a channel: one that hangs holds up no other.
            *(Every(f"channel {name}", NOTICES_EVERY_SECONDS, self._sender(name)) for name in workspace.channels),
        ]

    def _sender(self, name: str) -> Callable[[], object]:
        return lambda: self.notices.sending.flush(name)

    def desk(self) -> Desk:
        """What the pages need."""
        place = self.workspace
        return Desk(
            store=place.store,
            estate=place.estate,
            settings=place.settings,
            clock=wall_clock,
            drills=self.drills,
            notices=self.notices,
            assess=lambda playbook, by: run_assessment(place, playbook, by),
            playbooks=place.playbooks,
            rule_titles={rule.name: rule.titles for rule in (*place.rules.rules, *place.rules.correlations)},
            reports=Reports(place),
            risks=Risks(place),
            incidents=self.incidents,
            runs=self.runs,
            rectify=Rectifications(place),
            calendar=self.calendar,
            intake=push_app(self.bus, place.push_token, wall_clock),
        )

    def start(self) -> None:
        """Listeners, pipeline and workers; the console is served by `serve`."""
        settled()
        for listener in self.listeners:
            listener.start()
        self.pipeline.start()
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """In the other order; a batch at hand is finished."""
        for worker in self.workers:
            worker.stop()
        for listener in self.listeners:
            listener.stop()
        self.pipeline.stop()

    def serve(self, host: str, port: int, ready: Callable[[str], None]) -> None:
        """The console until SIGINT or SIGTERM. Raises Unreachable where the address is taken."""
        config = uvicorn.Config(
            create_app(self.desk()),
            host=host,
            port=port,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        door = bound(host, port)
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{door.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[door])


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens already: who comes before the server's loop runs waits, and is not refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        what = f"{host}:{port} cannot be bound: {error.strerror}"
        raise Unreachable(what, "another port: --port, or console.port") from None


def run_up(workspace: Workspace, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Start, serve until told to end, stop."""
    up = Up(workspace)
    try:
        up.start()
        up.serve(host, port, ready)
    except YunshaoError:
        raise
    finally:
        up.stop()
