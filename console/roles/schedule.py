"""Runs what is due by itself: a missed run is caught up once, one at a time."""

from __future__ import annotations

import logging

from console.roles.assessments import run_assessment
from console.roles.reporting import build_report
from console.wiring import Workspace, wall_clock
from yunshao.errors import NotFound, YunshaoError
from yunshao.model.calendar import due

log = logging.getLogger("yunshao")
KIND = "schedule_run"
BY = "schedule"


def run_due(workspace: Workspace) -> list[str]:
    """Run each assessment whose time has come and build its report; gives the ids of the assessments."""
    settings = workspace.settings
    store = workspace.store
    now = wall_clock()
    schedules = [(one.playbook, one.cron) for one in settings.schedule]
    done = []
    for playbook in due(schedules, _last_runs(workspace, now), now, settings.timezone):
        # The mark comes first: a run that fails each time must not run each turn.
        store.put(KIND, playbook, {"playbook": playbook, "at": now, "result": "started"})
        try:
            assessment = run_assessment(workspace, playbook, BY)
            build_report(workspace, assessment, BY)
        except YunshaoError as error:
            log.error("scheduled %s: %s", playbook, error.line())
            store.put(KIND, playbook, {"playbook": playbook, "at": now, "result": error.line()})
            continue
        store.put(KIND, playbook, {"playbook": playbook, "at": now, "result": assessment})
        done.append(assessment)
    return done


def _last_runs(workspace: Workspace, now: int) -> dict[str, int]:
    """When each playbook last ran; one never seen before counts from now on."""
    found = {}
    for one in workspace.settings.schedule:
        try:
            found[one.playbook] = int(workspace.store.get(KIND, one.playbook)["at"])
        except NotFound:
            workspace.store.put(KIND, one.playbook, {"playbook": one.playbook, "at": now, "result": "first seen"})
            found[one.playbook] = now
    return found
