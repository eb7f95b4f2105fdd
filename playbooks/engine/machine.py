"""A run of a playbook as a state machine: events in, commands out. Pure; every verb gives a new document.

A command is given again at every turn until its event has come, so a crash between the two loses nothing. It carries a
key that is the same at every repetition: whoever carries it out does it once for a key. Times are ms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from playbooks.engine.program import (
    CONDITION,
    PLACE,
    Act,
    Ask,
    Branch,
    Deed,
    Parallel,
    Program,
    Repeat,
    Step,
    Wait,
    duration_ms,
    flat,
)
from yunshao.errors import WrongUse

Run = dict[str, Any]
Command = dict[str, Any]
OVER = ("done", "failed", "aborted")
ENDED = ("done", "failed", "skipped")
MAX_NOTE = 500
MOST_TURNS = 100_000


def start(program: Program, run_id: str, given: Mapping[str, str], by: str, now: int) -> Run:
    """A run that has done nothing yet. Raises WrongUse where something needed is not given."""
    if missing := sorted(set(program.needs) - set(given)):
        raise WrongUse(f"{program.id} needs {missing[0]!r}", f"--input {missing[0]}=…")
    return {
        "id": run_id,
        "program": program.model_dump(mode="json", by_alias=True, exclude_none=True),
        "input": {key: str(value)[:2000] for key, value in given.items()},
        "state": "running",
        "ending": "",
        "by": by,
        "started": now,
        "ended": None,
        "paused_at": None,
        "wakes": now,
        "nodes": {},
        "timeline": [{"at": now, "kind": "started", "step": "", "by": by, "note": ""}],
    }


def turn(run: Run, now: int) -> tuple[Run, list[Command]]:
    """What time made of the run, and what is to be done now."""
    changed = deepcopy(run)
    if changed["state"] in OVER or changed["state"] == "paused":
        return {**changed, "wakes": None}, []
    machine = _Turn(changed, Program.model_validate(changed["program"]), now)
    if changed["state"] == "running":
        came = machine.row(machine.program.steps, "")
        if came in ENDED:
            machine.end("failed" if came == "failed" else "done")
    if changed["state"] == "compensating":
        machine.compensate()
    changed["wakes"] = None if changed["state"] in OVER else machine.next
    return changed, machine.commands


class _Turn:
    """One pass over a program: walks to what is at hand, and collects commands and the next moment to wake."""

    def __init__(self, run: Run, program: Program, now: int) -> None:
        self.run, self.program, self.now = run, program, now
        self.commands: list[Command] = []
        self.next: int | None = None

    def row(self, steps: Sequence[Step], path: str) -> str:
        """Steps one after the other."""
        for step in steps:
            came = self.step(step, f"{path}/{step.id}")
            if came == "pending":
                return came
            if came == "failed" and step.on_fail == "fail":
                return came
        return "done"

    def step(self, step: Step, path: str) -> str:
        node = self.run["nodes"].get(path)
        if node is None:
            state = "begun" if step.when is None or self.holds(step.when) else "skipped"
            node = self.run["nodes"][path] = {"step": step.id, "state": state, "began": self.now, "tries": 0}
            if state == "skipped":
                self.note("skipped", step.id)
        if node["state"] in ENDED:
            return str(node["state"])
        came = self._inside(step, path, node)
        if came in ENDED and node["state"] not in ENDED:
            node.update(state=came, ended=self.now)
            self.note(came, step.id)
        return came

    def _inside(self, step: Step, path: str, node: dict[str, Any]) -> str:
        if isinstance(step, Act):
            return self._act(step, path, node)
        if isinstance(step, Ask):
            return self._ask(step, path, node)
        if isinstance(step, Wait):
            return self._until(node["began"] + duration_ms(step.wait))
        if isinstance(step, Branch):
            # Decided once: what is answered later does not change the way.
            if "way" not in node:
                node["way"] = next((n for n, way in enumerate(step.branch) if self.holds(way.when)), -1)
            steps = step.otherwise if node["way"] < 0 else step.branch[node["way"]].steps
            return self.row(steps, f"{path}/{node['way']}")
        if isinstance(step, Parallel):
            return _together([self.row(one, f"{path}/{n}") for n, one in enumerate(step.parallel)])
        return self._repeat(step, path, node)

    def _until(self, moment: int) -> str:
        if moment <= self.now:
            return "done"
        self.next = moment if self.next is None else min(self.next, moment)
        return "pending"

    def _act(self, step: Act, path: str, node: dict[str, Any]) -> str:
        if step.approval and node.get("approved") is None:
            if self._until(node["began"] + duration_ms(step.approval.within)) == "done":
                node["note"] = "nobody approved"
                return "failed"
            self._command("approve", path, step, node, post=step.approval.post)
            return "pending"
        if node.get("approved") is False:
            return "failed"
        if node.get("result") is False:
            if step.retry is None or node["tries"] > step.retry.times:
                return "failed"
            if self._until(node["failed_at"] + duration_ms(step.retry.wait)) == "pending":
                return "pending"
            node["result"] = None
        if node.get("result"):
            return "done"
        self._deed(step, path, f"{self.run['id']}:{path}", step.id)
        return "pending"

    def _ask(self, step: Ask, path: str, node: dict[str, Any]) -> str:
        if "answer" in node:
            return "done"
        if self._until(node["began"] + duration_ms(step.within)) == "done":
            node["note"] = "nobody answered"
            return "failed"
        self._command("ask", path, step, node, post=step.ask)
        return "pending"

    def _repeat(self, step: Repeat, path: str, node: dict[str, Any]) -> str:
        while True:
            round_ = node.setdefault("round", 0)
            if self._until(node.get("next", self.now)) == "pending":
                return "pending"
            came = self.row(step.repeat, f"{path}/{round_}")
            if came in {"pending", "failed"}:
                return came
            if (step.until and self.holds(step.until)) or round_ + 1 >= step.times:
                return "done"
            node.update(round=round_ + 1, next=self.now + duration_ms(step.every))

    def _command(self, do: str, path: str, step: Step, node: dict[str, Any], post: str) -> None:
        """Asked once; the asking is noted, and repeated commands have the same key."""
        if not node.get("asked"):
            node["asked"] = self.now
            self.note(f"{do}_asked", step.id, post)
        if not node.get("put"):
            self.next = self.now
        key = f"{self.run['id']}:{path}:{do}"
        answers = list(step.answers) if isinstance(step, Ask) else ["yes", "no"]
        title = step.title.model_dump()
        self.commands.append({"do": do, "key": key, "path": path, "post": post, "title": title, "answers": answers})

    def _deed(self, deed: Deed, path: str, key: str, step: str) -> None:
        filled = {name: self.filled(value) for name, value in deed.given.items()}
        self.commands.append({"do": "act", "key": key, "path": path, "act": deed.act, "with": filled, "step": step})
        self.next = self.now

    def end(self, how: str) -> None:
        """The program is over; what must be undone is undone first."""
        if how != "done" and self._undone():
            self.run.update(state="compensating", ending=how)
            return
        self.run.update(state=how, ended=self.now)
        self.note(how, "")

    def _undone(self) -> list[tuple[str, dict[str, Any], Deed]]:
        """Acts that were done and have a way back, the latest first."""
        deeds = {
            step.id: step.compensate for step in flat(self.program.steps) if isinstance(step, Act) and step.compensate
        }
        done = [(path, node, deeds[node["step"]]) for path, node in self.run["nodes"].items()
                if node["step"] in deeds and node.get("result") and not node.get("undone")]  # fmt: skip
        return sorted(done, key=lambda one: -int(one[1].get("acted_at", 0)))

    def compensate(self) -> None:
        """One after the other, backwards."""
        left = self._undone()
        if left:
            path, node, deed = left[0]
            self._deed(deed, f"{path}!", f"{self.run['id']}:{path}!", node["step"])
            return
        self.run.update(state=self.run["ending"], ended=self.now)
        self.note(self.run["ending"], "")

    def holds(self, condition: str) -> bool:
        match = CONDITION.match(condition)
        if match is None:
            return False
        found = (
            self.run["input"].get(match["input"], "") if match["input"] else self.value(match["step"], match["part"])
        )
        return (found == match["value"]) == (match["how"] == "==")

    def value(self, step: str, part: str | None) -> str:
        """A step's answer or state: of its latest round."""
        nodes = [node for node in self.run["nodes"].values() if node["step"] == step]
        return str(nodes[-1].get(part or "answer", "")) if nodes else ""

    def filled(self, text: str) -> str:
        return PLACE.sub(
            lambda match: (
                self.run["input"].get(match[2], "") if match[1] == "input" else self.value(match[2], match[3])
            ),
            text,
        )

    def note(self, kind: str, step: str, note: str = "") -> None:
        self.run["timeline"].append({"at": self.now, "kind": kind, "step": step, "by": "", "note": note})


