"""Alibaba Cloud ActionTrail: management and data events, from OSS, SLS, EventBridge and LookupEvents."""

from __future__ import annotations

from typing import Any

from collectors.alibaba_actiontrail.routes import PRIVILEGED_SERVICES, route_of
from collectors.cloud_events import account, call, cloud_event, endpoint, verdict
from collectors.events import leftovers, metadata
from collectors.json_record import digest, native_of, opened
from collectors.routes import AUTHENTICATION, DATASTORE, READ, Route, crud, subject
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import first_text, flag, full, mapping, some, text, texts
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "alibaba.actiontrail"
OTHER = 99
ACCOUNT = "Alibaba Cloud Account"
_ENVELOPES = ("event", "data", "content")
_OPENED = (
    *("requestParameters", "requestParameterJson", "responseElements", "additionalEventData", "addionalEventData"),
    *("userIdentity", "referencedResources"),
)
_CLEANED = ("requestParameters", "requestParameterJson", "responseElements")
_USER_TYPES = {"root-account": 2, "system": 3, "alibaba-cloud-service": 4}
_MAX_RESOURCES = 100
_MAPPED = frozenset(
    {
        "acsRegion", "apiVersion", "errorCode", "errorMessage", "eventId", "eventName", "eventSource", "eventTime",
        "eventType", "eventVersion", "recipientAccountId", "referencedResources", "requestId", "requestParameterJson",
        "requestParameters", "resourceName", "resourceType", "responseElements", "serviceName", "sourceIpAddress",
        "userAgent", "userIdentity", "vpcId",
    }
)  # fmt: skip


