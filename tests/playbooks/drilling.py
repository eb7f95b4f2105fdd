"""A small drill to play with: two sends, a task, an alert and its acknowledgement."""

from __future__ import annotations

from typing import Any

from playbooks.drill import run
from playbooks.drill.inject import Injected
from playbooks.words import Expectation, Playbook, Stage
from yunshao.model.drill import AlertFact, CloseAlerts, Send

T0 = 1_790_000_000_000
SAID = {"zh": "一步", "en": "a step"}


def playbook() -> Playbook:
    return Playbook(
        id="small",
        kind="drill",
        version="1",
        title=SAID,
        summary=SAID,
        file="small.yml",
        objectives=(SAID,),
        forms={"method": "practical", "scope": "internal", "content": "special"},
        stages=(
            Stage(0, "send", SAID, source="s", part="one"),
            Stage(60_000, "ask", SAID, post="on_call"),
            Stage(120_000, "send", SAID, source="s", part="two"),
        ),
        expect=(Expectation("alert", 120_000, rule="r"), Expectation("acknowledged", 900_000, post="on_call")),
        story="none",
        every="year",
    )


def injected() -> list[Injected]:
    return [Injected("s", b"{}", uid, uid, part, 0) for uid, part in (("a", "one"), ("b", "one"), ("c", "two"))]


def begun(speed: float = 1.0, unattended: bool = False) -> dict[str, Any]:
    return run.start(playbook(), "drill-1", T0, speed, unattended, "somebody", injected())


def fact(
    uid: str = "a", detected: int = T0 + 5_000, acknowledged: int | None = None, closed: bool = False
) -> AlertFact:
    return AlertFact(
        f"alert-{uid}", "r", detected, acknowledged, "oncall" if acknowledged else "", closed, frozenset({uid})
    )


def played(document: dict[str, Any], now: int, *facts: AlertFact) -> dict[str, Any]:
    """One turn, its actions done at once: records sent, alerts closed."""
    known = list(facts)
    for _ in range(3):
        document, actions = run.advance(document, now, known)
        for action in actions:
            if isinstance(action, Send):
                document = run.sent(document, action.index, now)
            elif isinstance(action, CloseAlerts):
                known = [fact(next(iter(one.uids)), one.detected, one.acknowledged, True) for one in known]
    return document
