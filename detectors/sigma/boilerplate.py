"""What a test event leaves out: the ids and times that every record of a source has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

BEGIN_MS = 1_767_323_045_000
"""2026-01-02T03:04:05Z: the time of the first event of a test that names none; each next one is a second later."""

Fill = Callable[[int], Any]


def _iso(number: int) -> str:
    return datetime.fromtimestamp(BEGIN_MS / 1000 + number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _millis(number: int) -> int:
    return BEGIN_MS + number * 1000


def _seconds(number: int) -> float:
    return _millis(number) / 1000


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _always(value: Any) -> Fill:
    return lambda _number: value


COMMON: Mapping[str, Mapping[str, Fill]] = {
    "aws.cloudtrail": {
        "eventVersion": _always("1.08"),
        "eventTime": _iso,
        "eventID": _uuid,
        "eventName": _always("Unnamed"),
        "eventSource": _always("unnamed.amazonaws.com"),
        "awsRegion": _always("us-east-1"),
        "eventType": _always("AwsApiCall"),
        "userIdentity": _always({}),
    },
    "azure.activity": {
        "time": _iso,
        "eventTimestamp": _iso,
        "eventDataId": _uuid,
        "correlationId": _uuid,
        "operationName": _always("UNNAMED"),
    },
    "azure.signin": {"time": _iso, "category": _always("SignInLogs"), "operationName": _always("Sign-in activity")},
    "gcp.audit": {
        "timestamp": _iso,
        "insertId": lambda number: f"test{number}",
        "logName": _always("projects/test/logs/cloudaudit.googleapis.com%2Factivity"),
        "protoPayload": _always({}),
    },
    "alibaba.actiontrail": {
        "eventTime": _iso,
        "eventId": _uuid,
        "eventVersion": _always("1"),
        "eventName": _always("Unnamed"),
        "serviceName": _always("Unnamed"),
        "userIdentity": _always({}),
    },
    "huawei.cts": {
        "time": _millis,
        "trace_id": _uuid,
        "trace_name": _always("unnamed"),
        "service_type": _always("UNNAMED"),
        "trace_rating": _always("normal"),
        "trace_type": _always("ApiCall"),
        "user": _always({}),
    },
    "tencent.cloudaudit": {
        "eventTime": lambda number: _millis(number) // 1000,
        "eventID": _uuid,
        "eventName": _always("Unnamed"),
        "eventSource": _always("unnamed.tencentcloudapi.com"),
        "userIdentity": _always({}),
    },
    "k8s.audit": {
        "kind": _always("Event"),
        "apiVersion": _always("audit.k8s.io/v1"),
        "auditID": _uuid,
        "stage": _always("ResponseComplete"),
        "requestReceivedTimestamp": _iso,
        "stageTimestamp": _iso,
        "verb": _always("get"),
        "requestURI": _always("/"),
        "user": _always({}),
    },
    "okta.system": {"published": _iso, "uuid": _uuid, "eventType": _always("unnamed"), "version": _always("0")},
    "m365.audit": {
        "CreationTime": _iso,
        "Id": _uuid,
        "Operation": _always("Unnamed"),
        "Workload": _always("Unnamed"),
        "RecordType": _always(1),
    },
    "github.audit": {
        "@timestamp": _millis,
        "_document_id": lambda number: f"test{number}",
        "action": _always("unnamed"),
    },
    "zeek": {"ts": _seconds, "uid": lambda number: f"Ctest{number}"},
    "suricata.eve": {"timestamp": _iso, "flow_id": lambda number: 1_000 + number},
    "syslog": {"timestamp": _iso, "message": _always("")},
    "windows.event": {"EventRecordID": lambda number: 1 + number, "Computer": _always("test")},
}

INSTEAD: Mapping[str, tuple[str, ...]] = {
    "eventTimestamp": ("time",),
    "time": ("eventTimestamp", "createdDateTime"),
    "eventDataId": ("time",),
}
"""A field that is not filled in where one of these is given: two shapes of one source."""


def completed(source: str, native: Mapping[str, Any], number: int, log: str = "") -> dict[str, Any]:
    """The record with what it left out; `number` makes ids and times distinct, `log` is Zeek's or Suricata's kind."""
    whole = dict(native)
    for field, fill in COMMON.get(source, {}).items():
        if field not in native and not any(other in native for other in INSTEAD.get(field, ())):
            whole[field] = fill(number)
    if source == "zeek":
        whole.setdefault("_path", log or "conn")
    if source == "suricata.eve":
        whole.setdefault("event_type", log or "alert")
    if source == "windows.event" and not {"Event", "winlog", "TimeCreated", "@timestamp", "SystemTime"} & set(native):
        whole["TimeCreated"] = _iso(number)
    return whole
