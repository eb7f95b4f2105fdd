"""The documents of reviews over a small city, as the product makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from playbooks.review.audit import audit_document
from playbooks.review.checked import data_document, mlps_document
from playbooks.review.common import Known
from playbooks.review.posture import posture_document
from playbooks.review.scorecard import scorecard_document
from yunshao.model.alert import Alert, acknowledge, raise_alert
from yunshao.model.estate import Chief, Cloud, DataSet, Estate, InfoSystem, Unit
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import Finding

DAY = 86_400_000
AS_OF = 1_774_915_200_000
SINCE = AS_OF - 30 * DAY
KINDS = ("posture", "scorecard", "audit", "mlps", "data_security")


def two(text: str) -> dict[str, str]:
    return {"zh": f"{text}（中）", "en": text}


def estate(name: str = "System") -> Estate:
    post = Chief("unit_chief", two("Chief"))
    units = {
        "city": Unit("city", two("City"), "municipality", "", Chief("general_chief", two("General chief"))),
        "health": Unit("health", two(name), "department", "city", post),
        "metro": Unit("metro", two("Metro"), "department", "city", post),
    }
    clouds = {"big": Cloud("big", two("Big cloud"), "big", "gov", "aws", "city")}
    systems = {
        "files": InfoSystem("files", two(name), "health", 5, 4, 3, 5, two("Files"), cloud="big", mlps_level=3,
                            hosting="big_cloud"),
        "tickets": InfoSystem("tickets", two("Tickets"), "metro", 3, 3, 3, 3, two("Tickets"), mlps_level=2,
                              hosting="server_room"),
    }  # fmt: skip
    data = (
        DataSet("records", two("Records"), "files", "important", "sensitive", 9000, False, ("storage", "use")),
        DataSet("sales", two("Sales"), "tickets", "general2", "none", 70, False, ("storage", "deletion")),
    )
    return Estate(two("Town"), units, clouds, systems, (), data)


def alert(number: int, technique: str, verdict: str = "", taken: bool = False) -> Alert:
    time = AS_OF - DAY * (number % 20) - number * 60_000 - 3_600_000
    ref = EventRef("syslog", f"event-{number}", time)
    owner = Owner("health", "files") if number % 2 else Owner("metro", "tickets")
    level = ("critical", "high", "medium", "low")[number % 4]
    found = Finding(f"rule-{number}", "r", two(f"alert {number}"), level, time, "user", (ref,), owner, two("why"),
                    techniques=(technique,))  # fmt: skip
    made = raise_alert(found, time + 1000)
    return replace(acknowledge(made, "me", time + 60_000) if taken else made, verdict=verdict)


ALERTS = [
    *(alert(n, "T1110", "true_positive", True) for n in range(1, 9, 2)),
    alert(2, "T1078"),
    alert(3, "T1530", taken=True),
    alert(4, "T1190", "benign", True),
]
RISK = {
    "id": "files/a/b",
    "asset": "files",
    "current": {"level": 5},
    "treatment": "treat",
    "post": two("Chief"),
    "due": AS_OF,
}
KNOWN = Known(
    estate=estate(),
    since=SINCE,
    until=AS_OF,
    promise=900_000,
    alerts=ALERTS,
    sources=[{"source": "syslog", "last_event": AS_OF, "last_received": AS_OF, "processed": 9, "rejected": 0}],
    drills=[{"id": "d1", "playbook": {"title": two("Drill")}, "state": "done", "ended": AS_OF - DAY, "unattended": True,
             "metrics": {"detection_rate": 1.0, "mttd": {"mean": 2.0}}, "rating": None}],
    assessments=[{"id": "a2", "as_of": AS_OF - DAY, "risks": [1], "summary": {"counts": {"5": 1, "3": 2}}}],
    register={
        "risk": [RISK],
        "treatment": [{"risk": "files/a/b", "action": "reduce", "post": "Chief", "due": AS_OF - DAY, "expected": 2}],
        "finding": [{"id": "f1", "system": "files", "severity": 5, "open": True},
                    {"id": "f2", "system": "files", "severity": 3, "open": False}],
        "answer": [
            {"control": "mlps.physical.fire-protection", "system": "files", "state": "met", "by": "chief", "reason": "",
             "at": AS_OF - DAY, "until": None},
            {"control": "mlps.policy.rules", "system": "files", "state": "met", "by": "chief", "reason": "",
             "at": AS_OF - 9 * DAY, "until": AS_OF - DAY},
            {"control": "mlps.physical.power-supply", "system": "tickets", "state": "not_applicable", "by": "chief",
             "reason": "hosted", "at": AS_OF - DAY, "until": None},
        ],
        "decision": [{"kind": "threat", "key": "t", "field": "frequency", "proposed": 4, "value": 2, "by": "analyst",
                      "verdict": "adjust", "reason": "seen", "at": AS_OF - DAY}],
    },
    heard=frozenset({"health"}),
    heard_today=frozenset({"health"}),
    earlier={"2026-02": 3, "2026-03": 7},
    excepted={"quiet": 4},
    trail=[{"number": n, "at": AS_OF - n * 3_600_000, "by": f"user{n % 3}", "did": "login.failed" if n % 4 else "login",
            "on": "console", "detail": ""} for n in range(40)],
    chain={"links": 9, "flaws": [], "end": "ab" * 32, "fingerprint": "cd" * 32},
)  # fmt: skip


def document(kind: str, known: Known = KNOWN) -> dict[str, Any]:
    made: dict[str, Any] = {
        "posture": lambda: posture_document(known, "Asia/Shanghai"),
        "scorecard": lambda: scorecard_document(known),
        "audit": lambda: audit_document(known, "Asia/Shanghai"),
        "mlps": lambda: mlps_document(known),
        "data_security": lambda: data_document(known),
    }[kind]()
    return dict(orjson.loads(orjson.dumps(made)))
