"""Which OCSF class and activity a Google Cloud method is."""

from __future__ import annotations

from typing import Any

from collectors.gcp_audit.shape import kind_of, user_of
from collectors.routes import ACCOUNT_CHANGE, AUTHENTICATION, DATASTORE, ENTITY, GROUP, OTHER, USER_ACCESS, Route, at
from collectors.values import first_text, full, mapping, objects, text

GCP_BUCKET = 3
_SERVICE_ACCOUNTS = {
    "createserviceaccount": 1,
    "enableserviceaccount": 2,
    "undeleteserviceaccount": 2,
    "disableserviceaccount": 5,
    "deleteserviceaccount": 6,
    "createserviceaccountkey": OTHER,
    "uploadserviceaccountkey": OTHER,
    "deleteserviceaccountkey": OTHER,
    "disableserviceaccountkey": OTHER,
    "enableserviceaccountkey": OTHER,
    "updateserviceaccount": OTHER,
    "patchserviceaccount": OTHER,
}
_ENTITIES = {
    "createrole": 1,
    "updaterole": 3,
    "deleterole": 4,
    "createworkloadidentitypool": 1,
    "createworkloadidentitypoolprovider": 1,
    "updateworkloadidentitypoolprovider": 3,
    "deleteworkloadidentitypoolprovider": 4,
    "createproject": 1,
    "deleteproject": 4,
    "createpolicy": 1,
    "updatepolicy": 3,
    "deletepolicy": 4,
    "setorgpolicy": 3,
    "clearorgpolicy": 4,
}
_ENTITY_SERVICES = ("iam.googleapis.com", "cloudresourcemanager.googleapis.com", "orgpolicy.googleapis.com")
_LOGINS = {"loginsuccess": 1, "loginfailure": 1, "loginverification": 6, "loginchallenge": 6, "logout": 2}
_OBJECTS = {
    "get": 1,
    "update": 2,
    "patch": 2,
    "create": 5,
    "insert": 5,
    "compose": 5,
    "copy": 5,
    "rewrite": 5,
    "delete": 7,
    "list": 8,
}
_PEOPLE = {
    "createuser": 1,
    "unsuspenduser": 2,
    "undeleteuser": 2,
    "changepassword": 4,
    "suspenduser": 5,
    "deleteuser": 6,
    "turnoff2stepverification": 11,
}
_MEMBERS = {"addgroupmember": 3, "removegroupmember": 4, "creategroup": 6, "deletegroup": 5}
PRIVILEGED_SERVICES = frozenset(
    f"{name}.googleapis.com"
    for name in (
        *("iam", "iamcredentials", "cloudresourcemanager", "orgpolicy", "accesscontextmanager", "logging", "cloudkms"),
        *("secretmanager", "admin", "cloudidentity", "securitycenter", "iap"),
    )
)
Routed = tuple[Route, dict[str, Any]] | None


def routed_of(payload: dict[str, Any]) -> Routed:
    """The class of a method with the members it needs; None where API Activity says it best."""
    service = text(payload.get("serviceName")) or ""
    method = text(payload.get("methodName")) or ""
    verb = method.rpartition(".")[2].lower()
    if verb == "setiampolicy" or verb.endswith(("setiampolicy", "setiampermissions")):
        return _grant(payload)
    if service == "login.googleapis.com":
        return _login(payload, verb)
    if service == "admin.googleapis.com":
        return _directory(payload, verb)
    if service == "storage.googleapis.com" and ".objects." in method:
        return _object(payload, verb)
    if service == "iam.googleapis.com" and verb in _SERVICE_ACCOUNTS:
        return _service_account(payload, _SERVICE_ACCOUNTS[verb])
    if service in _ENTITY_SERVICES and verb in _ENTITIES:
        named = text(payload.get("resourceName"))
        return (Route(ENTITY, _ENTITIES[verb]), {"entity": {"name": named}}) if named else None
    return None


def _grant(payload: dict[str, Any]) -> Routed:
    """Of a policy's change the first member, with every role that the same member was given or lost alike."""
    delta = mapping(mapping(payload.get("serviceData")).get("policyDelta"))
    if not delta:
        delta = mapping(mapping(payload.get("metadata")).get("policyDelta"))
    changes = objects(delta.get("bindingDeltas"))
    first = changes[0] if changes else {}
    member, action = text(first.get("member")), text(first.get("action"))
    roles = [
        role
        for held in changes
        if held.get("member") == member and held.get("action") == action and (role := text(held.get("role")))
    ]
    if not member or not roles:
        return None
    user = {"name": member, **kind_of(member)}
    return Route(USER_ACCESS, 2 if action == "REMOVE" else 1), {"user": user, "privileges": roles}


def _login(payload: dict[str, Any], verb: str) -> Routed:
    user = user_of(payload)
    if user is None or verb not in _LOGINS:
        return None
    return Route(AUTHENTICATION, _LOGINS[verb]), {"user": user, "service": {"name": "Google"}, "is_remote": True}


def _directory(payload: dict[str, Any], verb: str) -> Routed:
    email, group = parameter(payload, "USER_EMAIL"), parameter(payload, "GROUP_EMAIL")
    if verb in _PEOPLE and email:
        return Route(ACCOUNT_CHANGE, _PEOPLE[verb]), {"user": {"name": email}}
    if verb in _MEMBERS and group:
        user = {"name": email} if email else None
        return Route(GROUP, _MEMBERS[verb]), full({"group": {"name": group}, "user": user}.items())
    role = parameter(payload, "ROLE_NAME")
    if verb in ("assignrole", "grantadminprivilege", "unassignrole") and email and role:
        return Route(USER_ACCESS, 2 if verb[0] == "u" else 1), {"user": {"name": email}, "privileges": [role]}
    return None


def parameter(payload: dict[str, Any], name: str) -> str | None:
    """The value of a parameter of a Workspace event."""
    for event in objects(mapping(payload.get("metadata")).get("event")):
        for held in objects(event.get("parameter")):
            if held.get("name") == name:
                return text(held.get("value"))
    return None


def _object(payload: dict[str, Any], verb: str) -> Routed:
    path = text(payload.get("resourceName")) or ""
    bucket = path.partition("/buckets/")[2].partition("/")[0]
    if verb not in _OBJECTS or not bucket:
        return None
    return Route(DATASTORE, _OBJECTS[verb]), {
        "databucket": {"name": bucket, "uid": path.partition("/objects/")[0], "type_id": GCP_BUCKET, "type": "GCS"}
    }


def _service_account(payload: dict[str, Any], activity: int) -> Routed:
    request, response = mapping(payload.get("request")), mapping(payload.get("response"))
    held = text(payload.get("resourceName")) or ""
    named = first_text(
        response.get("email"),
        held.partition("/serviceAccounts/")[2].partition("/keys/")[0],
        (text(request.get("name")) or "").partition("/serviceAccounts/")[2].partition("/keys/")[0],
        at(request, "account_id"),
    )
    if named is None:
        return None
    return Route(ACCOUNT_CHANGE, activity), {"user": {"name": named, "type_id": 4, "type": "Service"}}
