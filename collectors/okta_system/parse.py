"""Okta System Log: log-ins, accounts, factors, groups, privileges, and every other event as API Activity."""

from __future__ import annotations

from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, OTHER, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import digest, native_of
from collectors.okta_system.parts import actor_of, endpoint_of, groups_of, resources_of, user_of
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import first_text, mapping, some, text
from collectors.verbs import deed_of
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "okta.system"
ACCOUNT_CHANGE, AUTHENTICATION, USER_ACCESS, GROUP, API = 3001, 3002, 3005, 3006, 6003
_SPELLINGS = {
    name.lower(): name
    for name in (
        *("eventType", "displayMessage", "legacyEventType", "authenticationContext", "debugContext"),
        *("securityContext",),
    )
}
_AUTHENTICATIONS = {"user.session.start": 1, "user.session.end": 2, "user.authentication.sso": 1}
_CHANGES = {
    "user.lifecycle.create": 1,
    "user.lifecycle.activate": 2,
    "user.lifecycle.reactivate": 2,
    "user.lifecycle.unsuspend": 2,
    "user.account.update_password": 3,
    "user.account.reset_password": 4,
    "user.account.expire_password": 4,
    "user.lifecycle.deactivate": 5,
    "user.lifecycle.suspend": 5,
    "user.lifecycle.delete.initiated": 6,
    "user.lifecycle.delete.completed": 6,
    "user.account.lock": 9,
    "user.account.lock.limit": 9,
    "user.mfa.factor.activate": 10,
    "user.mfa.factor.deactivate": 11,
    "user.mfa.factor.reset_all": 11,
    "user.mfa.factor.suspend": 11,
    "user.account.unlock": 12,
    "user.account.unlock_by_admin": 12,
}
_ACCESS = {
    "user.account.privilege.grant": 1,
    "user.account.privilege.revoke": 2,
    "application.user_membership.add": 1,
    "application.user_membership.remove": 2,
}
_MEMBERSHIPS = {
    "group.user_membership.add": 3,
    "group.user_membership.remove": 4,
    "group.lifecycle.delete": 5,
    "group.lifecycle.create": 6,
    "group.privilege.grant": 1,
    "group.privilege.revoke": 2,
}
_PRIVILEGED = ("system.", "policy.", "zone.", "iam.", "security.", "application.lifecycle.", "application.policy.")
_SEVERITIES = {"DEBUG": INFORMATIONAL, "INFO": INFORMATIONAL, "WARN": LOW, "ERROR": LOW}
_MAPPED = frozenset(
    {
        "actor", "client", "displayMessage", "eventType", "outcome", "published", "request", "severity", "target",
        "uuid", "version", "_source",
    }
)  # fmt: skip