def _together(came: Sequence[str]) -> str:
    if "pending" in came:
        return "pending"
    return "failed" if "failed" in came else "done"


def acted(run: Run, path: str, ok: bool, now: int, note: str = "") -> Run:
    """An act was carried out, or failed. Said twice, it counts once."""
    changed = deepcopy(run)
    node = changed["nodes"].get(path.removesuffix("!"))
    if node is None or changed["state"] in OVER:
        return changed
    if path.endswith("!"):
        if not node.get("undone"):
            # What cannot be undone is said and left to people; the rest is undone all the same.
            node["undone"] = "yes" if ok else "failed"
            _say(changed, now, "undone" if ok else "undo_failed", node["step"], note=note)
    elif not node.get("result"):
        node.update(
            result=ok, tries=node["tries"] + 1, note=note[:MAX_NOTE], **{"acted_at" if ok else "failed_at": now}
        )
        _say(changed, now, "acted" if ok else "act_failed", node["step"], note=note)
    return _woken(changed, now)


def put(run: Run, path: str, now: int) -> Run:
    """A question is with its post: it need not be put again."""
    changed = deepcopy(run)
    if path not in changed["nodes"] or changed["nodes"][path].get("put"):
        return changed
    changed["nodes"][path]["put"] = now
    return _woken(changed, now)


