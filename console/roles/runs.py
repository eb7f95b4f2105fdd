"""Runs of response playbooks: the machine decides, this carries out what it commands, once for each key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from console.roles.incidents import Incidents
from console.roles.notices import Notices
from console.wiring import Workspace, wall_clock
from playbooks.engine import machine
from playbooks.engine.machine import Command, Run
from playbooks.engine.program import Program
from playbooks.incident.book import opened
from playbooks.oncall.say import notice_subject, question_subject
from yunshao.errors import NotFound, WrongUse, YunshaoError
from yunshao.model import alert as words
from yunshao.ports import Clock

KIND = "run"
BY = "playbook"
MOST = 200


class Runs:
    """Every run of a workspace. Any process may answer; whoever ticks carries out."""

    def __init__(self, workspace: Workspace, notices: Notices, clock: Clock = wall_clock) -> None:
        self._place = workspace
        self._store = workspace.store
        self._notices = notices
        self._clock = clock
        self._incidents = Incidents(workspace, notices, clock)
        self._acts: dict[str, Callable[[Run, Command], None]] = {
            "note": lambda _run, _command: None,
            "alert.acknowledge": self._acknowledge,
            "alert.assign": self._assign,
            "alert.reopen": self._reopen,
            "incident.comment": self._comment,
            "incident.task": self._task,
            "incident.evidence": lambda _run, command: self._keep_events(command),
            "notify.post": lambda run, command: notices.tell_post(
                notice_subject(run, command), command["with"]["post"]
            ),
            "notify.channel": lambda run, command: notices.tell(
                notice_subject(run, command), f"channel:{command['with']['channel']}"
            ),
        }

    def program(self, name: str) -> Program:
        """A response playbook. Raises NotFound."""
        known = {key: one.program for key, one in self._place.playbooks.items() if one.program}
        if name not in known:
            raise NotFound(f"no response playbook {name!r}", f"known: {', '.join(sorted(known))}")
        found: Program = known[name]
        return found

    def start(self, name: str, given: Mapping[str, str], by: str) -> str:
        """Begin one; gives its id. Raises NotFound, WrongUse."""
        run_id = f"run-{secrets.token_hex(8)}"
        self._store.put(KIND, run_id, machine.start(self.program(name), run_id, given, by, self._clock()))
        self._store.note(by, "playbook.start", run_id, name)
        return run_id

    def start_for(self, incident: str, name: str, given: Mapping[str, str], by: str) -> str:
        """Begin one for an incident, which is given to it with its first alert. Raises NotFound, WrongUse."""
        kept = self._incidents.get(incident)
        opened(kept)
        alert = {"alert": kept["alerts"][0]} if kept["alerts"] else {}
        run = self.start(name, {"incident": incident, **alert, **given}, by)
        self._incidents.attach(incident, run, name, by)
        return run

    def briefs(self, runs: Sequence[str]) -> list[dict[str, Any]]:
        """Id, title, state and times of runs that are there."""
        found = []
        for run in runs:
            with suppress(NotFound):
                kept = self._store.get(KIND, run)
                found.append({key: kept[key] for key in ("id", "state", "by", "started", "ended")}
                             | {"title": kept["program"]["title"]})  # fmt: skip
        return found

    def tick(self) -> int:
        """One turn of everything that is due; gives how many runs were turned."""
        now = self._clock()
        wanted: dict[str, list[Command]] = {}

        def turned(run: Run) -> Run:
            changed, wanted[run["id"]] = machine.turn(run, now)
            return changed

        runs = self._store.change_due(KIND, now, turned, MOST)
        for run in runs:
            for command in wanted[run["id"]]:
                self._carry_out(run, command)
        return len(runs)

    def _carry_out(self, run: Run, command: Command) -> None:
        path, now = command["path"], self._clock()
        if command["do"] != "act":
            self._notices.ask_post(question_subject(run, command), command["post"])
            self._change(run["id"], lambda kept: machine.put(kept, path, now))
            return
        try:
            self._acts[command["act"]](run, command)
            ok, note = True, ""
        except (YunshaoError, KeyError) as error:
            ok, note = False, error.line() if isinstance(error, YunshaoError) else f"{error} is not given"
        self._change(run["id"], lambda kept: machine.acted(kept, path, ok, now, note))

    def answer(self, run_id: str, step: str, answer: str, by: str) -> None:
        """Answer a question or an approval, by the step's id or path. Raises NotFound, WrongUse."""

        def change(kept: Run) -> Run:
            asked = [path for path, node in kept["nodes"].items() if node["step"] == step and node.get("asked")]
            return machine.answered(kept, asked[-1] if asked else step, answer, by, self._clock())

        self._change(run_id, change)
        self._store.note(by, "playbook.answer", run_id, f"{step}: {answer}")

    def steer(self, run_id: str, verb: str, by: str) -> None:
        """`pause`, `resume` or `abort`. Raises NotFound, WrongUse."""
        verbs = {"pause": machine.pause, "resume": machine.resume, "abort": machine.abort}
        if verb not in verbs:
            raise WrongUse(f"unknown verb {verb[:20]!r}", "pause, resume or abort")
        self._change(run_id, lambda kept: verbs[verb](kept, by, self._clock()))
        self._store.note(by, f"playbook.{verb}", run_id)

    def _change(self, run_id: str, change: Callable[[Run], Run]) -> None:
        def checked(kept: Run | None) -> Run:
            if kept is None:
                raise NotFound(f"no run {run_id!r}", "`yunshao playbook runs`")
            return change(kept)

        self._store.change(KIND, run_id, checked)

    def _acknowledge(self, run: Run, command: Command) -> None:
        self._on_alert(command, lambda one: words.acknowledge(one, BY, self._clock(), run["id"]))

    def _assign(self, _run: Run, command: Command) -> None:
        to = command["with"]["to"]
        self._on_alert(command, lambda one: one if one.assignee == to else words.assign(one, to, BY, self._clock()))

    def _reopen(self, run: Run, command: Command) -> None:
        self._on_alert(
            command, lambda one: words.reopen(one, BY, self._clock(), run["id"]) if one.status == "closed" else one
        )

    def _comment(self, _run: Run, command: Command) -> None:
        given = command["with"]
        self._incidents.comment(given["incident"], given["text"], BY, command["key"])

    def _task(self, _run: Run, command: Command) -> None:
        given = command["with"]
        self._incidents.task(given["incident"], given["title"], BY, given.get("post", ""), key=command["key"])

    def _keep_events(self, command: Command) -> None:
        self._incidents.keep_events(command["with"]["incident"], BY)

    def _on_alert(self, command: Command, change: Callable[[Any], Any]) -> None:
        self._store.change_alert(command["with"]["alert"], change)
