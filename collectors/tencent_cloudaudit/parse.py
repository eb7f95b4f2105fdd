"""Tencent CloudAudit: records as delivered to COS or CLS, of DescribeEvents and LookUpEvents, and from EventBridge."""

from __future__ import annotations

from typing import Any

from collectors.cloud_events import account, call, cloud_event, endpoint, verdict, web_request
from collectors.events import leftovers, metadata
from collectors.json_record import digest, native_of
from collectors.routes import AUTHENTICATION, DATASTORE, READ, Route, crud, subject
from collectors.secrets import without_secrets
from collectors.tencent_cloudaudit.record import record_of, service_of, shown, time_of
from collectors.tencent_cloudaudit.routes import PRIVILEGED_SERVICES, route_of
from collectors.times import millis
from collectors.values import first_text, flag, full, mapping, some, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "tencent.cloudaudit"
OTHER = 99
ACCOUNT = "Tencent Cloud Account"
_MAPPED = frozenset(
    {
        "apiErrorCode", "apiErrorMessage", "apiVersion", "errorCode", "errorMessage", "eventID", "eventName",
        "eventRegion", "eventSource", "eventTime", "eventType", "eventVersion", "httpMethod", "requestID",
        "requestParameters", "resourceName", "resourceType", "responseElements", "sourceIPAddress", "userAgent",
        "userIdentity",
    }
)  # fmt: skip
_ENVELOPES = ("CloudAuditEvent", "data")


class CloudAudit:
    """Parser of `tencent.cloudaudit`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The record in one spelling, without tokens and keys. Raises Rejection."""
        return record_of(native_of(raw))

    def identify(self, native: Native) -> Identity:
        """`eventID` and `eventTime`. Raises Rejection."""
        if "eventName" not in native:
            raise Rejection("not_this_source", "no eventName")
        moment = time_of(native.get("eventTime"))
        if moment is None:
            raise Rejection("bad_time", f"eventTime {str(native.get('eventTime'))[:80]!r}")
        return Identity(text(native.get("eventID")) or digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of what was done, or API Activity."""
        operation = text(native.get("eventName")) or "unknown"
        service = _service(native)
        reads = {"read": True, "write": False}.get((text(native.get("actionType")) or "").lower())
        return cloud_event(
            identity,
            _metadata(native, identity),
            operation,
            _members(native, operation, service),
            _routed(native, operation, service),
            read_only=reads,
            privileged=service in PRIVILEGED_SERVICES and crud(operation, reads) != READ,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a CloudAudit record, bare or wrapped."""
    if not isinstance(native, dict):
        return False
    if "CloudAuditEvent" in native:
        return True
    held = native.get("data")
    record = held if isinstance(held, dict) and "eventName" in held else native
    ours = {"eventRegion", "EventRegion", "actionType", "apiErrorCode", "sensitiveAction"} & record.keys()
    return bool({"eventName", "EventName"} & record.keys()) and (bool(ours) or _is_of_tencent(record))


def _is_of_tencent(record: dict[str, Any]) -> bool:
    source = text(record.get("eventSource", record.get("EventSource"))) or ""
    return "tencent" in source[:256] or "qcloud" in source[:256]


def _service(native: Native) -> str:
    return service_of((text(native.get("eventSource")) or "")[:256]) or (text(native.get("resourceType")) or "").lower()


def _routed(native: Native, operation: str, service: str) -> tuple[Route, dict[str, Any]] | None:
    route = route_of(service, operation)
    if route is None:
        return None
    request = mapping(native.get("requestParameters"))
    if route.class_uid == AUTHENTICATION:
        user = _user(native)
        members = {
            "user": user,
            "service": {"name": "Tencent Cloud console"},
            "is_mfa": _mfa(native),
            "is_remote": True,
        }
        return (route, full(members.items())) if user else None
    if route.class_uid == DATASTORE:
        bucket = first_text(
            request.get("bucket"), request.get("Bucket"), request.get("bucketName"), native.get("resourceName")
        )
        held = {"name": bucket, "uid": bucket, "type_id": OTHER, "type": "COS"}
        return (route, {"databucket": held}) if bucket else None
    found = subject(route, request)
    return (route, found) if found else None


def _session(native: Native) -> dict[str, Any]:
    return mapping(mapping(native.get("userIdentity")).get("sessionContext"))


def _mfa(native: Native) -> bool | None:
    session = _session(native)
    held = session.get("mfa", mapping(session.get("attributes")).get("mfaAuthenticated"))
    return bool(held) if isinstance(held, int) else flag(held)


def _user(native: Native) -> dict[str, Any] | None:
    identity = mapping(native.get("userIdentity"))
    kind = text(identity.get("type"))
    key = text(identity.get("secretId"))
    name = text(identity.get("userName"))
    user = some(
        name=name,
        uid=text(identity.get("principalId")),
        account=account(text(identity.get("accountId")), OTHER, ACCOUNT),
        programmatic_credentials=[{"uid": key, "type": "SecretId"}] if key else None,
    )
    if not user or not {"name", "uid", "account"} & user.keys():
        return None
    root = (kind or name or "").lower() == "root"
    return {**user, "type": kind or ("Root" if root else "User"), "type_id": 2 if root else 1}


def _actor(native: Native, service: str) -> dict[str, Any]:
    user = _user(native)
    session = some(is_mfa=_mfa(native))
    return full({"user": user, "session": session, "app_name": None if user else service or "unknown"}.items())


def _failure(native: Native) -> tuple[str | None, str | None]:
    """The code and words of the stage that failed: signature and rights, or the call itself."""
    for stage in ("apiError", "error"):
        code = shown(native.get(f"{stage}Code"))
        if code:
            return code, text(native.get(f"{stage}Message"))
    return None, None


def _members(native: Native, operation: str, service: str) -> dict[str, Any]:
    code, said = _failure(native)
    identity = mapping(native.get("userIdentity"))
    owner = first_text(identity.get("accountId"), native.get("accountID"))
    named = some(name=text(native.get("resourceName")), type=text(native.get("resourceType")))
    return {
        **verdict(code is not None),
        "actor": _actor(native, service),
        "api": call(
            operation,
            text(native.get("eventSource")) or service,
            text(native.get("requestID")) or "",
            version=text(native.get("apiVersion")),
            request=native.get("requestParameters"),
            response={"error": code, "error_message": said},
            answer=native.get("responseElements"),
        ),
        "cloud": full(
            {
                "provider": "Tencent Cloud",
                "region": text(native.get("eventRegion")),
                "account": account(owner, OTHER, ACCOUNT),
            }.items()
        ),
        "src_endpoint": endpoint(text(native.get("sourceIPAddress")), service),
        "http_request": web_request(text(native.get("userAgent")), text(native.get("httpMethod"))),
        "resources": [named] if named and "name" in named else [],
        "status_code": code,
        "status_detail": said,
        "unmapped": without_secrets(leftovers(native, _MAPPED)) or None,
    }


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "CloudAudit",
        "Tencent Cloud",
        log_name="CloudAudit",
        log_version=text(native.get("eventVersion")),
        event_code=text(native.get("eventType")),
        logged_time=millis(native.get("deliveryTime")),
        profiles=["cloud"],
    )
