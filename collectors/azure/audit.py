"""Entra audit records as OCSF."""

from __future__ import annotations

from typing import Any

from collectors.azure.activity import cloud_of
from collectors.azure.record import Fields, worded
from collectors.cloud_events import call, cloud_event, endpoint, verdict
from collectors.events import metadata
from collectors.routes import ACCOUNT_CHANGE, API, ENTITY, GROUP, OTHER, USER_ACCESS, Route, crud
from collectors.values import first_text, flag, full, mapping, objects, some, text
from yunshao.model.event import Identity, Ocsf

_ROUTES = {
    "add user": Route(ACCOUNT_CHANGE, 1),
    "invite external user": Route(ACCOUNT_CHANGE, 1),
    "delete user": Route(ACCOUNT_CHANGE, 6),
    "hard delete user": Route(ACCOUNT_CHANGE, 6),
    "restore user": Route(ACCOUNT_CHANGE, 2),
    "enable account": Route(ACCOUNT_CHANGE, 2),
    "disable account": Route(ACCOUNT_CHANGE, 5),
    "update user": Route(ACCOUNT_CHANGE, OTHER),
    "change user password": Route(ACCOUNT_CHANGE, 3),
    "change password (self-service)": Route(ACCOUNT_CHANGE, 3),
    "reset user password": Route(ACCOUNT_CHANGE, 4),
    "reset password (by admin)": Route(ACCOUNT_CHANGE, 4),
    "reset password (self-service)": Route(ACCOUNT_CHANGE, 4),
    "enable strong authentication": Route(ACCOUNT_CHANGE, 10),
    "user registered security info": Route(ACCOUNT_CHANGE, 10),
    "admin registered security info": Route(ACCOUNT_CHANGE, 10),
    "disable strong authentication": Route(ACCOUNT_CHANGE, 11),
    "user deleted security info": Route(ACCOUNT_CHANGE, 11),
    "admin deleted security info": Route(ACCOUNT_CHANGE, 11),
    "add member to group": Route(GROUP, 3),
    "remove member from group": Route(GROUP, 4),
    "delete group": Route(GROUP, 5),
    "add group": Route(GROUP, 6),
    "add member to role": Route(USER_ACCESS, 1),
    "add eligible member to role": Route(USER_ACCESS, 1),
    "add member to role completed (pim activation)": Route(USER_ACCESS, 1),
    "add eligible member to role in pim completed (permanent)": Route(USER_ACCESS, 1),
    "add member to role in pim completed (permanent)": Route(USER_ACCESS, 1),
    "remove member from role": Route(USER_ACCESS, 2),
    "remove eligible member from role": Route(USER_ACCESS, 2),
    "add app role assignment grant to user": Route(USER_ACCESS, 1),
}
_ENTITIES = (
    *("application", "service principal", "policy", "conditional access policy", "domain", "named location"),
    *("role definition", "device", "oauth2permissiongrant", "administrative unit", "company information"),
    *("partner", "authentication methods policy", "federation settings", "owner to", "owner from", "consent"),
)
_PRIVILEGED = frozenset(
    {"rolemanagement", "policy", "applicationmanagement", "authentication", "authorization", "directorymanagement"}
)
_DONE = frozenset({"success", "succeeded", "0", "none", ""})
_ENTRA = "Microsoft Entra ID"


def audit(fields: Fields, identity: Identity) -> Ocsf:
    """Its OCSF form: the class of what was done, or API Activity."""
    named = operation_of(fields)
    targets = objects(fields.inner("targetresources"))
    category = (fields.within("category") or "").lower()
    does = {"add": 1, "delete": 4, "update": 3, "assign": 1, "unassign": 4}.get(
        (fields.within("operationtype") or "").lower(), crud(named)
    )
    return cloud_event(
        identity,
        _metadata(fields, identity),
        named,
        _members(fields, named, targets),
        _routed(named, targets, does) or (Route(API, does), {}),
        privileged=category in _PRIVILEGED,
    )


def operation_of(fields: Fields) -> str:
    """What was done: the activity's name."""
    return fields.within("activitydisplayname", "operationname") or "unknown"


def _routed(named: str, targets: list[dict[str, Any]], does: int) -> tuple[Route, dict[str, Any]] | None:
    lowered = named.strip().rstrip(".").lower()
    route = _ROUTES.get(lowered)
    users = [user for target in targets if (user := _user(target))]
    if route is None:
        entity = _entity(targets) if any(word in lowered for word in _ENTITIES) else None
        return (Route(ENTITY, does), {"entity": entity}) if entity else None
    if route.class_uid == ACCOUNT_CHANGE:
        return (route, {"user": users[0]}) if users else None
    if route.class_uid == GROUP:
        group = _group(targets)
        member = users[0] if users and route.activity_id in (3, 4) else None
        return (route, full({"group": group, "user": member}.items())) if group else None
    role = _changed(targets, "role.displayname", "approle.value") or _named(targets, "role")
    return (route, {"user": users[0], "privileges": [role]}) if users and role else None


