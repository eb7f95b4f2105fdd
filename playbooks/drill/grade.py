"""What a finished drill is worth: figures, the nine items of GB/T 38645, problems, improvements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.drill.metrics import drill_figures
from playbooks.drill.say import both, entry
from yunshao.errors import WrongUse
from yunshao.model.drill import Document
from yunshao.model.risk import round_half_up

ITEMS = ("feasibility", "monitoring", "location", "command", "handling", "linkage", "support", "goals", "cost")
DAY_MS = 86_400_000
DUE_DAYS = 30
GOOD, FAIR, POOR = 5, 3, 1
POINTS = (POOR, FAIR, GOOD)
# HSEEP: performed without challenges, with some, with major ones, unable to be performed.
MARKS = {"P": GOOD, "S": FAIR, "M": POOR, "U": POOR}
SECURITY_POST = {"zh": "安全运营负责人", "en": "Head of security operations"}
ON_CALL_POST = {"zh": "值班负责人", "en": "Head of the on-call rota"}


def grade(drill: Document) -> Document:
    """The document with its metrics, evaluation, rating, problems and improvements. Items for people have no score."""
    scores = {"monitoring": _monitoring(drill), "handling": _handling(drill), "goals": _goals(drill)}
    given = drill.get("scores", {})
    evaluation: list[dict[str, Any]] = []
    for item in ITEMS:
        score, reason = scores.get(item, (None, both("reason.people")))
        if item in given:
            score, reason = given[item]["score"], both("reason.given", by=given[item]["by"])
        evaluation.append({"item": item, "title": both(f"item.{item}"), "score": score, "reason": reason})
    rated = [one["score"] for one in evaluation if one["score"] is not None]
    mean = sum(rated) / len(rated) if rated else None
    problems = _problems(drill)
    return {
        **drill,
        "metrics": drill_figures(drill["expectations"], drill["steps"], drill.get("pauses", ())),
        "evaluation": evaluation,
        "rating": {"score": round_half_up(mean, 2), "grade": _grade(mean), "n": len(rated)}
        if mean is not None
        else None,
        "problems": problems,
        "improvements": [_improvement(drill, one) for one in problems],
    }


def techniques_played(drill: Document, techniques: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What was expected and noticed of each ATT&CK technique; `techniques` are those of the rules by name."""
    found: dict[str, dict[str, Any]] = {}
    for one in drill["expectations"]:
        for technique in techniques.get(one["rule"], ()) if one["type"] == "alert" else ():
            row = found.setdefault(technique, {"technique": technique, "expected": 0, "noticed": 0, "rules": []})
            row["expected"] += 1
            row["noticed"] += one["detected"] is not None
            row["rules"].append(one["rule"])
    return [{**row, "gap": row["noticed"] < row["expected"]} for _, row in sorted(found.items())]


def _grade(mean: float) -> str:
    """GB/T 38645: 4.5 and above excellent, 3 and above qualified."""
    return "excellent" if mean >= 4.5 else "qualified" if mean >= 3 else "unqualified"


def _score(share: float) -> int:
    return GOOD if share == 1 else FAIR if share >= 0.5 else POOR


def _states(drill: Document, kind: str) -> list[str]:
    return [one["state"] for one in drill["expectations"] if one["type"] == kind]


def _monitoring(drill: Document) -> tuple[int | None, dict[str, str]]:
    states = _states(drill, "alert")
    counts = {name: states.count(name) for name in ("met", "late", "missed")}
    score = _score(counts["met"] / len(states)) if states else None
    return score, both("reason.rate", total=len(states), **counts)


def _handling(drill: Document) -> tuple[int | None, dict[str, str]]:
    if drill["unattended"]:
        return None, both("reason.unattended")
    tasks = [step["state"] for step in drill["steps"] if step["type"] == "ask"]
    taken = _states(drill, "acknowledged")
    done = tasks.count("done") + taken.count("met")
    total = len(tasks) + len(taken)
    said = both(f"ack.{taken[0] if taken and taken[0] in {'met', 'late', 'missed'} else 'none'}")
    reason = both("reason.steps", done=tasks.count("done"), total=len(tasks), ack=said)
    return (_score(done / total) if total else None), reason


def _goals(drill: Document) -> tuple[int | None, dict[str, str]]:
    wanted = [
        one["state"] for one in drill["expectations"] if not (drill["unattended"] and one["type"] == "acknowledged")
    ]
    marks = [MARKS[one["rating"]] for one in drill.get("objectives", ()) if one.get("rating")]
    met = wanted.count("met")
    if marks:
        # What people judged goes before what was counted, and the lowest is not averaged away.
        mean = sum(marks) / len(marks)
        points = POOR if POOR in marks else GOOD if mean == GOOD else FAIR
        return points, both("reason.judged", n=len(marks), met=met, total=len(wanted))
    return (_score(met / len(wanted)) if wanted else None), both("reason.goals", met=met, total=len(wanted))


def _problems(drill: Document) -> list[dict[str, Any]]:
    found = []
    for one in drill["expectations"]:
        if one["type"] == "alert" and one["state"] == "missed":
            found.append(_problem("missed", "technology", "rule", rule=one["rule"]))
        elif one["type"] == "alert" and one["state"] == "late":
            seconds = (one["detected"] - one["injected"]) / 1000
            limit = one["within"] / 1000
            found.append(_problem("late", "technology", "speed", rule=one["rule"], seconds=seconds, limit=limit))
        elif one["type"] == "acknowledged" and one["state"] in {"missed", "late"} and not drill["unattended"]:
            found.append(_problem("missed_acknowledged", "people", "ack"))
    for step in drill["steps"]:
        if step["state"] == "unanswered":
            found.append(_problem("unanswered", "people", "step", title=step["title"]))
    return found + _judged(drill)


def _judged(drill: Document) -> list[dict[str, Any]]:
    """Objectives that people found hardly or not performed: each becomes something to mend."""
    found = []
    for title, one in zip(drill["playbook"]["objectives"], drill.get("objectives", ()), strict=False):
        if one.get("rating") in {"M", "U"}:
            text, mend = both(f"judged.{one['rating']}", title=title), both("improve.objective", title=title)
            found.append({"text": text, "cause": both("cause.people"), "cause_id": "people", "mend": mend, "rule": ""})
    return found


def _problem(key: str, cause: str, mend: str, **values: Any) -> dict[str, Any]:
    return {
        "text": both(f"drill.{key}", **values),
        "cause": both(f"cause.{cause}"),
        "cause_id": cause,
        "mend": both(f"improve.{mend}", **values),
        "rule": values.get("rule", ""),
    }


def _improvement(drill: Document, problem: dict[str, Any]) -> dict[str, Any]:
    post = ON_CALL_POST if problem["cause_id"] == "people" else SECURITY_POST
    ended = drill["ended"] or drill["started"]
    return {"action": problem["mend"], "post": post, "due": ended + DUE_DAYS * DAY_MS, "problem": problem["text"]}


def set_aside(document: Document, by: str, now: int, reason: str) -> Document:
    """A finished drill counts no more, in assessments and in readiness; without a reason it counts again.

    Raises WrongUse for one that is not over.
    """
    if document["phase"] != "over":
        raise WrongUse(f"drill {document['id']} is not over", "abort it instead")
    held = {"by": by, "at": now, "reason": reason.strip()[:500]} if reason.strip() else None
    line = entry(now, "set_aside", by=by, reason=held["reason"]) if held else entry(now, "counts_again", by=by)
    return {**document, "set_aside": held, "timeline": [*document["timeline"], line]}
