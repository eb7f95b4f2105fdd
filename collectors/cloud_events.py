"""What the audit logs of clouds have in common: how a route and the members of a record become one event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, STATUS, SUCCESS, event
from collectors.routes import ACCOUNT_CHANGE, API, ENTITY, GROUP, USER_ACCESS, Route, crud
from collectors.secrets import without_secrets
from collectors.values import address, full, some
from yunshao.model.event import Identity, Ocsf

MAX_UID = 256
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"})
_WITHOUT_DESTINATION = frozenset({ACCOUNT_CHANGE, ENTITY, USER_ACCESS, GROUP})


def cloud_event(
    identity: Identity,
    about: dict[str, Any],
    operation: str,
    members: dict[str, Any],
    routed: tuple[Route, dict[str, Any]] | None = None,
    *,
    read_only: bool | None = None,
    severity: int | None = None,
    privileged: bool = False,
) -> Ocsf:
    """The event of the class that was routed to, with the members its subject brings; API Activity without one.

    `members` are the ones API Activity has; what another class has no place for goes to `unmapped`.
    """
    route, subject = routed or (Route(API, crud(operation, read_only)), {})
    joined = {**members, **subject}
    if route.class_uid != API and joined.get("resources"):
        joined["unmapped"] = {**(joined.get("unmapped") or {}), "resources": joined.pop("resources")}
    if route.class_uid in _WITHOUT_DESTINATION:
        joined.pop("dst_endpoint", None)
    failed = joined.get("status_id") == FAILURE
    if severity is None:
        severity = LOW if failed else MEDIUM if privileged else INFORMATIONAL
    name = operation or "Other" if route.activity_id == 99 else None
    return event(route.class_uid, route.activity_id, severity, identity, about, activity_name=name, **joined)


def verdict(failed: bool | None, words: str | None = None) -> dict[str, Any]:
    """`status_id` and `status`; `words` stand where the outcome is neither (None)."""
    if failed is None:
        return {"status_id": 99, "status": words} if words else {}
    status = FAILURE if failed else SUCCESS
    return {"status_id": status, "status": STATUS[status]}


def endpoint(written: str | None, otherwise: str | None = None, **more: Any) -> dict[str, Any]:
    """Where a call came from: an address, or the words in its place (a service, `internal`)."""
    found = address(written)
    if found:
        return full({"ip": found, **more}.items())
    return full({"svc_name": written or otherwise or "unknown", **more}.items())


def web_request(user_agent: str | None, method: str | None = None) -> dict[str, Any] | None:
    """The `http_request` of an event; a method that is none is left out."""
    return some(user_agent=user_agent, http_method=method if method in _METHODS else None)


def account(uid: str | None, type_id: int, kind: str) -> dict[str, Any] | None:
    """The account that an event belongs to."""
    return {"uid": uid, "type_id": type_id, "type": kind} if uid else None


def call(
    operation: str,
    service: str | None,
    request_uid: str,
    *,
    version: str | None = None,
    request: Any = None,
    response: dict[str, Any] | None = None,
    answer: Any = None,
) -> dict[str, Any] | None:
    """The `api` of an event, without the secrets of request and answer."""
    return some(
        operation=operation,
        version=version,
        service=some(name=service),
        request=some(uid=request_uid, data=without_secrets(request) or None),
        response=full({**(response or {}), "data": without_secrets(answer) or None}.items()) or None,
    )


def joined_uid(*parts: str | None, otherwise: Callable[[], str]) -> str:
    """An id made of several members; the hash where the first is missing or an id would be too long."""
    uid = "/".join(part for part in parts if part)
    return uid if parts[0] and len(uid) <= MAX_UID else otherwise()
