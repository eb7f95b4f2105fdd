"""Google Cloud audit logs: admin activity, data access, system events, denied by policy; Workspace too."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Any

from collectors.cloud_events import call, cloud_event, endpoint, joined_uid, verdict
from collectors.events import leftovers, metadata
from collectors.gcp_audit.routes import PRIVILEGED_SERVICES, routed_of
from collectors.gcp_audit.shape import actor_of, cloud_of, log_kind, resources_of
from collectors.gcp_audit.workspace import from_reports, is_report
from collectors.json_record import digest, native_of, opened
from collectors.routes import crud
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import first_text, full, integer, mapping, objects, some, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "gcp.audit"
_EXPORTED = "protopayload_auditlog"
_CODES = {
    1: "CANCELLED", 2: "UNKNOWN", 3: "INVALID_ARGUMENT", 4: "DEADLINE_EXCEEDED", 5: "NOT_FOUND", 6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 9: "FAILED_PRECONDITION", 10: "ABORTED", 11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED", 13: "INTERNAL", 14: "UNAVAILABLE", 15: "DATA_LOSS", 16: "UNAUTHENTICATED",
}  # fmt: skip
_MAPPED = frozenset({"insertId", "logName", "protoPayload", "receiveTimestamp", "resource", "severity", "timestamp"})
_MAPPED_PAYLOAD = frozenset(
    {
        "@type", "authenticationInfo", "methodName", "request", "requestMetadata", "resourceName", "response",
        "serviceName", "status",
    }
)  # fmt: skip
_NATIVE_SECRETS = ("request", "response")


class GcpAudit:
    """Parser of `gcp.audit`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The log entry, out of a Pub/Sub message and as BigQuery exports it too. Raises Rejection."""
        native = _unwrapped(native_of(raw))
        native = from_reports(native)
        if _EXPORTED in native and "protoPayload" not in native:
            native["protoPayload"] = _imported(mapping(native.pop(_EXPORTED)))
        payload = native.get("protoPayload")
        if isinstance(payload, dict):
            for part in _NATIVE_SECRETS:
                if payload.get(part):
                    payload[part] = without_secrets(payload[part])
        return native

    def identify(self, native: Native) -> Identity:
        """`insertId`, `timestamp` and `logName` together: no one of them is unique. Raises Rejection."""
        if not isinstance(native.get("protoPayload"), dict):
            raise Rejection("not_this_source", "no protoPayload")
        written = native.get("timestamp") or native.get("receiveTimestamp") or native.get("p_event_time")
        moment = millis(written)
        if moment is None:
            raise Rejection("bad_time", f"timestamp {str(written)[:80]!r}")
        parts = (text(native.get("insertId")), text(native.get("timestamp")), text(native.get("logName")))
        return Identity(joined_uid(*parts, otherwise=lambda: digest(native)), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of the method, or API Activity."""
        payload = mapping(native.get("protoPayload"))
        method = text(payload.get("methodName")) or "unknown"
        service = text(payload.get("serviceName")) or ""
        changes_policy = method.lower().endswith("setiampolicy")
        return cloud_event(
            identity,
            _metadata(native, identity, service),
            method,
            _members(native, payload, method, service),
            routed_of(payload),
            privileged=(service in PRIVILEGED_SERVICES or changes_policy) and crud(method) != 2,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is an audit log entry, bare, exported or in a message."""
    if not isinstance(native, dict):
        return False
    entry = _unwrapped(native)
    return isinstance(entry.get("protoPayload"), dict) or _EXPORTED in entry or is_report(entry)


def _unwrapped(native: Native) -> Native:
    if "protoPayload" in native or _EXPORTED in native:
        return native
    data = native.get("data", mapping(native.get("message")).get("data"))
    if isinstance(data, str) and len(data) < 2 << 20:
        try:
            return native_of(b64decode(data, validate=True))
        except (binascii.Error, ValueError, Rejection):
            return native
    inner = mapping(data)
    return inner if "protoPayload" in inner or _EXPORTED in inner else native


def _imported(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as the log writes it: BigQuery keeps free-form parts as JSON text, and writes nulls."""
    written = {name: value for name, value in payload.items() if value not in (None, [])}
    for name in ("request", "response", "metadata"):
        if name not in written and f"{name}Json" in written:
            written[name] = opened(written.pop(f"{name}Json"))
    if "serviceData" not in written and "servicedata_v1_iam" in written:
        written["serviceData"] = written.pop("servicedata_v1_iam")
    return written


def _members(native: Native, payload: dict[str, Any], method: str, service: str) -> dict[str, Any]:
    status = mapping(payload.get("status"))
    code = integer(status.get("code"))
    about = mapping(payload.get("requestMetadata"))
    said = text(status.get("message"))
    failed = bool(code) or method.endswith(("loginFailure", "login_failure"))
    response = {
        "code": code if code and abs(code) < 1 << 31 else None,
        "error": _CODES.get(code or 0),
        "error_message": said if code else None,
    }
    return {
        **verdict(failed),
        "actor": actor_of(payload),
        "api": call(
            method,
            service or None,
            first_text(mapping(native.get("operation")).get("id"), native.get("insertId")) or "",
            request=payload.get("request"),
            response=response,
            answer=payload.get("response"),
        ),
        "cloud": cloud_of(native),
        "src_endpoint": endpoint(text(about.get("callerIp")), service),
        "http_request": some(user_agent=text(about.get("callerSuppliedUserAgent"))),
        "resources": resources_of(native, payload),
        "status_code": text(code) if code else None,
        "status_detail": said,
        "unmapped": _unmapped(native, payload),
    }


def _metadata(native: Native, identity: Identity, service: str) -> dict[str, Any]:
    return metadata(
        identity,
        "Cloud Audit Logs",
        "Google",
        log_name=log_kind(native),
        log_provider=service or None,
        log_level=text(native.get("severity")),
        correlation_uid=text(mapping(native.get("operation")).get("id")),
        logged_time=millis(native.get("receiveTimestamp")),
        profiles=["cloud"],
    )


def _unmapped(native: Native, payload: dict[str, Any]) -> dict[str, Any] | None:
    rest = leftovers(native, _MAPPED) or {}
    rest.update(leftovers(payload, _MAPPED_PAYLOAD) or {})
    delegated = objects(mapping(payload.get("authenticationInfo")).get("serviceAccountDelegationInfo"))
    labels = mapping(mapping(native.get("resource")).get("labels"))
    return without_secrets({**rest, **full({"delegation": delegated, "labels": labels}.items())}) or None
