"""Which OCSF class an operation of a cloud is, and the members that the class cannot do without."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from collectors.values import first_text, full, mapping

ACCOUNT_CHANGE, AUTHENTICATION, ENTITY, USER_ACCESS, GROUP, API, DATASTORE = 3001, 3002, 3004, 3005, 3006, 6003, 6005
CREATE, READ, UPDATE, DELETE = 1, 2, 3, 4
OTHER = 99
_CREATES = (
    *("create", "run", "allocate", "add", "register", "import", "insert", "put", "request", "invite", "issue"),
    *("upload", "generate", "apply", "purchase"),
)
_READS = (
    *("get", "list", "describe", "lookup", "head", "query", "check", "batchget", "search", "scan", "select", "read"),
    *("show", "view", "count", "inquire", "inquiry", "validate", "aggregatedlist", "testiam", "access", "download"),
)
_DELETES = (
    *("delete", "remove", "terminate", "release", "revoke", "detach", "deregister", "disassociate", "purge"),
    *("batchdelete", "destroy", "drop", "cancel", "unbind"),
)
_PARTS = re.compile(r"[./:]")


class Route(NamedTuple):
    """A class, its activity, the parameters that may name the target, and those that may name the privilege."""

    class_uid: int
    activity_id: int
    target: tuple[str, ...] = ()
    privilege: tuple[str, ...] = ()
    member: tuple[str, ...] = ()


def crud(operation: str, read_only: bool | None = None) -> int:
    """Create 1, Read 2, Update 3 or Delete 4: from the provider's flag, else from the verb of the operation."""
    if read_only:
        return READ
    verb = _PARTS.split(operation[-200:])[-1].lower()
    if read_only is None and verb.startswith(_READS):
        return READ
    if verb.startswith(_CREATES):
        return CREATE
    return DELETE if verb.startswith(_DELETES) else UPDATE


def subject(route: Route, request: dict[str, Any]) -> dict[str, Any] | None:
    """The members that the class of an identity route needs, from the request; None when it does not name them."""
    named = _named(request, route.target)
    privilege = _named(request, route.privilege)
    if named is None:
        return None
    if route.class_uid == ACCOUNT_CHANGE:
        return full({"user": {"name": named}, "policies": [{"name": privilege}] if privilege else None}.items())
    if route.class_uid == GROUP:
        member = _named(request, route.member)
        user = {"name": member} if member else None
        return full({"group": {"name": named}, "user": user, "privileges": [privilege] if privilege else None}.items())
    if route.class_uid == USER_ACCESS:
        return {"user": {"name": named}, "privileges": [privilege]} if privilege else None
    return {"entity": {"name": named}} if route.class_uid == ENTITY else None


def _named(request: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return first_text(*(at(request, name) for name in names))


def at(value: dict[str, Any], path: str) -> Any:
    """What stands at a dotted path of objects; None when nothing does. A key with dots in it wins."""
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    return at(mapping(value.get(head)), rest) if dot else None