class ActionTrail:
    """Parser of `alibaba.actiontrail`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The event out of its envelope, without the secrets of request and answer. Raises Rejection."""
        native = _unwrapped(native_of(raw))
        for name in _OPENED:
            if native.get(name).__class__ is str:
                native[name] = opened(native[name])
        for name in _CLEANED:
            if isinstance(native.get(name), dict):
                native[name] = without_secrets(native[name])
        return native

    def identify(self, native: Native) -> Identity:
        """`eventId` and `eventTime`. Raises Rejection."""
        if "eventName" not in native or not {"serviceName", "eventSource", "eventType"} & native.keys():
            raise Rejection("not_this_source", "no eventName" if "eventName" not in native else "no serviceName")
        moment = millis(native.get("eventTime"))
        if moment is None:
            raise Rejection("bad_time", f"eventTime {str(native.get('eventTime'))[:80]!r}")
        return Identity(text(native.get("eventId")) or digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of what was done, or API Activity."""
        operation = text(native.get("eventName")) or "unknown"
        service = text(native.get("serviceName")) or ""
        reads = {"read": True, "write": False}.get((text(native.get("eventRW")) or "").lower())
        privileged = service.lower() in PRIVILEGED_SERVICES and crud(operation, reads) != READ
        return cloud_event(
            identity,
            _metadata(native, identity),
            operation,
            _members(native, operation, service),
            _routed(native, operation, service),
            read_only=reads,
            privileged=privileged,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is an ActionTrail event, bare or in an envelope."""
    if not isinstance(native, dict):
        return False
    if str(native.get("__topic__", "")).startswith("actiontrail"):
        return True
    event = _unwrapped(native)
    where = ("acsRegion", "sourceIpAddress", "serviceName", "isGlobal")
    return "eventName" in event and "eventTime" in event and any(name in event for name in where)


def _unwrapped(native: Native) -> Native:
    if "eventName" in native:
        return native
    for name in _ENVELOPES:
        held = opened(native.get(name))
        if isinstance(held, dict) and "eventName" in held:
            return held
    return native


def _routed(native: Native, operation: str, service: str) -> tuple[Route, dict[str, Any]] | None:
    route = route_of(service, operation, text(native.get("eventType")) or "")
    if route is None:
        return None
    if route.class_uid == AUTHENTICATION:
        return _signed_in(native, route)
    request = _request(native)
    if route.class_uid == DATASTORE:
        bucket = first_text(request.get("bucketName"), request.get("BucketName"), request.get("bucket"))
        held = {"name": bucket, "uid": f"acs:oss:*:*:{bucket}", "type_id": OTHER, "type": "OSS"}
        return (route, {"databucket": held}) if bucket else None
    found = subject(route, request)
    return (route, found) if found else None


def _signed_in(native: Native, route: Route) -> tuple[Route, dict[str, Any]] | None:
    user = _user(native)
    if user is None:
        return None
    extra = _extra(native)
    mfa = flag(extra.get("mfaChecked", extra.get("isMFAChecked")))
    members = {"user": user, "service": {"name": "Alibaba Cloud console"}, "is_mfa": mfa, "is_remote": True}
    return route, full(members.items())


def _extra(native: Native) -> dict[str, Any]:
    return mapping(native.get("additionalEventData")) or mapping(native.get("addionalEventData"))


def _request(native: Native) -> dict[str, Any]:
    return mapping(native.get("requestParameters")) or mapping(native.get("requestParameterJson"))


def _user(native: Native) -> dict[str, Any] | None:
    identity = mapping(native.get("userIdentity"))
    kind = text(identity.get("type"))
    key = text(identity.get("accessKeyId"))
    user = some(
        name=first_text(identity.get("userName"), _extra(native).get("loginAccount")),
        uid=text(identity.get("principalId")),
        account=account(text(identity.get("accountId")), OTHER, ACCOUNT),
        programmatic_credentials=[{"uid": key, "type": "AccessKey"}] if key else None,
    )
    if not user or not {"name", "uid", "account"} & user.keys():
        return None
    return {**user, "type": kind, "type_id": _USER_TYPES.get(kind, 1)} if kind else user


def _actor(native: Native, service: str) -> dict[str, Any]:
    attributes = mapping(mapping(mapping(native.get("userIdentity")).get("sessionContext")).get("attributes"))
    session = some(created_time=millis(attributes.get("creationDate")), is_mfa=flag(attributes.get("mfaAuthenticated")))
    invoked = text(mapping(native.get("userIdentity")).get("invokedBy"))
    actor = some(user=_user(native), session=session, app_name=invoked)
    return actor or {"app_name": service or "unknown"}


def _resources(native: Native) -> list[dict[str, Any]]:
    """Every resource that is referred to by kind, else the one that is named."""
    found: list[dict[str, Any]] = []
    for kind, uids in list(mapping(native.get("referencedResources")).items())[:_MAX_RESOURCES]:
        listed = texts(uids, _MAX_RESOURCES) if isinstance(uids, list) else texts([uids])
        found += [{"uid": uid, "type": str(kind)} for uid in listed]
    if not found:
        named = some(name=text(native.get("resourceName")), type=text(native.get("resourceType")))
        found = [named] if named and "name" in named else []
    return found[:_MAX_RESOURCES]


def _members(native: Native, operation: str, service: str) -> dict[str, Any]:
    code = text(native.get("errorCode"))
    said = text(native.get("errorMessage"))
    identity = mapping(native.get("userIdentity"))
    owner = first_text(native.get("recipientAccountId"), identity.get("accountId"))
    host = text(native.get("eventSource"))
    return {
        **verdict(bool(code or said)),
        "actor": _actor(native, service),
        "api": call(
            operation,
            service or host,
            text(native.get("requestId")) or "",
            version=text(native.get("apiVersion")),
            request=_request(native) or native.get("requestParameters"),
            response={"error": code, "error_message": said},
            answer=native.get("responseElements"),
        ),
        "cloud": full(
            {
                "provider": "Alibaba Cloud",
                "region": text(native.get("acsRegion")),
                "account": account(owner, OTHER, ACCOUNT),
            }.items()
        ),
        "src_endpoint": endpoint(text(native.get("sourceIpAddress")), service, vpc_uid=text(native.get("vpcId"))),
        "http_request": some(user_agent=text(native.get("userAgent"))),
        "dst_endpoint": {"hostname": host} if host and "." in host else None,
        "resources": _resources(native),
        "status_code": code,
        "status_detail": said,
        "unmapped": without_secrets(leftovers(native, _MAPPED)) or None,
    }


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "ActionTrail",
        "Alibaba Cloud",
        log_name="ActionTrail",
        log_version=text(native.get("eventVersion")),
        event_code=text(native.get("eventType")),
        correlation_uid=text(native.get("eventId")),
        profiles=["cloud"],
    )
