"""Everything in one process: listeners, pipeline, drills, schedule, and the console."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from collectors.http_push.source import push_app
from collectors.syslog.source import SyslogListener
from console.roles.assessments import run_assessment
from console.roles.calendar import DrillCalendar
from console.roles.drills import Drills
from console.roles.duty import Duty
from console.roles.every import Every, WakingBus, bound
from console.roles.incidents import Incidents
from console.roles.notices import Notices
from console.roles.pipeline import Pipeline
from console.roles.questions import Questions
from console.roles.rectify import Rectifications
from console.roles.register import Risks
from console.roles.reporting import Reports
from console.roles.runs import Runs
from console.roles.schedule import run_due
from console.roles.shared import shared_parts
from console.web.app import create_app
from console.web.desk import Desk
from console.wiring import Workspace, settled
from yunshao.errors import YunshaoError
from yunshao.ports import Bus

DRILL_EVERY_SECONDS = 0.5
SCHEDULE_EVERY_SECONDS = 15.0
NOTICES_EVERY_SECONDS = 1.0
PRUNE_EVERY_SECONDS = 3600.0


class Up:
    """The parts of a running workspace, started and stopped together.

    On a cluster the workers are the pipeline and `yunshao collect` listens; of several consoles one has the duty.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.shared = shared_parts(workspace)
        self.pipeline = None if self.shared else Pipeline(workspace)
        self.bus: Bus = self.shared.taking if self.shared else self._waking()
        self.duty = Duty(workspace.store if self.shared else None, socket.gethostname())
        self.notices = Notices(workspace, workspace.clock)
        self.drills = Drills(workspace, self.bus, self.notices)
        self.calendar = DrillCalendar(workspace, self.drills, self.notices, workspace.clock)
        self.runs = Runs(workspace, self.notices, workspace.clock)
        self.incidents = Incidents(workspace, self.notices, workspace.clock)
        self.listeners = [
            SyslogListener(self.bus, source.udp, source.tcp, workspace.clock)
            for source in workspace.settings.sources
            if source.kind == "syslog" and self.pipeline
        ]
        self.workers = [
            self._on_duty("drills", DRILL_EVERY_SECONDS, self.drills.tick),
            self._on_duty("schedule", SCHEDULE_EVERY_SECONDS, lambda: run_due(workspace)),
            self._on_duty("calendar", SCHEDULE_EVERY_SECONDS, self.calendar.tick),
            self._on_duty("playbooks", DRILL_EVERY_SECONDS, self.runs.tick),
            self._on_duty("incidents", NOTICES_EVERY_SECONDS, self.incidents.tick),
            self._on_duty("notices", NOTICES_EVERY_SECONDS, self.notices.tick),
            self._on_duty("outbox", PRUNE_EVERY_SECONDS, self.notices.sending.prune),
            # A thread a channel: one that hangs holds up no other.
            *(
                self._on_duty(f"channel {name}", NOTICES_EVERY_SECONDS, self._sender(name))
                for name in workspace.channels
            ),
        ]
        if self.shared:
            self.workers += [
                self._on_duty("retention", self.shared.RETIRE_SECONDS, self.shared.retire),
                Every("cluster", self.shared.LOOK_SECONDS, self._look),
            ]

    def _waking(self) -> WakingBus:
        pipeline = self.pipeline
        return WakingBus(self.workspace.spool, lambda: pipeline.wake.set() if pipeline else None)

    def _on_duty(self, name: str, seconds: float, call: Callable[[], object]) -> Every:
        return Every(name, seconds, lambda: self.duty.holds() and call())

    def _look(self) -> None:
        if self.shared:
            self.shared.look(self.duty.holds())

    def _sender(self, name: str) -> Callable[[], object]:
        return lambda: self.notices.sending.flush(name)

    def desk(self) -> Desk:
        """What the pages need."""
        place = self.workspace
        return Desk(
            store=place.store,
            estate=place.estate,
            settings=place.settings,
            clock=place.clock,
            drills=self.drills,
            notices=self.notices,
            assess=lambda playbook, by: run_assessment(place, playbook, by),
            playbooks=place.playbooks,
            rule_titles={rule.name: rule.titles for rule in (*place.rules.rules, *place.rules.correlations)},
            reports=Reports(place),
            risks=Risks(place),
            incidents=self.incidents,
            runs=self.runs,
            rectify=Rectifications(place, place.clock),
            calendar=self.calendar,
            questions=Questions(place),
            intake=push_app(self.bus, place.push_token, place.clock),
            cluster=self.shared.state if self.shared else None,
        )

    def start(self) -> None:
        """Listeners, pipeline and workers; the console is served by `serve`."""
        settled()
        for listener in self.listeners:
            listener.start()
        if self.pipeline:
            self.pipeline.start()
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """In the other order; a batch at hand is finished."""
        for worker in self.workers:
            worker.stop()
        for listener in self.listeners:
            listener.stop()
        if self.pipeline:
            self.pipeline.stop()
        if self.shared:
            self.duty.lay_down()
            self.shared.close()

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
