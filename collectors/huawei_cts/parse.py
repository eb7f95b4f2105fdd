"""Huawei Cloud Trace Service: management and data traces, as files and by API, Open Telekom Cloud's too."""

from __future__ import annotations

from typing import Any

from collectors.cloud_events import account, call, cloud_event, endpoint, verdict
from collectors.events import HIGH, leftovers, metadata
from collectors.huawei_cts.routes import PRIVILEGED_SERVICES, route_of
from collectors.json_record import digest, native_of, opened
from collectors.routes import ACCOUNT_CHANGE, AUTHENTICATION, DATASTORE, ENTITY, READ, Route, crud, subject
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import first_text, flag, full, integer, mapping, some, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "huawei.cts"
OTHER = 99
ACCOUNT = "Huawei Cloud Account"
_ENVELOPES = ("content", "data", "trace", "message")
_OPENED = ("user", "request", "response", "resource_account", "location_info")
_CLEANED = ("request", "response")
_MAPPED = frozenset(
    {
        "api_version", "code", "domain_id", "project_id", "record_time", "region", "request", "request_id",
        "resource_account_id", "resource_id", "resource_name", "resource_type", "response", "service_type",
        "source_ip", "time", "trace_id", "trace_name", "trace_rating", "trace_type", "user", "user_agent", "message",
    }
)  # fmt: skip


