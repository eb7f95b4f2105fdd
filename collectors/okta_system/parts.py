"""Actor, targets and origin of an Okta event as OCSF objects."""

from __future__ import annotations

from math import isfinite
from typing import Any

from collectors.values import address, first_text, full, integer, mapping, objects, some, text
from yunshao.model.event import Native

_USERS = frozenset({"User", "AppUser"})
_TYPES = {"User": 1, "SystemPrincipal": 3, "PublicClientApp": 4, "ServiceApp": 4}
_TYPE_NAMES = {1: "User", 3: "System", 4: "Service"}
_MOST_TARGETS = 50


def actor_of(native: Native) -> dict[str, Any]:
    """Who did it, and in which session."""
    actor = mapping(native.get("actor"))
    user = _person(actor)
    session = text(mapping(native.get("authenticationContext")).get("externalSessionId"))
    known = some(user=user, session=some(uid=session if session != "unknown" else None))
    return known or {"app_name": "Okta"}


def user_of(native: Native) -> dict[str, Any] | None:
    """The account that it was done to."""
    for target in objects(native.get("target"), _MOST_TARGETS):
        if text(target.get("type")) in _USERS and (person := _person(target)):
            return person
    return None


def groups_of(native: Native) -> list[dict[str, Any]]:
    """The groups among the targets."""
    found = [
        some(name=text(target.get("displayName")), uid=text(target.get("id")))
        for target in objects(native.get("target"), _MOST_TARGETS)
        if text(target.get("type")) == "UserGroup"
    ]
    return [group for group in found if group]


def resources_of(native: Native) -> list[dict[str, Any]]:
    """All targets."""
    found = []
    for target in objects(native.get("target"), _MOST_TARGETS):
        name = first_text(target.get("displayName"), target.get("alternateId"), target.get("id"))
        if name:
            known = {"name": name, "uid": text(target.get("id")), "type": text(target.get("type"))}
            found.append(full(known.items()))
    return found


def endpoint_of(native: Native) -> dict[str, Any]:
    """Where the client was: what it says of itself, else the first hop of the request."""
    client = mapping(native.get("client"))
    hops = objects(mapping(native.get("request")).get("ipChain"), 20)
    found = [seen for hop in hops if (seen := address(hop.get("ip")))]
    own = address(client.get("ipAddress")) or (found[0] if found else None)
    security = mapping(native.get("securityContext"))
    known: dict[str, Any] | None = some(
        ip=own,
        intermediate_ips=[hop for hop in found if hop != own],
        location=_location(client),
        isp=text(security.get("isp")),
        autonomous_system=some(number=integer(security.get("asNumber")), name=text(security.get("asOrg"))),
    )
    return {**(known or {}), **({} if own else {"svc_name": "unknown"})}


def _location(client: dict[str, Any]) -> dict[str, Any] | None:
    place = mapping(client.get("geographicalContext"))
    spot = mapping(place.get("geolocation"))
    known = some(
        city=text(place.get("city")),
        region=text(place.get("state")),
        country=text(place.get("country")),
        postal_code=text(place.get("postalCode")),
    )
    if known:
        known.update(full({"lat": _degrees(spot.get("lat")), "long": _degrees(spot.get("lon"))}.items()))
    return known


def _degrees(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 180:
        return None
    return float(value) if isfinite(value) else None


def _person(written: dict[str, Any]) -> dict[str, Any] | None:
    name = first_text(written.get("alternateId"), written.get("displayName"))
    if name == "unknown":
        name = text(written.get("displayName"))
    kind = _TYPES.get(text(written.get("type")) or "", 0)
    known = some(
        name=name,
        uid=text(written.get("id")),
        full_name=text(written.get("displayName")),
        email_addr=_mail(written.get("alternateId")),
    )
    if not known or not ("name" in known or "uid" in known):
        return None
    if kind:
        known.update(type_id=kind, type=_TYPE_NAMES[kind])
    return known


def _mail(value: Any) -> str | None:
    found = text(value)
    return found if found and found.count("@") == 1 and found.isascii() and " " not in found else None