def answered(run: Run, path: str, answer: str, by: str, now: int) -> Run:
    """Somebody answers a question, or agrees (`yes`, `no`) to an act.

    The first answer counts. One that comes after the time, after another, or after the end is noted and changes
    nothing. Raises WrongUse for a question that was never put, or an answer that it does not know.
    """
    changed = deepcopy(run)
    node = changed["nodes"].get(path)
    step = _step_at(changed, node["step"]) if node else None
    if node is None or not node.get("asked") or not isinstance(step, Act | Ask):
        raise WrongUse(f"run {run['id']} asks nothing at {path!r}", "`yunshao playbook show`")
    allowed = ("yes", "no") if isinstance(step, Act) else step.answers
    if allowed and answer not in allowed:
        raise WrongUse(f"{answer!r} is no answer", f"one of {', '.join(allowed)}")
    given = "approved" if isinstance(step, Act) else "answer"
    if given in node or node["state"] in ENDED or changed["state"] in (*OVER, "compensating"):
        _say(changed, now, "answered_late", node["step"], by, answer[:MAX_NOTE])
        return changed
    node.update({given: answer == "yes" if given == "approved" else answer[:MAX_NOTE], "answered_by": by})
    _say(changed, now, "answered", node["step"], by, answer[:MAX_NOTE])
    return _woken(changed, now)


def _step_at(run: Run, step: str) -> Step | None:
    known = Program.model_validate(run["program"]).steps
    return next((one for one in flat(known) if one.id == step), None)


def pause(run: Run, by: str, now: int) -> Run:
    """Hold every clock. Raises WrongUse unless it runs."""
    if run["state"] != "running":
        raise WrongUse(f"run {run['id']} does not run", "")
    changed = {**deepcopy(run), "state": "paused", "paused_at": now, "wakes": None}
    _say(changed, now, "paused", "", by)
    return changed


def resume(run: Run, by: str, now: int) -> Run:
    """Go on; every clock that was running moves by the pause. Raises WrongUse unless it is paused."""
    if run["state"] != "paused":
        raise WrongUse(f"run {run['id']} is not paused", "")
    changed = deepcopy(run)
    held = now - changed["paused_at"]
    for node in changed["nodes"].values():
        if node["state"] not in ENDED:
            node.update({key: node[key] + held for key in ("began", "next", "failed_at") if node.get(key) is not None})
    changed.update(state="running", paused_at=None, wakes=now)
    _say(changed, now, "resumed", "", by)
    return changed


def abort(run: Run, by: str, now: int) -> Run:
    """Stop; what was done and can be undone is undone. Raises WrongUse when it is over."""
    if run["state"] in (*OVER, "compensating"):
        raise WrongUse(f"run {run['id']} is over", "")
    changed = {**deepcopy(run), "state": "compensating", "ending": "aborted", "paused_at": None, "wakes": now}
    _say(changed, now, "abort_asked", "", by)
    return changed


def _woken(run: Run, now: int) -> Run:
    return run if run["state"] == "paused" else {**run, "wakes": now}


def _say(run: Run, now: int, kind: str, step: str, by: str = "", note: str = "") -> None:
    run["timeline"] = [*run["timeline"], {"at": now, "kind": kind, "step": step, "by": by, "note": note[:MAX_NOTE]}]


def rehearsed(program: Program, given: Mapping[str, str], now: int) -> Run:
    """A dry run: every act succeeds, every question gets its first answer, every wait is over at once; nothing is done.

    Raises WrongUse where something needed is not given.
    """
    run = start(program, "dry-run", given, "dry run", now)
    for _ in range(MOST_TURNS):
        run, commands = turn(run, now)
        if run["state"] in OVER:
            break
        for one in commands:
            if one["do"] == "act":
                run = acted(run, one["path"], True, now)
            else:
                run = answered(
                    run,
                    one["path"],
                    "yes" if one["do"] == "approve" else (one["answers"] or ["ok"])[0],
                    one["post"],
                    now,
                )
        now = max(now, run["wakes"] or now)
    return run
