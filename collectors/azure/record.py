"""An Azure or Entra record under any of its spellings: diagnostic stream, REST and Graph, Log Analytics, Event Grid."""

from __future__ import annotations

import re
from typing import Any, Literal

from collectors.json_record import digest, native_of, opened
from collectors.secrets import without_secrets
from collectors.times import millis
from collectors.values import mapping, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native

Kind = Literal["activity", "storage", "audit", "signin", "risk"]
_OPENED = (
    *("properties", "identity", "claims", "authorization", "httpRequest", "Properties", "Claims", "Authorization"),
    *("HTTPRequest", "Properties_d", "Claims_d", "Authorization_d", "InitiatedBy", "TargetResources", "Status"),
    *("AdditionalDetails", "DeviceDetail", "LocationDetails", "AuthenticationDetails", "MfaDetail"),
)
_BODIES = frozenset({"requestbody", "responsebody", "requestBody", "responseBody"})
_SIGNINS = frozenset({"adfssigninlogs", "usersigninlogs"})
_RISKS = frozenset(
    {"userriskevents", "riskyusers", "serviceprincipalriskevents", "riskyserviceprincipals", "riskdetection"}
)
_STORED = frozenset({"storageread", "storagewrite", "storagedelete"})
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]{1,128})", re.IGNORECASE)
_TENANT = re.compile(r"/tenants/([^/]{1,128})", re.IGNORECASE)
_FORWARDERS = "p_"  # what some forwarders add to a record on its way, other each time
_MOMENTS = ("createddatetime", "activitydatetime", "detecteddatetime", "riskdetecteddatetime")
_WRITTEN = ("time", "eventtimestamp", "timegenerated", "eventtime", "submissiontimestamp", "timestamp", "p_event_time")


class Fields:
    """The members of a record by name, whatever the capitals: those outside, and those of `properties`."""

    __slots__ = ("inside", "outside")

    def __init__(self, native: Native) -> None:
        self.outside = {name.lower(): value for name, value in native.items() if name.__class__ is str}
        held = mapping(self.outside.get("properties")) or mapping(self.outside.get("properties_d"))
        self.inside = {name.lower(): value for name, value in held.items() if name.__class__ is str}

    def get(self, *names: str) -> Any:
        """The first that is there at all, outside before inside."""
        for name in names:
            for part in (self.outside, self.inside):
                if part.get(name) not in (None, ""):
                    return part[name]
        return None

    def inner(self, *names: str) -> Any:
        """As `get`, inside before outside."""
        for name in names:
            for part in (self.inside, self.outside):
                if part.get(name) not in (None, ""):
                    return part[name]
        return None

    def text(self, *names: str) -> str | None:
        """The first that says something, also within `{value, localizedValue}`."""
        for name in names:
            for part in (self.outside, self.inside):
                found = worded(part.get(name))
                if found:
                    return found
        return None

    def within(self, *names: str) -> str | None:
        """As `text`, inside before outside."""
        for name in names:
            for part in (self.inside, self.outside):
                found = worded(part.get(name))
                if found:
                    return found
        return None


def worded(value: Any) -> str | None:
    """The text of a member, or the `value` of one that is also localised."""
    if isinstance(value, dict):
        value = value.get("value", value.get("Value"))
    return text(value)


def decoded(raw: bytes) -> Native:
    """The record out of its envelope, JSON texts opened, bodies without secrets. Raises Rejection."""
    native = _unwrapped(native_of(raw))
    for name in _OPENED:
        if native.get(name).__class__ is str:
            native[name] = opened(native[name])
    for name in ("properties", "Properties", "Properties_d"):
        held = native.get(name)
        if isinstance(held, dict):
            for part in _BODIES & held.keys():
                held[part] = without_secrets(opened(held[part]))
    return native


def _unwrapped(native: Native) -> Native:
    """Out of an alert's context or an Event Grid event, which keeps its own id and time outside."""
    data = mapping(native.get("data"))
    alerted = mapping(mapping(data.get("context")).get("activityLog"))
    if alerted:
        return alerted
    if "operationName" in data and "eventTime" in native:
        outside = {"eventDataId": native.get("id"), "eventTimestamp": native["eventTime"]}
        return {**outside, "resourceId": data.get("resourceUri") or native.get("subject"), **data}
    return native


def kind_of(fields: Fields) -> Kind | None:
    """What kind of record it is; None when it is none of Azure's."""
    category = (worded(fields.outside.get("category")) or "").lower()
    table = (text(fields.outside.get("type")) or "").lower()
    named = fields.get("operationname", "operationnamevalue")
    if category.endswith("signinlogs") or table.endswith("signinlogs") or category in _SIGNINS:
        return "signin"
    if (
        category in _RISKS
        or table.endswith(("riskevents", "riskyusers", "riskyserviceprincipals"))
        or fields.get("riskeventtype")
    ):
        return "risk"
    if category == "auditlogs" or table == "auditlogs" or (fields.get("initiatedby") and _is_audited(fields)):
        return "audit"
    if named is None:
        return "signin" if _is_signin(fields) else None
    if category in _STORED or (fields.inside.get("accountname") and "/" not in (worded(named) or "/")):
        return "storage"
    return "signin" if worded(named) == "Sign-in activity" or _is_signin(fields) else "activity"


def _is_audited(fields: Fields) -> bool:
    return bool(fields.get("activitydisplayname", "operationname") and fields.get("targetresources", "loggedbyservice"))


def _is_signin(fields: Fields) -> bool:
    where = fields.outside.get("createddatetime") or fields.outside.get("userprincipalname")
    return bool(where and fields.get("clientappused", "appid", "appdisplayname") and fields.get("ipaddress", "status"))


def identified(native: Native, fields: Fields, kind: Kind) -> Identity:
    """The source's own id (an activity's `eventDataId`, an Entra record's `id`), or a hash. Raises Rejection."""
    moments = (*_MOMENTS, *_WRITTEN) if kind in ("audit", "signin", "risk") else _WRITTEN
    written = fields.inner(*moments) if kind in ("audit", "signin", "risk") else fields.get(*moments)
    moment = millis(written)
    if moment is None:
        raise Rejection("bad_time", f"time {str(written)[:80]!r}")
    if kind in ("activity", "storage"):
        uid = fields.text("eventdataid")
    else:
        uid = text(fields.inside.get("id")) or text(fields.outside.get("id"))
    if uid is None or len(uid) > 256:
        uid = digest({name: value for name, value in native.items() if not name.startswith(_FORWARDERS)})
    return Identity(uid, moment)


def resource_of(fields: Fields) -> str | None:
    """The resource's id in small letters: half of Azure writes it in capitals."""
    found = fields.text("resourceid", "_resourceid", "resourceuri")
    return found.lower() if found else None


def subscription_of(fields: Fields) -> str | None:
    """The subscription's id in small letters."""
    found = fields.text("subscriptionid") or _matched(_SUBSCRIPTION, fields)
    return found.lower() if found else None


def tenant_of(fields: Fields, claims: dict[str, Any] | None = None) -> str | None:
    """The tenant's id in small letters."""
    claimed = text((claims or {}).get("http://schemas.microsoft.com/identity/claims/tenantid"))
    found = fields.text("tenantid", "aadtenantid") or claimed or _matched(_TENANT, fields)
    return found.lower() if found else None


def _matched(pattern: re.Pattern[str], fields: Fields) -> str | None:
    found = pattern.search((fields.text("resourceid", "_resourceid", "scope") or "")[:1024])
    return found[1] if found else None