class CloudTrace:
    """Parser of `huawei.cts`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The trace; JSON in texts is opened, the secrets of request and response dropped. Raises Rejection."""
        native = _unwrapped(native_of(raw))
        for name in _OPENED:
            if native.get(name).__class__ is str:
                native[name] = opened(native[name])
        for name in _CLEANED:
            if isinstance(native.get(name), dict):
                native[name] = without_secrets(native[name])
        return native

    def identify(self, native: Native) -> Identity:
        """`trace_id` and `time`: an operation across accounts has one id in both. Raises Rejection."""
        for needed in ("trace_name", "service_type"):
            if needed not in native:
                raise Rejection("not_this_source", f"no {needed}")
        written = native.get("time") or native.get("record_time")
        moment = millis(written)
        if moment is None:
            raise Rejection("bad_time", f"time {str(written)[:80]!r}")
        return Identity(text(native.get("trace_id")) or digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of what was done, or API Activity."""
        operation = text(native.get("trace_name")) or "unknown"
        service = text(native.get("service_type")) or ""
        reads = flag(native.get("read_only"))
        incident = (text(native.get("trace_rating")) or "").lower() == "incident"
        return cloud_event(
            identity,
            _metadata(native, identity),
            operation,
            _members(native, operation, service),
            _routed(native, operation, service),
            read_only=reads,
            severity=HIGH if incident else None,
            privileged=service.lower() in PRIVILEGED_SERVICES and crud(operation, reads) != READ,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a trace."""
    if not isinstance(native, dict):
        return False
    trace = _unwrapped(native)
    return "trace_name" in trace and ("trace_id" in trace or "trace_rating" in trace)


def _unwrapped(native: Native) -> Native:
    if "trace_name" in native:
        return native
    for name in _ENVELOPES:
        held = opened(native.get(name))
        if isinstance(held, dict) and "trace_name" in held:
            return held
    return native


def _routed(native: Native, operation: str, service: str) -> tuple[Route, dict[str, Any]] | None:
    route = route_of(service, operation)
    if route is None:
        return None
    named = text(native.get("resource_name"))
    if route.class_uid == AUTHENTICATION:
        user = _user(native)
        return (route, {"user": user, "service": {"name": "Huawei Cloud"}, "is_remote": True}) if user else None
    if route.class_uid == DATASTORE:
        request = mapping(native.get("request"))
        bucket = first_text(request.get("bucket_name"), request.get("bucketName"), named)
        held = {"name": bucket, "uid": bucket, "type_id": OTHER, "type": "OBS"}
        return (route, {"databucket": held}) if bucket else None
    request = mapping(native.get("request"))
    found = subject(route, request)
    if found is None and named and route.class_uid in (ACCOUNT_CHANGE, ENTITY):
        found = subject(route._replace(target=("name",), privilege=()), {"name": named})
    return (route, found) if found else None


def _user(native: Native) -> dict[str, Any] | None:
    written = native.get("user")
    held = mapping(written)
    domain = mapping(held.get("domain"))
    kind = text(held.get("type"))
    key = text(held.get("access_key_id"))
    principal = first_text(held.get("id"), held.get("principal_id"))
    user = some(
        name=first_text(held.get("user_name"), held.get("name"), None if held else written),
        uid=principal,
        uid_alt=text(held.get("principal_urn")),
        account=_owner(first_text(held.get("account_id"), domain.get("id")), text(domain.get("name"))),
        programmatic_credentials=[{"uid": key, "type": "Access key"}] if key else None,
    )
    if not user or not {"name", "uid", "account"} & user.keys():
        return None
    root = flag(held.get("principal_is_root_user"))
    return {**user, "type": "Root" if root else kind or "User", "type_id": 2 if root else 1}


def _owner(uid: str | None, name: str | None = None) -> dict[str, Any] | None:
    found = account(uid, OTHER, ACCOUNT)
    return {**found, "name": name} if found and name else found


def _actor(native: Native, service: str) -> dict[str, Any]:
    """Who did it; the session of an agency is what stands behind its id."""
    user = _user(native)
    principal = text(mapping(native.get("user")).get("principal_id")) or ""
    session = some(uid_alt=principal.partition(":")[2] or None)
    return full({"user": user, "session": session, "app_name": None if user else service or "unknown"}.items())


def _failed(native: Native, operation: str) -> bool:
    rating = (text(native.get("trace_rating")) or "normal").lower()
    code = integer(native.get("code"))
    return rating in ("warning", "incident") or operation.endswith("Failed") or (code is not None and code >= 400)


def _members(native: Native, operation: str, service: str) -> dict[str, Any]:
    code = text(native.get("code"))
    user = mapping(native.get("user"))
    owner = first_text(native.get("domain_id"), user.get("account_id"), mapping(user.get("domain")).get("id"))
    answer = mapping(native.get("response"))
    failed = _failed(native, operation)
    said = first_text(native.get("message"), answer.get("error_msg"), answer.get("message")) if failed else None
    number = integer(code)
    return {
        **verdict(failed),
        "actor": _actor(native, service),
        "api": call(
            operation,
            service,
            first_text(native.get("request_id"), native.get("trace_id")) or "",
            version=text(native.get("api_version")),
            request=native.get("request"),
            response={"code": number if number is not None and abs(number) < 1 << 31 else None, "error_message": said},
            answer=native.get("response"),
        ),
        "cloud": full(
            {
                "provider": "Huawei Cloud",
                "region": first_text(native.get("region"), native.get("region_id")),
                "account": _owner(owner),
                "project_uid": text(native.get("project_id")),
            }.items()
        ),
        "src_endpoint": endpoint(text(native.get("source_ip")), "internal"),
        "http_request": some(user_agent=text(native.get("user_agent"))),
        "resources": _resources(native),
        "status_code": code,
        "status_detail": said,
        "unmapped": without_secrets(leftovers(native, _MAPPED)) or None,
    }


def _resources(native: Native) -> list[dict[str, Any]]:
    owner = _owner(text(native.get("resource_account_id")))
    found = some(
        uid=text(native.get("resource_id")),
        name=text(native.get("resource_name")),
        type=text(native.get("resource_type")),
    )
    if not found or not {"uid", "name"} & found.keys():
        return []
    return [{**found, "owner": {"account": owner}} if owner else found]


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "Cloud Trace Service",
        "Huawei Cloud",
        log_name=text(native.get("tracker_name")) or "system",
        log_level=text(native.get("trace_rating")),
        event_code=text(native.get("trace_type")),
        correlation_uid=text(native.get("operation_id")),
        logged_time=millis(native.get("record_time")),
        profiles=["cloud"],
    )
