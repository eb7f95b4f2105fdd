"""What pages say, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playbooks.drill.say import both, person
from playbooks.oncall.page import Subject
from yunshao.model.alert import Alert


def told_together(count: int) -> dict[str, str]:
    """The title of several messages in one."""
    return both("page.together", n=count)


def alert_subject(alert: Alert, unit_name: Mapping[str, str]) -> Subject:
    """An alert as something to be answered."""
    finding = alert.finding
    level = both(f"level.{alert.level}")
    return Subject(
        kind="alert",
        id=alert.id,
        level=alert.level,
        title=both("page.alert", level=level, title=dict(finding.title)),
        body=both("page.alert_body", why=dict(finding.why), unit=dict(unit_name), entity=finding.entity, n=alert.count),
        unit=finding.owner.unit,
        drill=alert.drill,
        path=f"/alerts/{alert.id}",
    )


def task_subject(document: Mapping[str, Any], step: Mapping[str, Any]) -> Subject:
    """A task of a drill for the holder of its post."""
    return Subject(
        "task", f"{document['id']}/{step['index']}", "high",
        both("page.question", post=person(step["post"]), title=step["title"]),
        both("page.question_body", playbook=document["playbook"]["title"]),
        drill=document["id"], path=f"/drills/{document['id']}",
    )  # fmt: skip


def question_subject(run: Mapping[str, Any], command: Mapping[str, Any]) -> Subject:
    """A playbook's question, or the act that wants an approval."""
    body = both("page.run_body", playbook=run["program"]["title"], run=run["id"], path=command["path"])
    title = both("page.question", post=person(command["post"]), title=command["title"])
    return Subject("question", command["key"], "high", title, body)


def notice_subject(run: Mapping[str, Any], command: Mapping[str, Any]) -> Subject:
    """What a playbook tells."""
    text = command["with"].get("text", "")
    return Subject("notice", command["key"], "informational", run["program"]["title"], {"zh": text, "en": text})


def plan_subject(plan: Mapping[str, Any], title: Mapping[str, str], at: str) -> Subject:
    """A drill that is announced."""
    return Subject(
        "plan", f"{plan['id']}/{plan['next']}", "informational", both("calendar.soon", title=dict(title), at=at),
        both("calendar.soon_body"), drill=plan["id"], path="/calendar",
    )  # fmt: skip


def duty_subject(incident: Mapping[str, Any], duty: Mapping[str, Any], share: float, due: str) -> Subject:
    """A report of a real incident that is due, for the post that makes it."""
    values = {"id": incident["id"], "to": duty["to"], "due": due, "share": round(share * 100), "duty": duty["duty"]}
    return Subject(
        "duty", duty_name(incident["id"], duty["duty"], share), "critical" if share >= 1 else "high",
        both("incident.due", title=incident["title"]), both("incident.due_body", **values),
        unit=incident["units"][0] if incident["units"] else "", path=f"/incidents/{incident['id']}",
    )  # fmt: skip


def duty_name(incident: str, duty: str, share: float) -> str:
    """What one reminder of one report is called."""
    return f"{incident}/{duty}/{share:g}"


def handed_subject(rota: str, person: str, until: str, waiting: int) -> Subject:
    """The words to whoever comes on call."""
    return Subject(
        "handover", f"{rota}|{person}|{until}", "informational",
        both("page.handed", rota=rota), both("page.handed_body", person=person, until=until, n=waiting),
    )  # fmt: skip
