"""GitHub audit log of an organisation or enterprise: web and Git events."""

from __future__ import annotations

from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, OTHER, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import digest, native_of
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import address, first_text, full, mapping, some, text
from collectors.verbs import deed_of
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "github.audit"
ACCOUNT_CHANGE, AUTHENTICATION, USER_ACCESS, GROUP, API = 3001, 3002, 3005, 3006, 6003
_LOGONS = {
    "user.login": 1,
    "user.failed_login": 1,
    "user.logout": 2,
    "business.sso_response": 1,
    "org.sso_response": 1,
}
_CHANGES = {
    "user.create": 1,
    "user.unsuspend": 2,
    "user.change_password": 3,
    "user.reset_password": 4,
    "user.suspend": 5,
    "user.delete": 6,
    "two_factor_authentication.enabled": 10,
    "two_factor_authentication.disabled": 11,
    "user.two_factor_requirement_disabled": 11,
}
_ACCESS = {
    "business.add_admin": 1,
    "business.remove_admin": 2,
    "business.add_member": 1,
    "business.remove_member": 2,
    "org.add_member": 1,
    "org.invite_member": 1,
    "org.remove_member": 2,
    "org.remove_outside_collaborator": 2,
    "org.update_member": 1,
    "repo.add_member": 1,
    "repo.remove_member": 2,
    "repo.update_member": 1,
}
_GROUPS = {"team.add_member": 3, "team.remove_member": 4, "team.destroy": 5, "team.create": 6}
_KINDS = {"create": 1, "access": 2, "modify": 3, "remove": 4, "transfer": 3, "restore": 3}
_PRIVILEGED = (
    "business.", "hook.", "integration_installation.", "ip_allow_list", "oauth_application.", "org.",
    "protected_branch.", "public_key.", "repo.add_", "repo.destroy", "repo.transfer", "secret_scanning",
    "personal_access_token", "two_factor_authentication.disabled", "deploy_key", "repository_secret_scanning",
)  # fmt: skip
_MAPPED = frozenset(
    {
        "@timestamp", "_document_id", "action", "actor", "actor_id", "actor_ip", "actor_location", "created_at", "org",
        "org_id", "repo", "user", "user_agent", "user_id", "team", "business", "business_id",
    }
)  # fmt: skip


class GitHubAudit:
    """Parser of `github.audit`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The audit entry. Raises Rejection."""
        native = native_of(raw)
        inner = native.get("_source")
        return inner if isinstance(inner, dict) and "action" in inner else native

    def identify(self, native: Native) -> Identity:
        """`_document_id` and `@timestamp`, else `created_at`. Raises Rejection."""
        if not text(native.get("action")):
            raise Rejection("not_this_source", "no action")
        written = native.get("@timestamp")
        written = native.get("created_at") if written is None else written
        if written is None:
            raise Rejection("not_this_source", "no @timestamp")
        moment = millis(written)
        if moment is None:
            raise Rejection("bad_time", f"@timestamp {str(written)[:80]!r}")
        uid = native.get("_document_id")
        return Identity(uid if uid and uid.__class__ is str else digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form."""
        action = text(native.get("action")) or "unknown"
        class_uid, activity, members = _shaped(action, native)
        members = {**_common(native, action), **members}
        failed = members.get("status_id") == FAILURE
        return event(
            *(class_uid, activity, _severity(action, failed, activity), identity),
            _metadata(native, identity, action),
            activity_name=action if activity == OTHER else None,
            **members,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is an entry of GitHub's audit log."""
    if not isinstance(native, dict):
        return False
    inner = native.get("_source")
    native = inner if isinstance(inner, dict) else native
    action = native.get("action")
    if action.__class__ is not str or not ("@timestamp" in native or "created_at" in native):
        return False
    named = not {"_document_id", "actor", "actor_id", "org", "business", "repo"}.isdisjoint(native)
    return named and "." in action and "eventType" not in native and "event_type" not in native


def _shaped(action: str, native: Native) -> tuple[int, int, dict[str, Any]]:
    """Class, activity and the members of that class; API Activity where too little is told."""
    user = _person(native.get("user"), native.get("user_id")) or _person(native.get("invitee"), None)
    actor = _person(native.get("actor"), native.get("actor_id"))
    if action in _LOGONS and (actor or user):
        return AUTHENTICATION, _LOGONS[action], {"user": actor or user, "service": {"name": "github"}}
    if action in _CHANGES and (user or actor):
        return ACCOUNT_CHANGE, _CHANGES[action], {"user": user or actor}
    if action in _ACCESS and user:
        privilege = first_text(native.get("permission"), native.get("role"), native.get("new_role")) or "member"
        return USER_ACCESS, _ACCESS[action], {"user": user, "privileges": [privilege]}
    team = text(native.get("team"))
    if action in _GROUPS and team:
        return GROUP, _GROUPS[action], {"group": {"name": team}, "user": user}
    deed = _KINDS.get(text(native.get("operation_type")) or "") or deed_of(action)
    return API, deed, {"api": {"operation": action, "service": {"name": "github"}}, "resources": _resources(native)}


def _common(native: Native, action: str) -> dict[str, Any]:
    owner = first_text(native.get("org"), native.get("business"))
    verdict = FAILURE if "failed" in action else SUCCESS
    return {
        "actor": _actor(native),
        "src_endpoint": _endpoint(native),
        "http_request": some(user_agent=text(native.get("user_agent"))),
        "cloud": {"provider": "GitHub", **({"account": {"uid": owner, "name": owner}} if owner else {})},
        "status_id": verdict,
        "status": STATUS[verdict],
        "message": text(native.get("message")),
        "unmapped": without_secrets(leftovers(native, _MAPPED)) or None,
    }


def _actor(native: Native) -> dict[str, Any]:
    user = _person(native.get("actor"), native.get("actor_id"))
    if not user:
        return {"app_name": "GitHub"}
    robot = native.get("actor_is_bot")
    if robot is True or (isinstance(robot, str) and robot.lower() == "true"):
        user.update(type_id=4, type="Service")
    return {"user": user}


def _person(name: Any, number: Any) -> dict[str, Any] | None:
    uid = text(number)
    return some(name=text(name), uid=uid if uid != "0" else None)


def _endpoint(native: Native) -> dict[str, Any]:
    found = address(native.get("actor_ip"))
    country = text(mapping(native.get("actor_location")).get("country_code"))
    known = full({"ip": found, "location": some(country=country)}.items())
    return known if found else {**known, "svc_name": "unknown"}


def _resources(native: Native) -> list[dict[str, Any]]:
    repository = first_text(native.get("repo"), native.get("repository"))
    named = (("repository", repository), ("team", text(native.get("team"))), ("user", text(native.get("user"))))
    found = [{"name": name, "type": kind} for kind, name in named if name]
    uid = text(native.get("repository_id")) or text(native.get("repo_id"))
    if repository and uid:
        found[0]["uid"] = uid
    return found


def _severity(action: str, failed: bool, activity: int) -> int:
    if failed:
        return LOW
    touched = action.startswith(_PRIVILEGED) and activity != 2 and "sso_response" not in action
    return MEDIUM if touched else INFORMATIONAL


def _metadata(native: Native, identity: Identity, action: str) -> dict[str, Any]:
    return metadata(
        identity,
        "GitHub audit log",
        "GitHub",
        log_name="audit",
        event_code=action,
        correlation_uid=text(native.get("request_id")),
        profiles=["cloud"],
    )
