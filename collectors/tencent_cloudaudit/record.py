"""One CloudAudit record under any of its spellings: as delivered, as the API wraps it, as EventBridge sends it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from collectors.json_record import opened
from collectors.secrets import DROPPED, without_secrets
from collectors.times import iso_millis, local_millis, millis
from collectors.values import EMPTY, mapping, text
from yunshao.model.event import Native

EAST_OF_GREENWICH = 8
_INNER = "CloudAuditEvent"
_OPENED = ("requestParameters", "responseElements", "userIdentity", "resources", "resourceSet", "additionalEventData")
_SPELLED = {
    "EventId": "eventID",
    "EventID": "eventID",
    "eventId": "eventID",
    "EventName": "eventName",
    "EventSource": "eventSource",
    "EventTime": "eventTime",
    "EventRegion": "eventRegion",
    "EventVersion": "eventVersion",
    "EventType": "eventType",
    "SourceIPAddress": "sourceIPAddress",
    "RequestID": "requestID",
    "RequestId": "requestID",
    "requestId": "requestID",
    "ErrorCode": "errorCode",
    "ErrorMessage": "errorMessage",
    "ApiErrorCode": "apiErrorCode",
    "ApiErrorMessage": "apiErrorMessage",
    "UserAgent": "userAgent",
    "ApiVersion": "apiVersion",
    "ActionType": "actionType",
    "RequestParameters": "requestParameters",
    "ResponseElements": "responseElements",
    "UserIdentity": "userIdentity",
    "ResourceType": "resourceType",
    "ResourceName": "resourceName",
}
_WHO = {"AccountID": "accountId", "AccountId": "accountId", "Username": "userName", "SecretId": "secretId"}
_TOKENS = frozenset({"token", "tmptoken", "sessiontoken", "signature"})
_LOOSE_TOKEN = re.compile(r'((?:token|secretkey|signature|password)[\\"]{1,4}\s?:\s?[\\"]{1,4})[^"\\]++', re.IGNORECASE)
_ZONED = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})\Z")
_PLAIN_START = re.compile(r':\s*"(?=[{\[])')
_PLAIN_END = re.compile(r'(?<=[}\]])"(?=\s*[,}\]])')


def record_of(native: Native) -> Native:
    """The record itself; of a wrapper the inner record, with what only the wrapper says, in the record's spelling."""
    native = _unwrapped(native)
    inner = _inner(native.get(_INNER)) if _INNER in native else None
    found = _spelled({name: value for name, value in native.items() if name != _INNER or inner is None})
    if found.get(_INNER).__class__ is str:
        found[_INNER] = _LOOSE_TOKEN.sub(rf"\1{DROPPED}", found[_INNER])
    if inner:
        said = {name: value for name, value in _spelled(inner).items() if value not in (None, "")}
        found = {**found, **said, "userIdentity": {**_who(found), **_who(said)}}
    for name in _OPENED:
        if found.get(name).__class__ is str:
            found[name] = opened(found[name])
    return _cleaned(found)


def time_of(value: Any) -> int | None:
    """A moment; a time without a zone is Chinese."""
    if value.__class__ is not str:
        return millis(value)
    if value[4:5] != "-" or _ZONED.search(value):
        return iso_millis(value)
    try:
        return local_millis(datetime.fromisoformat(value.strip()), EAST_OF_GREENWICH)
    except (ValueError, OverflowError):
        return None


def service_of(source: str) -> str:
    """`cam` of `cam.tencentcloudapi.com`, `cam.api.qcloud.com/v2/index.php` and `cam`."""
    return source.partition("/")[0].partition(".")[0].lower()


def _unwrapped(native: Native) -> Native:
    data = opened(native.get("data"))
    if isinstance(data, dict) and ("eventName" in data or "EventName" in data) and "eventName" not in native:
        return data
    return native


def _inner(written: Any) -> dict[str, Any] | None:
    """The record in the wrapper's text; the provider's own example forgets to escape the objects inside it."""
    found = opened(written)
    if isinstance(found, str) and found[:1] == "{":
        found = opened(_PLAIN_END.sub("", _PLAIN_START.sub(":", found)))
    return found if isinstance(found, dict) else None


def _spelled(native: dict[str, Any]) -> dict[str, Any]:
    """In the spelling of the record: members of the wrapper renamed, who it was put together."""
    if not any(name in native for name in (*_SPELLED, *_WHO)):
        return native
    found: dict[str, Any] = {}
    for name, value in native.items():
        if name not in _WHO:
            found[name if name not in _SPELLED or _SPELLED[name] in native else _SPELLED[name]] = value
    resources = mapping(native.get("Resources"))
    for name in ("ResourceName", "ResourceType"):
        if resources.get(name):
            found.setdefault(_SPELLED[name], resources[name])
    return {**found, "userIdentity": _who(native)} if _who(native) else found


def _who(native: dict[str, Any]) -> dict[str, Any]:
    held = mapping(opened(native.get("userIdentity", native.get("UserIdentity"))))
    said = {kept: native[name] for name, kept in _WHO.items() if native.get(name) not in (None, "")}
    return {**said, **held} if said else held


def _cleaned(found: dict[str, Any]) -> dict[str, Any]:
    for name in ("requestParameters", "responseElements", "userIdentity"):
        if isinstance(found.get(name), dict):
            found[name] = _without_tokens(without_secrets(found[name]))
    return found


def _without_tokens(held: dict[str, Any]) -> dict[str, Any]:
    """The session's tokens too, which this log writes out under that bare name."""
    kept = {name: DROPPED if name.lower() in _TOKENS and value else value for name, value in held.items()}
    session = mapping(kept.get("sessionContext"))
    if session is not EMPTY and session:
        kept["sessionContext"] = _without_tokens(session)
    return kept


def shown(value: Any) -> str | None:
    """A text; 0 and the empty text are nothing."""
    found = text(value)
    return None if found in (None, "0") else found
