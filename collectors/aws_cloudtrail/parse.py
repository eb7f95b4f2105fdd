"""AWS CloudTrail: management, data and Insights events of every format version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors.aws_cloudtrail.routes import API, BY_SERVICE, PRIVILEGED_SERVICES, Route, crud
from collectors.aws_cloudtrail.shape import SERVICE, actor_of, cloud_of, endpoint_of, resources_of, target_of
from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import digest, native_of, natives_of
from collectors.secrets import without_secrets
from collectors.times import iso_millis, iso_millis_all, millis
from collectors.values import first_text, flag, mapping, some, text
from yunshao.errors import Rejection
from yunshao.model.block import Columns
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "aws.cloudtrail"
_MAPPED = frozenset(
    {
        "additionalEventData", "apiVersion", "awsRegion", "errorCode", "errorMessage", "eventCategory", "eventID",
        "eventName", "eventSource", "eventTime", "eventType", "eventVersion", "recipientAccountId", "requestID",
        "requestParameters", "resources", "responseElements", "sharedEventID", "sourceIPAddress", "tlsDetails",
        "userAgent", "userIdentity", "serviceEventDetails", "readOnly",
    }
)  # fmt: skip
_PLAIN_SECRETS = frozenset(
    {
        "accessKey", "credentials", "masterUserPassword", "newPassword", "oldPassword", "password", "sAMLAssertion",
        "secretBinary", "secretString", "webIdentityToken",
    }
)  # fmt: skip


class CloudTrail:
    """Parser of `aws.cloudtrail`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The CloudTrail record, taken out of an EventBridge or LookupEvents envelope. Raises Rejection."""
        native = native_of(raw)
        if "eventName" not in native:
            native = _unwrapped(native)
        for part in ("requestParameters", "responseElements"):
            held = native.get(part)
            if held.__class__ is dict and not _PLAIN_SECRETS.isdisjoint(held):
                native[part] = without_secrets(held)
        return native

    def read_all(self, raws: Sequence[bytes]) -> Columns | None:
        """What `decode` and `identify` give for each; None where one has no name, time or id, or is wrapped."""
        natives = natives_of(raws)
        if natives is None:
            return None
        try:
            uids = [native["eventID"] for native in natives if "eventName" in native]
            times = iso_millis_all([native["eventTime"] for native in natives])
        except (KeyError, TypeError):
            return None
        if times is None or len(uids) != len(natives) or set(map(type, uids)) != {str} or "" in uids:
            return None
        for part in ("requestParameters", "responseElements"):
            for native in natives:
                held = native.get(part)
                if held.__class__ is dict and not _PLAIN_SECRETS.isdisjoint(held):
                    native[part] = without_secrets(held)
        return Columns(natives, uids, times)

    def identify(self, native: Native) -> Identity:
        """`eventID` and `eventTime`; the first format version had no `eventID`. Raises Rejection."""
        written = native.get("eventTime")
        moment = iso_millis(written) if written.__class__ is str else millis(written)
        if moment is None:
            raise _refusal(native, written)
        if "eventName" not in native and "insightDetails" not in native:
            raise Rejection("not_this_source", "no eventName")
        uid = native.get("eventID")
        return Identity(uid if uid and uid.__class__ is str else digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of what was done, or API Activity."""
        operation = (
            first_text(native.get("eventName"), mapping(native.get("insightDetails")).get("eventName")) or "Insight"
        )
        service = text(native.get("eventSource")) or ""
        route = BY_SERVICE.get(service, {}).get(operation)
        subject = target_of(route, native) if route else None
        if route is None or subject is None:
            route = Route(API, crud(operation, flag(native.get("readOnly"))))
            subject = {}
        members = {**_members(native, operation, service), **subject}
        if route.class_uid != API and members["resources"]:
            members["unmapped"] = {**(members["unmapped"] or {}), "resources": members.pop("resources")}
        failed = members["status_id"] == FAILURE
        return event(
            route.class_uid,
            route.activity_id,
            _severity(native, failed, service, operation),
            identity,
            _metadata(native, identity),
            activity_name=operation if route.activity_id == 99 else None,
            **members,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a CloudTrail record or an envelope around one."""
    if not isinstance(native, dict):
        return False
    inner = native.get("detail")
    if isinstance(inner, dict) and "eventName" in inner:
        native = inner
    return ("eventTime" in native and "awsRegion" in native) or "CloudTrailEvent" in native


def _unwrapped(native: Native) -> Native:
    inner = native.get("detail")
    if isinstance(inner, dict) and ("eventName" in inner or "eventID" in inner):
        return inner
    held = native.get("CloudTrailEvent")
    return native_of(held.encode("utf-8", "replace")) if isinstance(held, str) else native


def _refusal(native: Native, written: Any) -> Rejection:
    if "eventTime" in native and ("eventName" in native or "eventID" in native):
        return Rejection("bad_time", f"eventTime {str(written)[:80]!r}")
    missing = next((name for name in ("eventTime", "eventName", "eventSource") if name not in native), "eventName")
    return Rejection("not_this_source", f"no {missing}")


def _members(native: Native, operation: str, service: str) -> dict[str, Any]:
    failure = _failure(native)
    code = text(native.get("errorCode"))
    status = FAILURE if failure else SUCCESS
    request = native.get("requestParameters")
    response = native.get("responseElements")
    tls = mapping(native.get("tlsDetails"))
    agent = text(native.get("userAgent"))
    return {
        "actor": actor_of(native, service),
        "api": some(
            operation=operation,
            version=text(native.get("apiVersion")),
            service=some(name=service or None),
            request=some(uid=text(native.get("requestID")) or "", data=without_secrets(request) or None),
            response=some(
                error=code, error_message=text(native.get("errorMessage")), data=without_secrets(response) or None
            ),
        ),
        "cloud": cloud_of(native),
        "src_endpoint": endpoint_of(native, service),
        "http_request": some(user_agent=agent),
        "resources": resources_of(native),
        "status_id": status,
        "status": STATUS[status],
        "status_code": code,
        "status_detail": first_text(native.get("errorMessage"), failure if failure != code else None),
        "unmapped": _unmapped(native, tls),
    }


def _failure(native: Native) -> str | None:
    """Why it failed, or None: a console login says so in its response."""
    response = mapping(native.get("responseElements"))
    verdicts = (response.get("ConsoleLogin"), response.get("CredentialVerification"), response.get("SwitchRole"))
    said = next((verdict for verdict in verdicts if verdict == "Failure"), None)
    return first_text(native.get("errorCode"), native.get("errorMessage"), said)


def _severity(native: Native, failed: bool, service: str, operation: str) -> int:
    if failed:
        return LOW
    privileged = service in PRIVILEGED_SERVICES and crud(operation, flag(native.get("readOnly"))) != 2
    return MEDIUM if privileged else INFORMATIONAL


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "CloudTrail",
        "AWS",
        log_name="CloudTrail",
        log_provider=SERVICE,
        log_version=text(native.get("eventVersion")),
        event_code=text(native.get("eventType")),
        correlation_uid=text(native.get("sharedEventID")),
        profiles=["cloud"],
    )


def _unmapped(native: Native, tls: dict[str, Any]) -> dict[str, Any] | None:
    rest = leftovers(native, _MAPPED) or {}
    for name in ("additionalEventData", "serviceEventDetails"):
        if native.get(name):
            rest[name] = native[name]
    for name in ("eventCategory", "readOnly"):
        if native.get(name) is not None:
            rest[name] = native[name]
    if tls:
        rest["tlsDetails"] = tls
    return without_secrets(rest) or None
