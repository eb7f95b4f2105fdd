"""A drill as a state machine over its document: warm up, run, revert, clean up. Pure; the roof acts and keeps.

Every verb takes the document and gives a new one. An action is asked for again and again until its effect is seen, so a
crash between asking and acting loses nothing; sending, which others might be at, is asked for again after `LEASE_MS`.
Moments are real ms; `speed` shortens only planned offsets and waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from playbooks.drill.grade import ITEMS, MARKS, POINTS, grade
from playbooks.drill.inject import Injected
from playbooks.drill.metrics import held_apart
from playbooks.drill.say import both, entry
from playbooks.words import Playbook
from yunshao import __version__
from yunshao.errors import WrongUse
from yunshao.model.drill import UNATTENDED, Acknowledge, Action, AlertFact, CloseAlerts, Document, Send

PATIENCE_MS = 60_000
ANSWER_MS = 15 * 60_000
# How long one who was told to send has for it, before another is told.
LEASE_MS = 10_000


def start(
    playbook: Playbook, drill_id: str, now: int, speed: float, unattended: bool, by: str, injected: Sequence[Injected]
) -> Document:
    """A drill that has begun and sent nothing yet. Raises WrongUse for a speed that cannot be."""
    check_speed(speed)
    return {
        "id": drill_id,
        "kind": "drill",
        "playbook": {
            "id": playbook.id,
            "version": playbook.version,
            "title": playbook.title,
            "summary": playbook.summary,
            "objectives": list(playbook.objectives),
            "forms": playbook.forms,
            "background": playbook.background,
        },
        "groups": [{"group": group, "post": post} for group, post in playbook.groups.items()],
        "objectives": [{"rating": None} for _ in playbook.objectives],
        "scores": {},
        "pauses": [],
        "generator": {"name": "Yunshao", "version": __version__},
        "state": "running",
        "phase": "run",
        "started": now,
        "wakes": now,
        "ended": None,
        "speed": speed,
        "unattended": unattended,
        "by": by,
        "paused_at": None,
        "paused_ms": 0,
        "steps": _steps(playbook, injected, now, speed),
        "expectations": [_expectation(i, one) for i, one in enumerate(playbook.expect)],
        "metrics": None,
        "timeline": [entry(now, "started", by=by, speed=speed)],
        "evaluation": [],
        "rating": None,
        "problems": [],
        "improvements": [],
        "alerts": [],
        "evidence_refs": [],
    }


def check_speed(speed: float) -> None:
    """Raises WrongUse for a speed outside 0.1 to 1,000, which is also what is no number at all."""
    if not 0.1 <= speed <= 1000:
        raise WrongUse(f"speed {speed:g}", "from 0.1 to 1000")


def _steps(playbook: Playbook, injected: Sequence[Injected], now: int, speed: float) -> list[dict[str, Any]]:
    sends = [i for i, stage in enumerate(playbook.stages) if stage.type == "send"]
    found = []
    for index, stage in enumerate(playbook.stages):
        mine = [one for one in injected if index in sends and _belongs(one, stage.source, stage.part)]
        planned = now + int(stage.at / speed)
        found.append(
            {
                "index": index,
                "at": stage.at,
                "type": stage.type,
                "title": stage.title,
                "post": stage.post,
                "does": stage.does,
                "state": "waiting",
                "planned": planned,
                "done": None,
                "sending": None,
                "told": None,
                "by": "",
                "note": "",
                "source": stage.source,
                "injected": [{"source": one.source, "uid": one.uid, "planned": planned} for one in mine],
            }
        )
    return found


def _belongs(one: Injected, source: str, part: str) -> bool:
    return one.source == source and (not part or one.part == part)


def _expectation(index: int, expected: Any) -> dict[str, Any]:
    return {
        "index": index,
        "type": expected.type,
        "rule": expected.rule,
        "post": expected.post,
        "within": expected.within,
        "state": "waiting",
        "injected": None,
        "detected": None,
        "acknowledged": None,
        "alert": "",
        "by": "",
    }


def advance(document: Document, now: int, facts: Sequence[AlertFact]) -> tuple[Document, list[Action]]:
    """What time and the pipeline made of the drill, and what is to be done now."""
    drill = deepcopy(document)
    if drill["state"] == "paused" or drill["phase"] == "over":
        return drill, []
    if drill["state"] == "aborted" or drill["phase"] == "revert":
        return _leave(drill, now, facts)
    actions: list[Action] = [Send(index) for index in _to_send(drill, now)]
    _ask(drill, now)
    _notice(drill, facts)
    if drill["unattended"]:
        actions += [Acknowledge(fact.id) for fact in facts if fact.acknowledged is None and not fact.closed]
    _give_up(drill, now)
    if _settled(drill) and not _still_unanswered(drill, now):
        drill["phase"] = "revert"
        drill, leaving = _leave(drill, now, facts)
        actions += leaving
    return drill, actions


def sent(document: Document, index: int, now: int) -> Document:
    """A step's records are through the door."""
    drill = deepcopy(document)
    step = drill["steps"][index]
    if step["state"] != "waiting" or step["type"] != "send":
        return drill
    # Who was told before may have died with the records through the door: they go again, and are stored once.
    kind = "sent_again" if step.get("told") != step.get("sending") else "sent"
    step.update(state="done", done=now, by=drill["by"])
    drill["timeline"].append(entry(now, kind, n=len(step["injected"]), title=step["title"], ref=f"step:{index}"))
    return drill


