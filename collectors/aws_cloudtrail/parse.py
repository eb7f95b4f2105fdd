"""AWS CloudTrail: management, data and Insights events of every format version."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from collectors.aws_cloudtrail.routes import API, BY_SERVICE, OTHER, PRIVILEGED_SERVICES, READ, Route, crud
from collectors.aws_cloudtrail.shape import SERVICE, actor_of, cloud_of, endpoint_of, resources_of, target_of
from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, STATUS, SUCCESS, framed, metadata
from collectors.json_record import digest, native_of, natives_of
from collectors.secrets import without_secrets
from collectors.times import iso_millis, iso_millis_all, millis
from collectors.values import EMPTY, flag, full, mapping, text
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
_NOTHING: tuple[Any, ...] = (None, "", [], {})
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
        operation = text(native.get("eventName")) or text(mapping(native.get("insightDetails")).get("eventName"))
        operation = operation or "Insight"
        service = text(native.get("eventSource")) or ""
        deed = _deed(service, operation, flag(native.get("readOnly")))
        members, failed = _members(native, operation, service)
        route = deed.route
        if route is not None and (subject := target_of(route, native)) is not None:
            members.update(subject)
            if "resources" in members and route.class_uid != API:
                members["unmapped"] = {**members.get("unmapped", EMPTY), "resources": members.pop("resources")}
            members = full(members.items())
        else:
            route = deed.otherwise
        severity = LOW if failed else deed.severity
        about = _metadata(native, identity)
        named = operation if route.activity_id == OTHER else None
        return framed(route.class_uid, route.activity_id, severity, named, identity, about, members)


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


class _Deed(NamedTuple):
    """What is known of an operation by its name: where it is routed to, where else, and how severe it is."""

    route: Route | None
    otherwise: Route
    severity: int


@lru_cache(maxsize=1 << 12)
def _deed(service: str, operation: str, read_only: bool | None) -> _Deed:
    activity = crud(operation, read_only)
    privileged = service in PRIVILEGED_SERVICES and activity != READ
    return _Deed(
        BY_SERVICE.get(service, {}).get(operation), Route(API, activity), MEDIUM if privileged else INFORMATIONAL
    )


def _members(native: Native, operation: str, service: str) -> tuple[dict[str, Any], bool]:
    """The members of API Activity that are known, and whether it failed."""
    get = native.get
    identity = mapping(get("userIdentity"))
    code, message = text(get("errorCode")), text(get("errorMessage"))
    failure = code or message or _refused(get("responseElements"))
    members: dict[str, Any] = {
        "actor": actor_of(native, identity, service),
        "api": _api(native, operation, service, code, message),
        "cloud": cloud_of(native, identity),
        "src_endpoint": endpoint_of(native, identity, service),
    }
    if agent := text(get("userAgent")):
        members["http_request"] = {"user_agent": agent}
    if get("resources") and (resources := resources_of(native)):
        members["resources"] = resources
    status = members["status_id"] = FAILURE if failure else SUCCESS
    members["status"] = STATUS[status]
    if code:
        members["status_code"] = code
    if detail := message or (failure if failure != code else None):
        members["status_detail"] = detail
    if unmapped := _unmapped(native):
        members["unmapped"] = unmapped
    return members, status == FAILURE


def _api(native: Native, operation: str, service: str, code: str | None, message: str | None) -> dict[str, Any]:
    get = native.get
    api: dict[str, Any] = {"operation": operation}
    if version := text(get("apiVersion")):
        api["version"] = version
    if service:
        api["service"] = {"name": service}
    request: dict[str, Any] = {"uid": text(get("requestID")) or ""}
    if data := without_secrets(get("requestParameters")):
        request["data"] = data
    api["request"] = request
    response: dict[str, Any] = {}
    if code:
        response["error"] = code
    if message:
        response["error_message"] = message
    if data := without_secrets(get("responseElements")):
        response["data"] = data
    if response:
        api["response"] = response
    return api


def _refused(response: Any) -> str | None:
    """A console login says in its response that it failed."""
    if response.__class__ is not dict:
        return None
    verdicts = (response.get("ConsoleLogin"), response.get("CredentialVerification"), response.get("SwitchRole"))
    return "Failure" if "Failure" in verdicts else None


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    get = native.get
    about = {**_about(text(get("eventVersion")), text(get("eventType"))), "uid": identity.uid}
    if shared := text(get("sharedEventID")):
        about["correlation_uid"] = shared
    return about


@lru_cache(maxsize=1 << 10)
def _about(version: str | None, kind: str | None) -> dict[str, Any]:
    nobody = Identity("", 0)
    more = {"log_version": version, "event_code": kind, "profiles": ["cloud"]}
    return metadata(nobody, "CloudTrail", "AWS", log_name="CloudTrail", log_provider=SERVICE, **more)


def _unmapped(native: Native) -> dict[str, Any]:
    """What has no place of its own."""
    rest = {name: native[name] for name in native if name not in _MAPPED and native[name] not in _NOTHING}
    for name in ("additionalEventData", "serviceEventDetails"):
        if held := native.get(name):
            rest[name] = held
    for name in ("eventCategory", "readOnly"):
        if (held := native.get(name)) is not None:
            rest[name] = held
    if tls := mapping(native.get("tlsDetails")):
        rest["tlsDetails"] = tls
    return without_secrets(rest)  # type: ignore[no-any-return]
