"""Actor, target, origin and file of a Microsoft 365 record as OCSF objects."""

from __future__ import annotations

from typing import Any

from collectors.values import address, count, first_text, full, mapping, objects, port, some, text
from yunshao.model.event import Native

_TYPES = {"0": 1, "2": 2, "3": 2, "4": 3, "5": 4, "6": 4}
_TYPE_NAMES = {1: "User", 2: "Admin", 3: "System", 4: "Service"}
_MOST_NAMED = 200


def actor_of(native: Native) -> dict[str, Any]:
    """Who did it, by which application."""
    kind = _TYPES.get(text(native.get("UserType")) or "")
    named = text(native.get("UserId"))
    known = some(name=named, uid=text(native.get("UserKey")), email_addr=_mail(named))
    if known and kind:
        known.update(type_id=kind, type=_TYPE_NAMES[kind])
    session = text(native.get("SessionId")) or text(mapping(native.get("AppAccessContext")).get("AADSessionId"))
    user = known if known and ("name" in known or "uid" in known) else None
    found = some(user=user, session=some(uid=session), app_uid=first_text(native.get("ApplicationId")))
    return found or {"app_name": "Microsoft 365"}


def target_of(native: Native) -> dict[str, Any] | None:
    """The account that it was done to: of the targets the one that is a sign-in name, else the object."""
    targets = objects(native.get("Target"), 50)
    named = [found for target in targets if (found := text(target.get("ID")))]
    name = next((found for found in named if "@" in found), None) or text(native.get("ObjectId"))
    if not name or name == "Not Available":
        return None
    return full({"name": name, "email_addr": _mail(name)}.items())


def group_of(native: Native) -> dict[str, Any] | None:
    """The group, from what was changed."""
    changed = _changed(native)
    name = first_text(changed.get("Group.DisplayName"), changed.get("DisplayName"))
    known = some(name=name, uid=text(changed.get("Group.ObjectID")))
    if known:
        return known
    target = target_of(native)
    return {"name": target["name"]} if target else None


def role_of(native: Native) -> str | None:
    """The role that was given or taken."""
    changed = _changed(native)
    return first_text(changed.get("Role.DisplayName"), changed.get("Role.WellKnownObjectName"))


def file_of(native: Native) -> dict[str, Any] | None:
    """The file."""
    path = text(native.get("ObjectId"))
    name = first_text(native.get("SourceFileName"), path)
    if not name:
        return None
    folder = (text(native.get("ItemType")) or "").lower() == "folder"
    known = {
        "name": name.rstrip("/").rpartition("/")[2] or name,
        "path": path,
        "type_id": 2 if folder else 1,
        "size": count(native.get("FileSizeBytes")),
        "ext": text(native.get("SourceFileExtension")),
    }
    return full(known.items())


def endpoint_of(native: Native) -> dict[str, Any]:
    """Where the client was."""
    written = first_text(native.get("ClientIP"), native.get("ClientIPAddress"), native.get("ActorIpAddress")) or ""
    found = address(written)
    if not found:
        return {"svc_name": "unknown"}
    bare, _, behind = written.rpartition(":")
    number = port(behind) if bare.count(":") == 0 or bare.endswith("]") else None
    return full({"ip": found, "port": number if bare else None}.items())


def named_values(listed: Any) -> dict[str, Any]:
    """`[{Name, Value}]` as name and value."""
    found = {}
    for item in objects(listed, _MOST_NAMED):
        name = text(item.get("Name"))
        if name:
            found[name] = item.get("Value")
    return found


def _changed(native: Native) -> dict[str, Any]:
    """New values of changed properties, the old one where there is no new; quotes around them are taken off."""
    found: dict[str, Any] = {}
    for item in objects(native.get("ModifiedProperties"), _MOST_NAMED):
        name = text(item.get("Name"))
        value = first_text(item.get("NewValue"), item.get("OldValue"))
        if name and value and value not in ("[]", '""'):
            found[name] = value.strip('[]" \r\n')
    return found


def _mail(value: str | None) -> str | None:
    return value if value and value.count("@") == 1 and value.isascii() and " " not in value else None