def answer(document: Document, index: int, by: str, now: int, note: str = "") -> Document:
    """Somebody reports a task done. Raises WrongUse where there is nothing to report."""
    drill = deepcopy(document)
    if drill["state"] not in {"running", "paused"} or drill["phase"] != "run":
        raise WrongUse(f"drill {drill['id']} is over", "")
    tasks = [step for step in drill["steps"] if step["type"] == "ask" and step["index"] == index]
    if not tasks or tasks[0]["state"] in {"done", "late"}:
        raise WrongUse(f"step {index} is no open task of drill {drill['id']}", "")
    step = tasks[0]
    late = held_apart(step["planned"], now, _pauses(drill, now)) > _wait(drill, ANSWER_MS)
    step.update(state="late" if late else "done", done=now, by=by, note=note[:500])
    kind = "answered_late" if late else "answered"
    drill["timeline"].append(entry(now, kind, by=by, title=step["title"], ref=f"step:{index}"))
    return drill


def pause(document: Document, by: str, now: int) -> Document:
    """Hold everything still. Raises WrongUse unless it runs."""
    drill = deepcopy(document)
    if drill["state"] != "running" or drill["phase"] != "run":
        raise WrongUse(f"drill {drill['id']} does not run", "")
    drill.update(state="paused", paused_at=now)
    drill["timeline"].append(entry(now, "paused", by=by))
    return drill


def resume(document: Document, by: str, now: int) -> Document:
    """Go on; what was still planned moves by the pause. Raises WrongUse unless it is paused."""
    drill = deepcopy(document)
    if drill["state"] != "paused":
        raise WrongUse(f"drill {drill['id']} is not paused", "")
    held = now - drill["paused_at"]
    for step in drill["steps"]:
        if step["state"] == "waiting" and step["planned"] > drill["paused_at"]:
            step["planned"] += held
    pauses = [*drill.get("pauses", ()), [drill["paused_at"], now]]
    drill.update(state="running", paused_at=None, paused_ms=drill["paused_ms"] + held, pauses=pauses)
    drill["timeline"].append(entry(now, "resumed", by=by))
    return drill


def abort(document: Document, by: str, now: int) -> Document:
    """Stop at once; what it raised is closed by the next `advance`. Raises WrongUse when it is over."""
    drill = deepcopy(document)
    if drill["phase"] == "over" or drill["state"] == "aborted":
        raise WrongUse(f"drill {drill['id']} is over", "")
    drill.update(state="aborted", phase="revert", paused_at=None, wakes=now)
    drill["timeline"].append(entry(now, "aborted", by=by))
    return drill


def _due(drill: Document, now: int) -> list[dict[str, Any]]:
    return [step for step in drill["steps"] if step["state"] == "waiting" and step["planned"] <= now]