def _user(target: dict[str, Any]) -> dict[str, Any] | None:
    kind = (text(target.get("type")) or "").lower().replace(" ", "")
    if kind not in ("user", "serviceprincipal", "device") and "userPrincipalName" not in target:
        return None
    name = first_text(target.get("userPrincipalName"), target.get("displayName"))
    user = some(name=name, uid=text(target.get("id")))
    service = {"type_id": 4, "type": "Service"} if kind == "serviceprincipal" else {"type_id": 1, "type": "User"}
    return {**user, **service} if user else None


def _entity(targets: list[dict[str, Any]]) -> dict[str, Any] | None:
    for target in targets:
        found = some(name=text(target.get("displayName")), uid=text(target.get("id")), type=text(target.get("type")))
        if found and ("name" in found or "uid" in found):
            return found
    return None


def _group(targets: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The group that is a target, or the one that a change of membership names."""
    for target in targets:
        if (text(target.get("type")) or "").lower() == "group":
            found = some(name=text(target.get("displayName")), uid=text(target.get("id")))
            if found:
                return found
    return some(name=_changed(targets, "group.displayname"), uid=_changed(targets, "group.objectid"))


def _named(targets: list[dict[str, Any]], kind: str) -> str | None:
    return next(
        (
            found
            for target in targets
            if (text(target.get("type")) or "").lower() == kind and (found := text(target.get("displayName")))
        ),
        None,
    )


def _changed(targets: list[dict[str, Any]], *names: str) -> str | None:
    """The new (else the old) value of a changed property; the values are JSON texts in quotes."""
    for target in targets:
        for held in objects(target.get("modifiedProperties")):
            if (text(held.get("displayName")) or "").lower() in names:
                for value in (held.get("newValue"), held.get("oldValue")):
                    found = (text(value) or "").strip('"')
                    if found and found != "null":
                        return found
    return None


def _actor(fields: Fields) -> dict[str, Any]:
    by = {name.lower(): mapping(value) for name, value in mapping(fields.inner("initiatedby")).items()}
    person, application = by.get("user", {}), by.get("app", {})
    name = first_text(person.get("userPrincipalName"), person.get("displayName"))
    user = some(name=name, uid=text(person.get("id")))
    kind = {"type_id": 1, "type": "User"}
    if user is None:
        user = some(
            name=text(application.get("displayName")),
            uid=first_text(application.get("servicePrincipalId"), application.get("appId")),
        )
        kind = {"type_id": 4, "type": "Service"}
    if user is None:
        user = some(name=fields.text("identity"))
    app = text(application.get("displayName"))
    return full({"user": {**user, **kind} if user else None, "app_name": app or (None if user else "Entra ID")}.items())


def _outcome(fields: Fields) -> dict[str, Any]:
    said = (fields.within("result") or fields.text("resultsignature", "resulttype") or "").lower()
    if said in _DONE:
        return verdict(False)
    return verdict(None, said) if said in ("timeout", "unknownfuturevalue") else verdict(True)


def _members(fields: Fields, named: str, targets: list[dict[str, Any]]) -> dict[str, Any]:
    by = {name.lower(): mapping(value) for name, value in mapping(fields.inner("initiatedby")).items()}
    where = first_text(by.get("user", {}).get("ipAddress"), fields.text("calleripaddress", "ipaddress"))
    resources = [
        found
        for target in targets
        if (
            found := some(
                uid=text(target.get("id")),
                name=first_text(target.get("userPrincipalName"), target.get("displayName")),
                type=text(target.get("type")),
            )
        )
        and found.keys() != {"type"}
    ]
    return {
        **_outcome(fields),
        "actor": _actor(fields),
        "api": call(
            named,
            fields.within("loggedbyservice"),
            fields.text("correlationid") or fields.within("id") or "",
            version=fields.text("operationversion"),
        ),
        "cloud": cloud_of(fields),
        "src_endpoint": endpoint(where, _ENTRA),
        "http_request": some(user_agent=_detail(fields, "user-agent")),
        "resources": resources,
        "status_detail": fields.within("resultreason", "resultdescription"),
        "unmapped": _unmapped(fields, targets),
    }


def _detail(fields: Fields, key: str) -> str | None:
    for held in objects(fields.inner("additionaldetails")):
        if (text(held.get("key")) or "").lower() == key:
            return text(held.get("value"))
    return None


def _unmapped(fields: Fields, targets: list[dict[str, Any]]) -> dict[str, Any] | None:
    changes = [
        {"target": first_text(target.get("displayName"), target.get("id")), "changes": changed}
        for target in targets
        if (changed := objects(target.get("modifiedProperties")))
    ]
    return some(
        category=fields.within("category"),
        operationType=fields.within("operationtype"),
        modifiedProperties=changes,
        additionalDetails=objects(fields.inner("additionaldetails")),
        isGuest=flag(fields.inner("isguest")),
    )


def _metadata(fields: Fields, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "Entra ID",
        "Microsoft",
        log_name=worded(fields.outside.get("category")) or "AuditLogs",
        log_provider=fields.within("loggedbyservice"),
        correlation_uid=fields.text("correlationid"),
        profiles=["cloud"],
    )
