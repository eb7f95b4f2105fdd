"""Microsoft 365 unified audit log: Entra ID, Exchange, SharePoint, Teams, security alerts."""

from __future__ import annotations

from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, OTHER, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import digest, native_of
from collectors.m365_audit.parts import actor_of, endpoint_of, file_of, group_of, named_values, role_of, target_of
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import first_text, mapping, some, text
from collectors.verbs import deed_of
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "m365.audit"
ACCOUNT_CHANGE, AUTHENTICATION, USER_ACCESS, GROUP, API, FILE = 3001, 3002, 3005, 3006, 6003, 6006
_LOGONS = {"userloggedin": 1, "userloginfailed": 1, "userloggedout": 2, "mailboxlogin": 1}
_CHANGES = {
    "add user": 1,
    "enable account": 2,
    "change user password": 3,
    "reset user password": 4,
    "set force change user password": 4,
    "disable account": 5,
    "delete user": 6,
    "hard delete user": 6,
    "enable strong authentication": 10,
    "disable strong authentication": 11,
}
_ROLES = {"add member to role": 1, "add eligible member to role": 1, "remove member from role": 2}
_GROUPS = {"add member to group": 3, "remove member from group": 4, "delete group": 5, "add group": 6}
_FILES = {
    "fileuploaded": 1,
    "filedownloaded": 2,
    "filesyncdownloadedfull": 2,
    "filemodified": 3,
    "filemodifiedextended": 3,
    "filedeleted": 4,
    "filerecycled": 4,
    "filedeletedfirststagerecyclebin": 4,
    "filedeletedsecondstagerecyclebin": 4,
    "filerenamed": 5,
    "filecopied": 6,
    "filemoved": 7,
    "filerestored": 8,
    "filepreviewed": 9,
    "filecheckedout": 10,
    "filecheckedin": 11,
    "sharingset": 12,
    "anonymouslinkcreated": 12,
    "companylinkcreated": 12,
    "securelinkcreated": 12,
    "addedtosecurelink": 12,
    "sharingrevoked": 13,
    "anonymouslinkremoved": 13,
    "fileaccessed": 14,
    "fileaccessedextended": 14,
    "anonymouslinkused": 14,
}
_GOOD = frozenset({"success", "succeeded", "true", "partiallysucceeded"})
_BAD = frozenset({"failed", "failure", "false", "fail"})
_PRIVILEGED = (
    "add app role", "add delegated", "add federated", "add-federated", "add owner", "add service principal",
    "consent to", "set company", "set domain", "set federation", "update policy", "set-adminaudit", "new-transport",
    "set-transport", "add-mailboxperm", "new-inboxrule", "set-inboxrule", "set-mailbox", "update application",
    "new-managementrole", "add-rolegroup", "disable-", "remove-",
)  # fmt: skip
_MAPPED = frozenset(
    {
        "CreationTime", "Id", "Operation", "OrganizationId", "RecordType", "ResultStatus", "UserId", "ClientIP",
        "Workload", "UserAgent", "Version", "AuditData",
    }
)  # fmt: skip