def _to_send(drill: Document, now: int) -> list[int]:
    """The steps whose records are to be sent by whoever asked; nobody else is told until the lease is over."""
    found = []
    for step in _due(drill, now):
        told = step.get("told")
        if step["type"] == "send" and (told is None or now - told >= LEASE_MS):
            step.update(sending=now if told is None else step["sending"], told=now)
            found.append(step["index"])
    return found


def _ask(drill: Document, now: int) -> None:
    """Tasks whose time has come are put to their post once; an unattended run answers them itself."""
    for step in _due(drill, now):
        if step["type"] == "tell":
            step.update(state="done", done=now, by=drill["by"])
            drill["timeline"].append(
                entry(now, "told", post=step["post"], title=step["title"], ref=f"step:{step['index']}")
            )
        if step["type"] != "ask":
            continue
        step["state"] = "asked"
        drill["timeline"].append(
            entry(now, "asked", post=step["post"], title=step["title"], ref=f"step:{step['index']}")
        )
        if drill["unattended"]:
            step.update(state="done", done=now, by=UNATTENDED)


def _notice(drill: Document, facts: Sequence[AlertFact]) -> None:
    sent_by = {one["uid"]: step for step in drill["steps"] for one in step["injected"]}
    for expected in drill["expectations"]:
        if expected["type"] == "alert":
            _notice_alert(drill, expected, facts, sent_by)
        else:
            _notice_acknowledged(drill, expected, facts)
        if expected["detected"] is not None and expected["acknowledged"] is not None:
            # What pages and reports print: nobody is timed while the drill is held.
            pauses = _pauses(drill, expected["acknowledged"])
            expected["took"] = held_apart(expected["detected"], expected["acknowledged"], pauses)


def _notice_alert(
    drill: Document, expected: dict[str, Any], facts: Sequence[AlertFact], sent_by: Mapping[str, dict[str, Any]]
) -> None:
    mine = sorted((fact for fact in facts if fact.rule == expected["rule"]), key=lambda fact: (fact.detected, fact.id))
    if not mine:
        return
    first = mine[0]
    taken = [fact for fact in mine if fact.acknowledged is not None]
    if taken:
        soonest = min(taken, key=lambda fact: (fact.acknowledged or 0, fact.id))
        expected.update(acknowledged=soonest.acknowledged, by=soonest.by)
    if expected["detected"] is None:
        moments = [_through(sent_by[uid], first.detected) for uid in first.uids if uid in sent_by]
        injected = max((at for at in moments if at is not None), default=drill["started"])
        waited = first.detected - injected
        state = "met" if waited <= expected["within"] else "late"
        expected.update(alert=first.id, detected=first.detected, injected=injected, state=state)
        key = "detected" if state == "met" else "late"
        values = {"rule": first.title or first.rule, "seconds": waited / 1000, "limit": expected["within"] / 1000}
        drill["timeline"].append(entry(first.detected, key, ref=f"alert:{first.id}", **values))


def _through(step: Mapping[str, Any], detected: int) -> int | None:
    """When a step's records were through the door; what was detected before that came with an earlier try."""
    done: int | None = step["done"]
    return done if done is not None and done <= detected else step.get("sending") or done


def _notice_acknowledged(drill: Document, expected: dict[str, Any], facts: Sequence[AlertFact]) -> None:
    taken = [fact for fact in facts if fact.acknowledged is not None]
    if not taken or expected["acknowledged"] is not None:
        return
    soonest = min(taken, key=lambda fact: (fact.acknowledged or 0, fact.id))
    at = soonest.acknowledged or 0
    detected = min(fact.detected for fact in facts)
    took = held_apart(detected, at, _pauses(drill, at))
    state = "met" if took <= expected["within"] else "late"
    expected.update(state=state, detected=detected, acknowledged=at, by=soonest.by, alert=soonest.id)
    seconds = took / 1000
    drill["timeline"].append(entry(at, "acknowledged", by=soonest.by, seconds=seconds, ref=f"alert:{soonest.id}"))


def _wait(drill: Document, planned: int) -> int:
    """How long to wait for something, in real ms: shortened by the speed, never below the pipeline's own pace."""
    return max(int(planned / drill["speed"]), PATIENCE_MS)


