"""Small events, findings and alerts for the contract suites."""

from __future__ import annotations

from typing import Any

from yunshao.model.alert import Alert, raise_alert
from yunshao.model.event import NOBODY, Event, EventRef, Owner
from yunshao.model.finding import Finding

NOON = 1_767_268_800_000  # 2026-01-01T12:00Z


def event(uid: str, *, time: int = NOON, source: str = "aws.cloudtrail", owner: Owner = NOBODY, **native: Any) -> Event:
    def derive(record: dict[str, Any], _identity: object) -> dict[str, Any]:
        return {
            "class_uid": 6003,
            "activity_id": 2,
            "severity_id": 1,
            "status_id": 1,
            "api": {"operation": record.get("op", "GetObject"), "service": {"name": "s3.amazonaws.com"}},
            "actor": {"user": {"name": record.get("user", "ops7"), "uid": "AIDA1"}},
            "src_endpoint": {"ip": record.get("ip", "203.0.113.9")},
            "cloud": {"provider": "AWS", "region": "cn-north-1", "account": {"uid": "111122223333"}},
            "resources": [{"uid": "arn:aws:s3:::tickets"}],
        }

    return Event(source, uid, time, {"id": uid, **native}, derive, received=NOON, owner=owner)


def finding(*events: Event, rule: str = "rule-1", **changes: Any) -> Finding:
    refs = tuple(event.ref for event in events) or (EventRef("aws.cloudtrail", "e0", NOON),)
    values: dict[str, Any] = {
        "rule_id": rule,
        "rule_name": "audit_log_switched_off",
        "title": {"zh": "审计日志被关闭", "en": "Audit logging was switched off"},
        "level": "high",
        "time": refs[0].time,
        "entity": "arn:aws:iam::111122223333:user/ops7",
        "events": refs,
        "owner": Owner("metro", "tickets", "small"),
        "why": {"zh": "ops7 关闭了审计日志 main", "en": "ops7 switched off the audit log main"},
        "techniques": ("T1685.002",),
        "facts": {"operation": "StopLogging", "count": 3},
        "triage": {"zh": ("问。",), "en": ("Ask.",)},
    }
    return Finding(**{**values, **changes})


def alert(*events: Event, detected: int = NOON + 5_000, drill: str = "", **changes: Any) -> Alert:
    return raise_alert(finding(*events, **changes), detected, drill)
