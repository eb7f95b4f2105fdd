"""Whom an event is about: one name for people, one key for baselines, both from its OCSF form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from detectors.words import visible
from yunshao.model.event import Event, Native, Ocsf

NOBODY = "unknown"
MAX_ENTITY = 256
_ANONYMOUS = frozenset({"", "-", "HIDDEN_DUE_TO_SECURITY_REASONS"})


def entity_of(event: Event) -> str:
    """The actor's name or id, else the user's, else the source address, else the host."""
    return event.once(_entity)


def _entity(event: Event) -> str:
    quick = _PLAINLY.get(event.source)
    return (quick and quick(event.native)) or visible(next(_names(event.ocsf), NOBODY), MAX_ENTITY)


def _cloudtrail(native: Native) -> str | None:
    """The same name from the record itself, where it is plain to see: the OCSF form is dear when only this is asked."""
    identity = native.get("userIdentity")
    if not isinstance(identity, dict):
        return None
    name = identity.get("userName")
    if name is None:
        context = identity.get("sessionContext")
        issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
        name = issuer.get("userName") if isinstance(issuer, dict) else None
    if name is not None:
        return name if _is_plain(name) else None
    if identity.get("type") == "Root":
        return "root"
    arn = identity.get("arn")
    if not _is_plain(arn) or not _is_plain(identity.get("principalId")):
        return None
    return str(arn).rsplit(":", 1)[-1] or None if str(arn).startswith(("arn:", "acs:")) else str(arn)


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_ENTITY and name.isprintable() and name not in _ANONYMOUS


_PLAINLY: Mapping[str, Callable[[Native], str | None]] = {"aws.cloudtrail": _cloudtrail}


def _names(ocsf: Ocsf) -> Iterator[str]:
    yield from _user_names(_part(ocsf, "actor", "user"))
    yield from _user_names(_part(ocsf, "user"))
    evidences = ocsf.get("evidences")
    if isinstance(evidences, list) and evidences:
        yield from _user_names(_part(evidences[0], "actor", "user"))
    for path in (
        ("src_endpoint", "ip"),
        ("src_endpoint", "svc_name"),
        ("src_endpoint", "hostname"),
        ("device", "hostname"),
        ("device", "ip"),
    ):
        yield from _text(_part(ocsf, *path[:-1]), path[-1])


def _user_names(user: dict[str, Any]) -> Iterator[str]:
    yield from _text(user, "name")
    yield from _text(user, "email_addr")
    for key in ("uid_alt", "uid"):
        for text in _text(user, key):
            yield text.rsplit(":", 1)[-1] if text.startswith(("arn:", "acs:")) else text


def _part(ocsf: Any, *path: str) -> dict[str, Any]:
    for key in path:
        ocsf = ocsf.get(key) if isinstance(ocsf, dict) else None
    return ocsf if isinstance(ocsf, dict) else {}


def _text(part: dict[str, Any], key: str) -> Iterator[str]:
    if said := _said(part, key):
        yield said


def _said(part: dict[str, Any], key: str) -> str:
    """What stands there, if it names anybody."""
    value = part.get(key)
    if value.__class__ is not str:
        if not isinstance(value, int) or isinstance(value, bool):
            return ""
        value = str(value)
    return "" if value in _ANONYMOUS else value


def account_of(event: Event) -> str:
    """`source|provider|account`, the group in which actors are compared; provider and account where there is a cloud.

    Sources are apart: each goes by its own time, and what is usual in one says nothing of another.
    """
    return event.once(_account)


def _account(event: Event) -> str:
    cloud = _part(event.ocsf, "cloud")
    provider = _said(cloud, "provider")
    account = _said(_part(cloud, "account"), "uid") or _said(cloud, "project_uid")
    return visible(f"{event.source}|{provider}|{account}", MAX_ENTITY)


def actor_key(event: Event) -> str:
    """`source|provider|account|principal`, without the session of an assumed role; empty where nobody acts."""
    return event.once(_actor)


def _actor(event: Event) -> str:
    user = _part(event.ocsf, "actor", "user") or _part(event.ocsf, "user")
    principal = _said(user, "uid") or _said(user, "uid_alt") or _said(user, "name") or _said(user, "email_addr")
    if not principal:
        return ""
    kept = principal.split(":", 1)[0] if principal.startswith("ARO") else principal
    return f"{account_of(event)}|{visible(kept, MAX_ENTITY)}"


def source_in(key: str) -> tuple[str, ...]:
    """The source of a memory's key, `KIND|` and then what `account_of` or `actor_key` gave."""
    parts = key.split("|", 2)
    return (parts[1],) if len(parts) > 2 else ()