def _give_up(drill: Document, now: int) -> None:
    """What has not come when its time and our patience are over will not come."""
    if any(step["state"] == "waiting" for step in drill["steps"]):
        return
    last = max([step["done"] for step in drill["steps"] if step["done"]], default=drill["started"])
    since = held_apart(max(last, drill["started"]), now, _pauses(drill, now))
    for expected in drill["expectations"]:
        if expected["state"] == "waiting" and since > _wait(drill, expected["within"]):
            expected["state"] = "missed"
            if expected["type"] == "alert":
                expected["injected"] = last
            key = "missed" if expected["type"] == "alert" else "missed_acknowledged"
            drill["timeline"].append(entry(now, key, rule=expected["rule"]))
    for step in drill["steps"]:
        waited = held_apart(step["planned"], now, _pauses(drill, now))
        if step["state"] == "asked" and waited > _wait(drill, ANSWER_MS):
            step["state"] = "unanswered"
            drill["timeline"].append(entry(now, "unanswered", title=step["title"], ref=f"step:{step['index']}"))


def _settled(drill: Document) -> bool:
    steps = all(step["state"] not in {"waiting", "asked"} for step in drill["steps"])
    return steps and all(expected["state"] != "waiting" for expected in drill["expectations"])


def _still_unanswered(drill: Document, now: int) -> bool:
    """Whether an expected alert may yet be acknowledged in time: each is timed, not the first alone."""
    limits = [one["within"] for one in drill["expectations"] if one["type"] == "acknowledged"]
    if not limits or drill["unattended"]:
        return False
    waits = [one for one in drill["expectations"] if one["type"] == "alert" and one["detected"]]
    open_ = [one for one in waits if one["acknowledged"] is None]
    pauses = _pauses(drill, now)
    return any(held_apart(one["detected"], now, pauses) <= _wait(drill, min(limits)) for one in open_)


def _pauses(drill: Document, now: int) -> list[list[int]]:
    """The pauses so far, with one that has not ended."""
    return [*drill.get("pauses", ()), *([[drill["paused_at"], now]] if drill["paused_at"] is not None else [])]


def rate(document: Document, place: int, mark: str, by: str, now: int) -> Document:
    """An evaluator judges an objective (from 0): P, S, M or U. Raises WrongUse for what is none."""
    drill = deepcopy(document)
    if not 0 <= place < len(drill["objectives"]):
        raise WrongUse(f"drill {drill['id']} has no objective {place + 1}", f"1 to {len(drill['objectives'])}")
    if mark not in MARKS:
        raise WrongUse(f"unknown mark {mark!r}", "P, S, M or U")
    drill["objectives"][place] = {"rating": mark, "by": by, "at": now}
    drill["timeline"].append(entry(now, "rated", place=place + 1, mark=mark, by=by))
    return grade(drill) if drill["phase"] == "over" else drill


def score(document: Document, item: str, points: int, by: str, now: int) -> Document:
    """An evaluator scores one of the nine items of GB/T 38645: 1, 3 or 5. Raises WrongUse for what is none."""
    drill = deepcopy(document)
    if item not in ITEMS:
        raise WrongUse(f"unknown item {item!r}", f"one of {', '.join(ITEMS)}")
    if points not in POINTS:
        raise WrongUse(f"{points} is no score", "1, 3 or 5")
    drill["scores"][item] = {"score": points, "by": by, "at": now}
    drill["timeline"].append(entry(now, "scored", item=both(f"item.{item}"), score=points, by=by))
    return grade(drill) if drill["phase"] == "over" else drill


def _leave(drill: Document, now: int, facts: Sequence[AlertFact]) -> tuple[Document, list[Action]]:
    """Close what was raised, then end and grade."""
    open_ = tuple(sorted(fact.id for fact in facts if not fact.closed))
    if open_:
        return drill, [CloseAlerts(open_)]
    if facts:
        drill["timeline"].append(entry(now, "closed", n=len(facts)))
    drill["timeline"].append(entry(now, "done"))
    drill["timeline"].sort(key=lambda one: one["at"])
    drill.update(state="aborted" if drill["state"] == "aborted" else "done", phase="over", ended=now, wakes=None)
    return grade(drill), []


def closing_note(drill_id: str) -> str:
    """What stands in the alert when a drill closes it."""
    return both("drill.note", drill=drill_id)["en"]
