"""Entra sign-ins and risk detections as OCSF."""

from __future__ import annotations

from typing import Any

from collectors.azure.activity import cloud_of
from collectors.azure.record import Fields, worded
from collectors.cloud_events import cloud_event, endpoint, verdict
from collectors.events import FAILURE, HIGH, INFORMATIONAL, LOW, MEDIUM, event, metadata
from collectors.json_record import opened
from collectors.routes import AUTHENTICATION, Route
from collectors.times import millis
from collectors.values import first_text, flag, full, integer, mapping, some, text, texts
from yunshao.model.event import Identity, Ocsf

FINDING = 2004
_INTERRUPTS = frozenset(
    {
        16000, 16001, 16003, 50058, 50072, 50074, 50076, 50079, 50097, 50125, 50127, 50129, 50140, 50158, 50199,
        50203, 51006, 65001, 70044,
    }
)  # fmt: skip
_RISKS = {"high": HIGH, "medium": MEDIUM, "low": LOW}
_MAPPED = frozenset(
    {
        "id", "createddatetime", "userprincipalname", "userid", "userdisplayname", "ipaddress", "location", "status",
        "appid", "appdisplayname", "correlationid", "useragent", "sessionid", "authenticationrequirement",
        "serviceprincipalid", "serviceprincipalname", "detecteddatetime",
    }
)  # fmt: skip


def signin(fields: Fields, identity: Identity) -> Ocsf:
    """Its OCSF form: Authentication, Logon."""
    user = _user(fields)
    outcome, code, detail = _outcome(fields)
    risk = (fields.within("risklevelduringsignin") or "").lower()
    severity = LOW if outcome.get("status_id") == FAILURE else _RISKS.get(risk, INFORMATIONAL)
    members = {
        **outcome,
        "user": user,
        "actor": {"user": user},
        "service": some(name=fields.within("appdisplayname", "resourcedisplayname", "app"), uid=fields.within("appid"))
        or {"name": "Microsoft Entra ID"},
        "session": some(uid=fields.within("sessionid"), is_mfa=_mfa(fields)),
        "is_mfa": _mfa(fields),
        "is_remote": True,
        "src_endpoint": _endpoint(fields),
        "http_request": some(user_agent=fields.within("useragent")),
        "cloud": {name: value for name, value in cloud_of(fields).items() if name != "region"},
        "status_code": code,
        "status_detail": detail,
        **_protocol(fields),
        "unmapped": _unmapped(fields),
    }
    about = _metadata(fields, identity, "SignInLogs")
    return cloud_event(identity, about, "Sign-in", members, (Route(AUTHENTICATION, 1), {}), severity=severity)


def risk(fields: Fields, identity: Identity) -> Ocsf:
    """Its OCSF form: Detection Finding, with whom it is about as evidence."""
    title = fields.within("riskeventtype", "riskdetail", "operationname") or "risk"
    level = (fields.within("risklevel", "risklevelaggregated") or "").lower()
    where = _endpoint(fields)
    return event(
        FINDING,
        1,
        _RISKS.get(level, LOW),
        identity,
        _metadata(fields, identity, "UserRiskEvents"),
        is_alert=True,
        message=title,
        finding_info=full(
            {
                "uid": identity.uid,
                "title": title,
                "types": [title],
                "created_time": identity.time,
                "analytic": {"name": title, "type_id": 2, "type": "Behavioral"},
            }.items()
        ),
        evidences=[full({"actor": {"user": _user(fields)}, "src_endpoint": where}.items())],
        cloud={name: value for name, value in cloud_of(fields).items() if name != "region"},
        status_detail=fields.within("riskdetail"),
        unmapped=_unmapped(fields),
    )


def _user(fields: Fields) -> dict[str, Any]:
    name, uid = fields.within("userprincipalname", "alternatesigninname"), fields.within("userid")
    service = fields.within("serviceprincipalname")
    if name is None and uid is None:
        principal = some(name=service, uid=fields.within("serviceprincipalid", "appid"))
        if principal:
            return {**principal, "type_id": 4, "type": "Service"}
        named = first_text(fields.within("userdisplayname"), fields.outside.get("identity"))
        return {"name": named or "unknown", "type_id": 0, "type": "Unknown"}
    named = fields.within("userdisplayname")
    return {**full({"name": name, "uid": uid, "display_name": named}.items()), "type_id": 1, "type": "User"}


def _outcome(fields: Fields) -> tuple[dict[str, Any], str | None, str | None]:
    """Failed, succeeded, or interrupted on the way to a second factor, a consent or a choice."""
    held = fields.inner("status")
    status = mapping(opened(held))
    written = first_text(status.get("errorCode"), fields.text("resulttype", "errorcode"))
    reason = first_text(status.get("failureReason"), fields.text("resultdescription"), status.get("additionalDetails"))
    code = integer(written)
    if code is None:
        said = (written or worded(held) or fields.text("resultsignature", "result") or "").lower()
        return verdict(None if not said else not said.startswith("succ")), written, reason
    if code in _INTERRUPTS:
        return verdict(None, "Interrupted"), str(code), reason
    return verdict(code != 0), str(code), reason


def _mfa(fields: Fields) -> bool | None:
    required = fields.within("authenticationrequirement")
    if required is None:
        return flag(fields.inner("ismfa"))
    return required.lower() == "multifactorauthentication"


def _endpoint(fields: Fields) -> dict[str, Any]:
    held = fields.inside.get("location")
    place = mapping(opened(held)) or mapping(fields.inner("locationdetails")) or mapping(fields.outside.get("location"))
    found = mapping(place.get("geoCoordinates"))
    country = first_text(place.get("countryOrRegion"), fields.outside.get("location"), held)
    location = some(
        city=text(place.get("city")),
        region=text(place.get("state")),
        country=country if country and len(country) == 2 and country.isalpha() else None,
        desc=country if country and not (len(country) == 2 and country.isalpha()) else None,
        lat=_degrees(found.get("latitude"), 90),
        long=_degrees(found.get("longitude"), 180),
    )
    where = fields.within("ipaddress", "ipaddressfromresourceprovider") or fields.text("calleripaddress")
    return endpoint(where, "unknown", location=location if location and location.keys() != {"desc"} else None)


def _degrees(value: Any, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        return None
    return float(value)


def _protocol(fields: Fields) -> dict[str, Any]:
    named = fields.within("authenticationprotocol")
    if named is None or named.lower() == "none":
        return {}
    number = {"oauth2": 6, "samlp": 5, "saml20": 5, "saml": 5, "openidconnect": 7}.get(named.lower(), 99)
    return {"auth_protocol_id": number, "auth_protocol": named}


def _metadata(fields: Fields, identity: Identity, otherwise: str) -> dict[str, Any]:
    return metadata(
        identity,
        "Entra ID",
        "Microsoft",
        log_name=worded(fields.outside.get("category")) or otherwise,
        event_code=next(iter(texts(fields.inner("signineventtypes"))), None),
        correlation_uid=fields.text("correlationid"),
        logged_time=millis(fields.outside.get("time")),
        profiles=["cloud"],
    )


def _unmapped(fields: Fields) -> dict[str, Any] | None:
    """What Entra says beyond the sign-in itself: device, policies, risk, client."""
    part = fields.inside or fields.outside
    return full((name, value) for name, value in part.items() if name not in _MAPPED) or None
