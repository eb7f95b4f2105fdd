"""Who, where from, on what: the parts of a Google Cloud log entry as OCSF objects."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from collectors.cloud_events import account
from collectors.values import first_text, flag, full, mapping, objects, some, text, texts
from yunshao.model.event import Native

GCP_PROJECT = 11
_OWNER = re.compile(r"(projects|organizations|folders|billingAccounts)/([^/]{1,256})")
_MAX_RESOURCES = 100
_MAX_AUTHORIZATIONS = 50


def owner_of(native: Native) -> tuple[str, str]:
    """The kind and id of what the log belongs to: a project, an organisation, a folder, a billing account."""
    found = _OWNER.match(text(native.get("logName")) or "")
    return (found[1], found[2]) if found else ("", "")


def log_kind(native: Native) -> str | None:
    """`activity`, `data_access`, `system_event` or `policy`."""
    name = unquote((text(native.get("logName")) or "")[-256:])
    return name.rpartition("/")[2] or None


def cloud_of(native: Native) -> dict[str, Any]:
    """Provider, project, organisation and place."""
    labels = mapping(mapping(native.get("resource")).get("labels"))
    kind, owner = owner_of(native)
    project = text(labels.get("project_id")) or (owner if kind == "projects" else None)
    organisation = text(labels.get("organization_id")) or (owner if kind == "organizations" else None)
    place = first_text(labels.get("location"), labels.get("region"), labels.get("zone"))
    zone = text(labels.get("zone"))
    return full(
        {
            "provider": "GCP",
            "project_uid": project,
            "account": account(project, GCP_PROJECT, "GCP Project"),
            "org": some(uid=organisation),
            "region": place,
            "zone": zone,
        }.items()
    )


def user_of(payload: dict[str, Any]) -> dict[str, Any] | None:
    """The user of an entry, or None when it names nobody."""
    who = mapping(payload.get("authenticationInfo"))
    email, principal = text(who.get("principalEmail")), text(who.get("principalSubject"))
    key = text(who.get("serviceAccountKeyName"))
    user = some(
        name=email or principal,
        uid=principal or email,
        programmatic_credentials=[{"uid": key, "type": "Service account key"}] if key else None,
    )
    if not user or "name" not in user:
        return None
    return {**user, **kind_of(email or principal or "")}


def kind_of(name: str) -> dict[str, Any]:
    """What kind of user a member or e-mail address is."""
    service = name.endswith(".gserviceaccount.com") or name.startswith(("serviceAccount:", "system:"))
    return {"type_id": 4, "type": "Service"} if service else {"type_id": 1, "type": "User"}


def actor_of(payload: dict[str, Any]) -> dict[str, Any]:
    """Who did it and which permissions were looked at, or the service itself."""
    user = user_of(payload)
    allowed = [
        {"decision": "granted" if flag(held.get("granted")) else "denied", "policy": {"name": named}}
        for held in objects(payload.get("authorizationInfo"), _MAX_AUTHORIZATIONS)
        if (named := text(held.get("permission")))
    ]
    service = text(payload.get("serviceName")) or "unknown"
    return full({"user": user, "app_name": None if user else service, "authorizations": allowed}.items())


def resources_of(native: Native, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The resource of the call, and those that it was refused for."""
    kind = text(mapping(native.get("resource")).get("type"))
    named = text(payload.get("resourceName"))
    found = [full({"uid": named, "name": named.rpartition("/")[2], "type": kind}.items())] if named else []
    for more in texts(mapping(payload.get("metadata")).get("resourceNames"), _MAX_RESOURCES):
        if more != named:
            found.append(full({"uid": more, "name": more.rpartition("/")[2]}.items()))
    return found