class OktaSystemLog:
    """Parser of `okta.system`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The log event, taken out of an EventBridge envelope, with Okta's own spelling of names. Raises Rejection."""
        native = native_of(raw)
        if "eventType" in native:
            return native
        inner = native.get("detail") or native.get("_source")
        if isinstance(inner, dict) and "eventType" in inner:
            return inner
        return {_SPELLINGS.get(name, name): value for name, value in native.items()}

    def identify(self, native: Native) -> Identity:
        """`uuid` (a hash where it was cut away) and `published`. Raises Rejection."""
        if not text(native.get("eventType")):
            raise Rejection("not_this_source", "no eventType")
        if "published" not in native:
            raise Rejection("not_this_source", "no published")
        moment = millis(native["published"])
        if moment is None:
            raise Rejection("bad_time", f"published {str(native['published'])[:80]!r}")
        uid = native.get("uuid")
        return Identity(uid if uid and uid.__class__ is str else digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form."""
        kind = text(native.get("eventType")) or "unknown"
        class_uid, activity, members = _shaped(kind, native)
        members = {**_common(native), **members}
        return event(
            *(class_uid, activity, _severity(native, kind, members["status_id"] == FAILURE), identity),
            _metadata(native, identity, kind),
            activity_name=members.pop("activity_name", None) or (kind if activity == OTHER else None),
            **members,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is an event of the System Log."""
    if not isinstance(native, dict):
        return False
    inner = native.get("detail") or native.get("_source")
    if isinstance(inner, dict) and "eventType" in inner:
        native = inner
    return "published" in native and ("eventType" in native or "eventtype" in native)


def _shaped(kind: str, native: Native) -> tuple[int, int, dict[str, Any]]:
    """Class, activity and the members of that class; API Activity where too little is told."""
    user = user_of(native)
    if kind in _CHANGES and user:
        return ACCOUNT_CHANGE, _CHANGES[kind], {"user": user}
    if kind in _ACCESS and user:
        return USER_ACCESS, _ACCESS[kind], {"user": user, "privileges": _privileges(native)}
    if kind in _MEMBERSHIPS and (groups := groups_of(native)):
        return GROUP, _MEMBERSHIPS[kind], {"group": groups[0], "user": user}
    if kind in _AUTHENTICATIONS or kind.startswith("user.authentication."):
        actor = actor_of(native).get("user")
        if actor or user:
            members = {"user": actor or user, "service": _service(native), "is_mfa": "mfa" in kind or None}
            return AUTHENTICATION, _AUTHENTICATIONS.get(kind, OTHER), members
    deed = deed_of(kind)
    members = {"api": {"operation": kind, "service": {"name": "okta"}}, "resources": resources_of(native)}
    return API, deed, members


def _common(native: Native) -> dict[str, Any]:
    outcome = mapping(native.get("outcome"))
    result = (text(outcome.get("result")) or "").upper()
    status = {"SUCCESS": SUCCESS, "ALLOW": SUCCESS, "FAILURE": FAILURE, "DENY": FAILURE}.get(result, 0)
    agent = mapping(mapping(native.get("client")).get("userAgent"))
    return {
        "actor": actor_of(native),
        "src_endpoint": endpoint_of(native),
        "http_request": some(user_agent=text(agent.get("rawUserAgent"))),
        "status_id": status,
        "status": STATUS.get(status, "Unknown"),
        "status_code": result or None,
        "status_detail": text(outcome.get("reason")),
        "message": text(native.get("displayMessage")),
        "unmapped": without_secrets(leftovers(native, _MAPPED)) or None,
    }


def _service(native: Native) -> dict[str, Any]:
    """The application that was signed in to, else Okta itself."""
    for resource in resources_of(native):
        if resource.get("type") == "AppInstance":
            return {"name": resource.get("name") or "okta"}
    return {"name": "okta"}


def _privileges(native: Native) -> list[str]:
    debug = mapping(mapping(native.get("debugContext")).get("debugData"))
    granted = first_text(debug.get("privilegeGranted"), debug.get("privilegeRevoked"))
    if granted:
        return [part.strip() for part in granted[:4096].split(",") if part.strip()][:100] or [granted]
    named = [resource["name"] for resource in resources_of(native) if resource.get("type") == "AppInstance"]
    return named or ["unknown"]


def _severity(native: Native, kind: str, failed: bool) -> int:
    if failed:
        return LOW
    written = _SEVERITIES.get((text(native.get("severity")) or "").upper(), INFORMATIONAL)
    changes = kind.startswith(_PRIVILEGED) and deed_of(kind) != 2
    return MEDIUM if changes or kind.endswith("privilege.grant") else written


def _metadata(native: Native, identity: Identity, kind: str) -> dict[str, Any]:
    session = mapping(native.get("authenticationContext")).get("externalSessionId")
    transaction = mapping(native.get("transaction")).get("id")
    return metadata(
        identity,
        "Okta System Log",
        "Okta",
        log_name="system",
        log_version=text(native.get("version")),
        log_level=text(native.get("severity")),
        event_code=kind,
        correlation_uid=first_text(transaction, session),
    )