class Microsoft365Audit:
    """Parser of `m365.audit`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The audit record, taken out of what a search or an export puts around it. Raises Rejection."""
        native = native_of(raw)
        if "CreationTime" in native:
            return native
        held = native.get("AuditData") or native.get("auditData")
        if isinstance(held, str):
            held = native_of(held.encode("utf-8", "replace"))
        if isinstance(held, dict):
            return held
        return _of_table(native) if "OfficeWorkload" in native else native

    def identify(self, native: Native) -> Identity:
        """`Id` and `CreationTime` (UTC). Raises Rejection."""
        if not text(native.get("Operation")):
            raise Rejection("not_this_source", "no Operation")
        if "CreationTime" not in native:
            raise Rejection("not_this_source", "no CreationTime")
        moment = millis(native["CreationTime"])
        if moment is None:
            raise Rejection("bad_time", f"CreationTime {str(native['CreationTime'])[:80]!r}")
        uid = native.get("Id")
        return Identity(uid if uid and uid.__class__ is str else digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form."""
        operation = text(native.get("Operation")) or "unknown"
        class_uid, activity, members = _shaped(operation, native)
        members = {**_common(native, operation), **members}
        failed = members["status_id"] == FAILURE
        return event(
            *(class_uid, activity, _severity(operation, failed), identity),
            _metadata(native, identity),
            activity_name=operation if activity == OTHER else None,
            **members,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a record of the unified audit log."""
    if not isinstance(native, dict):
        return False
    if "AuditData" in native or "auditData" in native or "OfficeWorkload" in native:
        return True
    return "CreationTime" in native and "Operation" in native and ("Workload" in native or "RecordType" in native)


def _of_table(native: Native) -> Native:
    """A row of the table that a log workspace keeps: the same fields, a few under names of its own."""
    named = {"Workload": native["OfficeWorkload"], "Id": native.get("OfficeId") or native.get("OfficeObjectId")}
    named["CreationTime"] = native.get("TimeGenerated") or native.get("ElevationTime")
    return {**native, **{name: value for name, value in named.items() if name not in native and value is not None}}


def _shaped(operation: str, native: Native) -> tuple[int, int, dict[str, Any]]:
    """Class, activity and the members of that class; API Activity where too little is told."""
    key = operation.lower().rstrip(".").strip()
    user = target_of(native)
    if key in _LOGONS and (who := actor_of(native).get("user")):
        return AUTHENTICATION, _LOGONS[key], {"user": who, "service": {"name": _service(native)}}
    if key in _CHANGES and user:
        return ACCOUNT_CHANGE, _CHANGES[key], {"user": user}
    if key in _ROLES and user:
        return USER_ACCESS, _ROLES[key], {"user": user, "privileges": [role_of(native) or "unknown"]}
    if key in _GROUPS and (group := group_of(native)):
        return GROUP, _GROUPS[key], {"group": group, "user": user}
    if key in _FILES and (file := file_of(native)):
        return FILE, _FILES[key], {"file": file}
    name = text(native.get("ObjectId"))
    kind = first_text(native.get("ItemType"), native.get("Workload"))
    members = {
        "api": some(
            operation=operation,
            service={"name": _service(native)},
            request=_request(native),
        ),
        "resources": [{"name": name, **({"type": kind} if kind else {})}] if name else None,
    }
    return API, deed_of(operation), members


def _request(native: Native) -> dict[str, Any] | None:
    values = named_values(native.get("Parameters"))
    return {"uid": text(native.get("RequestId")) or "", "data": without_secrets(values)} if values else None


def _common(native: Native, operation: str) -> dict[str, Any]:
    status = _status(native, operation)
    organisation = text(native.get("OrganizationId"))
    return {
        "actor": actor_of(native),
        "src_endpoint": endpoint_of(native),
        "http_request": some(user_agent=_agent(native)),
        "cloud": {
            "provider": "Microsoft",
            **({"account": {"uid": organisation, "type_id": 17}} if organisation else {}),
        },
        "status_id": status,
        "status": STATUS.get(status, "Unknown"),
        "status_code": first_text(native.get("ErrorNumber"), native.get("ErrorCode")),
        "status_detail": first_text(native.get("LogonError"), native.get("ResultStatus")),
        "unmapped": without_secrets(leftovers(native, _MAPPED)) or None,
    }


def _status(native: Native, operation: str) -> int:
    written = (text(native.get("ResultStatus")) or str(native.get("ResultStatus"))).lower()
    if "failed" in operation.lower() or written in _BAD:
        return FAILURE
    return SUCCESS if written in _GOOD or "ResultStatus" not in native else 0


def _agent(native: Native) -> str | None:
    named = named_values(native.get("ExtendedProperties"))
    return first_text(native.get("UserAgent"), named.get("UserAgent"), native.get("ClientInfoString"))


def _service(native: Native) -> str:
    return text(native.get("Workload")) or "Microsoft365"


def _severity(operation: str, failed: bool) -> int:
    if failed:
        return LOW
    return MEDIUM if operation.lower().startswith((*_PRIVILEGED, *_ROLES)) else INFORMATIONAL


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "Microsoft 365",
        "Microsoft",
        log_name=text(native.get("Workload")) or "audit",
        log_version=text(native.get("Version")),
        event_code=text(native.get("RecordType")),
        correlation_uid=first_text(
            native.get("CorrelationId"), mapping(native.get("AppAccessContext")).get("CorrelationId")
        ),
        profiles=["cloud"],
    )
