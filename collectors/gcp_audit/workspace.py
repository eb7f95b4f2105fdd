"""Activities of Workspace's Reports interface in the form of the log entries that Google Cloud makes of them."""

from __future__ import annotations

from typing import Any

from collectors.values import mapping, objects, text
from yunshao.model.event import Native

_VALUES = ("value", "multiValue", "boolValue", "intValue", "multiIntValue")
_SERVICES = {"admin": "google.admin.AdminService", "login": "google.login.LoginService"}


def is_report(native: Native) -> bool:
    """Whether a record is an activity: who, when, and a list of events."""
    about = mapping(native.get("id"))
    return "time" in about and "applicationName" in about and isinstance(native.get("events"), list)


def from_reports(native: Native) -> Native:
    """The entry of an activity, which keeps its own members; any other record as it is."""
    if "protoPayload" in native or not is_report(native):
        return native
    about = mapping(native.get("id"))
    application = text(about.get("applicationName")) or "workspace"
    events = objects(native.get("events"))
    name = (text(events[0].get("name")) if events else None) or "unknown"
    return {
        **native,
        "insertId": about.get("uniqueQualifier"),
        "timestamp": about.get("time"),
        "logName": f"organizations/{text(about.get('customerId')) or 'unknown'}/logs/reports",
        "protoPayload": {
            "serviceName": f"{application}.googleapis.com",
            "methodName": f"{_SERVICES.get(application, application)}.{_camel(name)}",
            "authenticationInfo": {"principalEmail": mapping(native.get("actor")).get("email")},
            "requestMetadata": {"callerIp": native.get("ipAddress")},
            "metadata": {"event": [_event(event) for event in events]},
        },
    }


def _event(event: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": held.get("name"), "value": next((held[kind] for kind in _VALUES if kind in held), None)}
        for held in objects(event.get("parameters"))
    ]
    return {"eventName": event.get("name"), "eventType": event.get("type"), "parameter": parameters}


def _camel(name: str) -> str:
    """`ADD_GROUP_MEMBER` as `addGroupMember`."""
    head, *rest = name[:128].lower().split("_")
    return head + "".join(part.capitalize() for part in rest)
