"""Runs what is due by itself: a missed run is caught up once, one at a time, and goes on where it was broken off."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from console.roles.approvals import KIND, decision_on
from console.roles.assessments import run_assessment
from console.roles.questions import ask_units
from console.roles.reporting import build_report
from console.roles.reviews import make_review
from console.wiring import Workspace
from playbooks.started import Marks, happened
from yunshao.errors import NotFound, YunshaoError
from yunshao.model.alert import AlertQuery
from yunshao.model.calendar import Off, due, work_days
from yunshao.settings import ScheduleSettings

log = logging.getLogger("yunshao")
LOCK = "lock"
BY = "schedule"
HOUR_MS = 3_600_000
LEASE_MS = HOUR_MS
TRIES = 3
State = dict[str, Any]


def run_due(workspace: Workspace) -> list[str]:
    """Run what is due and build its report; gives the ids of the documents that were made or gone on with.

    Whoever does not get the lock does nothing: another process is at it.
    """
    token = secrets.token_hex(8)
    if not workspace.settings.schedule or not _locked(workspace, token):
        return []
    try:
        states = {one.key: _state(workspace, one) for one in workspace.settings.schedule}
        planned = _planned(workspace, states)
        found = [_turn(workspace, one, states[one.key], one.key in planned) for one in workspace.settings.schedule]
        return [document for document in found if document]
    finally:
        workspace.store.change(KIND, LOCK, lambda kept: {} if kept and kept.get("token") == token else kept or {})


def _locked(workspace: Workspace, token: str) -> bool:
    """Take the lock, unless somebody holds it; one who died is waited for no longer than the lease."""
    now = workspace.clock()

    def take(kept: State | None) -> State:
        return kept if kept and kept.get("until", 0) > now else {"token": token, "until": now + LEASE_MS}

    return bool(workspace.store.change(KIND, LOCK, take)["token"] == token)


def _state(workspace: Workspace, one: ScheduleSettings) -> State:
    """What is kept of a schedule; one never seen before counts from now on."""
    try:
        kept = workspace.store.get(KIND, one.key)
    except NotFound:
        kept = {"playbook": one.key, "at": workspace.clock(), "result": "first seen", "phase": "done"}
        kept |= {"systems": sorted(_systems(workspace)), "looked": kept["at"]}
        workspace.store.put(KIND, one.key, kept)
    return {"phase": "done", "systems": sorted(_systems(workspace)), "looked": kept["at"], **kept}


def _systems(workspace: Workspace) -> frozenset[str]:
    return frozenset(one.id for one in workspace.estate.systems.values() if one.status == "live")


def _planned(workspace: Workspace, states: dict[str, State]) -> set[str]:
    settings = workspace.settings
    days = work_days(settings.calendar.holidays, settings.calendar.worked)
    last = {key: int(state["at"]) for key, state in states.items()}
    found: set[str] = set()
    for one in settings.schedule:
        if one.cron:
            off: Off = "next" if one.working_days else "keep"
            found |= set(due([(one.key, one.cron)], last, workspace.clock(), settings.timezone, days, off))
    return found


def _turn(workspace: Workspace, one: ScheduleSettings, state: State, planned: bool) -> str:
    """One turn of one schedule; gives its document, or nothing where nothing was done."""
    if state["phase"] == "waiting":
        decided = decision_on(workspace, state["document"])
        if decided == "waiting":
            return ""
        if decided == "declined":
            _keep(workspace, one, {**state, "phase": "done", "result": f"{state['document']} declined"})
            return ""
    elif state["phase"] != "running":
        event = "" if planned else _event(workspace, one, state)
        if not planned and not event:
            return ""
        state = {
            **state, "at": workspace.clock(), "phase": "running", "why": event or "cron", "document": "", "tries": 0,
            "kind": _kind(one),
            "result": "started", "systems": sorted(_systems(workspace)), "looked": workspace.clock(),
        }  # fmt: skip
    return _go_on(workspace, one, state)


def _go_on(workspace: Workspace, one: ScheduleSettings, state: State) -> str:
    """From where a run stands to its end, or to the approval; the mark comes first, a failing run ends after three."""
    state = {**state, "phase": "running", "tries": state.get("tries", 0) + 1}
    _keep(workspace, one, state)
    try:
        document = state["document"] or _made(workspace, one, state)
        state = {**state, "document": document}
        _keep(workspace, one, state)
        if one.ask:
            result = document
        elif one.approve and decision_on(workspace, document) == "waiting":
            _keep(workspace, one, {**state, "phase": "waiting", "result": f"{document} waits for approval"})
            return str(document)
        else:
            result = build_report(workspace, document, BY)
    except YunshaoError as error:
        log.error("scheduled %s: %s", one.key, error.line())
        phase = "running" if state["tries"] < TRIES else "done"
        _keep(workspace, one, {**state, "phase": phase, "result": error.line()})
        return ""
    _keep(workspace, one, {**state, "phase": "done", "result": result})
    return str(document)


def _kind(one: ScheduleSettings) -> str:
    return "assessment" if one.playbook else one.report or "questionnaire"


def _made(workspace: Workspace, one: ScheduleSettings, state: State) -> str:
    """The document of a run: the one that a broken-off turn already made, or a new one."""
    kind = _kind(one)
    if one.ask:
        return ask_units(workspace, one.ask, BY, state["at"])
    for kept in workspace.store.find(kind, limit=5):
        same = not one.playbook or kept["playbook"]["id"] == one.playbook
        if same and kept["as_of"] >= state["at"]:
            return str(kept["id"])
    return run_assessment(workspace, one.playbook, BY) if one.playbook else make_review(workspace, kind, BY)


def _event(workspace: Workspace, one: ScheduleSettings, state: State) -> str:
    now = workspace.clock()
    if not one.after or now - int(state["at"]) < one.pause_hours * HOUR_MS:
        return ""
    looked = int(state["looked"])
    critical = AlertQuery(level=("critical",), status=("new", "acknowledged"), drill="no", limit=500)
    exposures = [row.detected for row in workspace.store.alerts(critical) if row.finding.weakness]
    drills = [int(row.get("ended") or 0) for row in workspace.store.find("drill", limit=50) if row["phase"] == "over"]
    marks = Marks(frozenset(state["systems"]), looked)
    return happened(one.after, marks, _systems(workspace), exposures, drills)


def _keep(workspace: Workspace, one: ScheduleSettings, state: State) -> None:
    workspace.store.put(KIND, one.key, state)
