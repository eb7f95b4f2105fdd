"""Activity-log records and storage logs as OCSF."""

from __future__ import annotations

from typing import Any

from collectors.azure.record import Fields, resource_of, subscription_of, tenant_of, worded
from collectors.cloud_events import account, call, cloud_event, endpoint, verdict, web_request
from collectors.events import FAILURE, leftovers, metadata
from collectors.routes import API, DATASTORE, DELETE, READ, UPDATE, USER_ACCESS, Route, crud
from collectors.times import millis
from collectors.values import first_text, full, integer, mapping, some, text
from yunshao.model.event import Identity, Native, Ocsf

AZURE_SUBSCRIPTION, AZURE_BLOB = 13, 2
_SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_NAMES = (f"{_SOAP}upn", f"{_SOAP}emailaddress", f"{_SOAP}name", "upn", "unique_name", "preferred_username", "name")
_FAILED = ("fail", "error", "denied", "unauthorized", "forbidden", "cancel", "timeout", "reject", "blocked")
_DONE = ("succe", "ok", "resolved", "complete", "created")
_PRIVILEGED = (
    *("microsoft.authorization/", "microsoft.insights/diagnosticsettings", "microsoft.insights/logprofiles"),
    *("microsoft.security/", "microsoft.keyvault/", "microsoft.managedidentity/", "microsoft.aad"),
    *("microsoft.operationalinsights/", "microsoft.subscription/", "microsoft.recoveryservices/"),
)
_BLOBS = {"get": 1, "read": 1, "list": 8, "put": 5, "append": 5, "copy": 5, "set": 2, "delete": 7, "query": 4}
_MAPPED = frozenset(
    {
        "authorization", "caller", "calleripaddress", "category", "claims", "correlationid", "eventdataid",
        "eventtimestamp", "httprequest", "identity", "level", "location", "operationname", "operationversion",
        "resourceid", "resulttype", "resultsignature", "resultdescription", "status", "substatus", "subscriptionid",
        "submissiontimestamp", "tenantid", "time", "properties",
    }
)  # fmt: skip


def activity(native: Native, fields: Fields, identity: Identity) -> Ocsf:
    """Its OCSF form: a grant of rights, or API Activity."""
    operation = fields.text("operationnamevalue", "operationname") or "unknown"
    named = operation.lower()
    members = _members(native, fields, operation)
    routed = _granted(named, fields, members["actor"]) if members.get("status_id") != FAILURE else None
    does = crud_of(named)
    if routed is None and does != crud(operation):
        routed = Route(API, does), {}
    privileged = named.startswith(_PRIVILEGED) and does != READ
    return cloud_event(identity, _metadata(fields, identity), operation, members, routed, privileged=privileged)


def storage(native: Native, fields: Fields, identity: Identity) -> Ocsf:
    """Its OCSF form: Datastore Activity on the storage account."""
    operation = fields.text("operationname") or "unknown"
    members = _members(native, fields, operation)
    code = integer(fields.get("statuscode"))
    members.update(verdict(code is not None and code >= 400))
    held = fields.text("accountname") or "unknown"
    bucket = full({"name": held, "uid": resource_of(fields), "type_id": AZURE_BLOB, "type": "Azure Blob"}.items())
    verb = next((number for verb, number in _BLOBS.items() if operation.lower().startswith(verb)), 99)
    routed = Route(DATASTORE, verb), {"databucket": bucket}
    return cloud_event(identity, _metadata(fields, identity), operation, members, routed)


def crud_of(operation: str) -> int:
    """The activity of an operation such as `microsoft.compute/virtualmachines/listkeys/action`."""
    head, _, verb = operation.rpartition("/")
    if verb == "action":
        return READ if crud(head) == READ else UPDATE
    return {"read": READ, "delete": DELETE, "write": UPDATE}.get(verb, crud(operation))


def claims_of(fields: Fields) -> dict[str, Any]:
    """What the caller's token said."""
    return mapping(mapping(fields.get("identity")).get("claims")) or mapping(fields.get("claims", "claims_d"))


def _granted(named: str, fields: Fields, actor: dict[str, Any]) -> tuple[Route, dict[str, Any]] | None:
    if named.endswith("/elevateaccess/action") and "user" in actor:
        return Route(USER_ACCESS, 1), {"user": actor["user"], "privileges": ["User Access Administrator"]}
    if not named.endswith("/roleassignments/write"):
        return None
    body = mapping(fields.get("requestbody"))
    asked = mapping(body.get("Properties")) or mapping(body.get("properties")) or body
    held = {name.lower(): value for name, value in asked.items()}
    who, role = text(held.get("principalid")), text(held.get("roledefinitionid"))
    kind = text(held.get("principaltype"))
    user = full({"uid": who, "type": kind, "type_id": 99 if kind else None}.items())
    return (Route(USER_ACCESS, 1), {"user": user, "privileges": [role]}) if who and role else None


def _actor(fields: Fields, claims: dict[str, Any]) -> dict[str, Any]:
    name = first_text(fields.text("caller"), *(claims.get(each) for each in _NAMES))
    application = first_text(claims.get("appid"))
    identity = mapping(fields.get("identity"))
    uid = first_text(claims.get(_OBJECT), claims.get("oid"))
    by_application = claims.get("idtyp") == "app" or (name is None and application)
    kind = {"type_id": 4, "type": "Service"} if by_application else {"type_id": 1, "type": "User"}
    user = some(name=name or application, uid=uid)
    allowed = mapping(identity.get("authorization")) or mapping(fields.get("authorization", "authorization_d"))
    action = text(allowed.get("action"))
    actor = full(
        {
            "user": {**user, **kind} if user else None,
            "app_uid": application,
            "authorizations": [{"policy": {"name": action}}] if action else None,
        }.items()
    )
    return actor if "user" in actor or "app_uid" in actor else {"app_name": "Azure", **actor}


def _outcome(fields: Fields) -> tuple[dict[str, Any], str | None]:
    said = fields.text("status", "resulttype", "activitystatusvalue", "activitystatus", "resultsignature")
    code = fields.text("substatus", "activitysubstatusvalue", "resultsignature")
    number = integer(fields.get("statuscode"))
    word = (said or "").lower()
    if word.startswith(_FAILED) or (number is not None and number >= 400):
        return verdict(True), code or said
    if word.startswith(_DONE) or word == "0" or (not word and number is not None):
        return verdict(False), code
    return verdict(None, said), code


def _members(native: Native, fields: Fields, operation: str) -> dict[str, Any]:
    claims = claims_of(fields)
    outcome, code = _outcome(fields)
    request = mapping(fields.get("httprequest"))
    caller_ip = first_text(fields.text("calleripaddress"), request.get("clientIpAddress"), claims.get("ipaddr"))
    return {
        **outcome,
        "actor": _actor(fields, claims),
        "api": call(
            operation,
            operation.partition("/")[0] if "/" in operation else fields.text("resourceprovidername", "servicetype"),
            first_text(fields.text("correlationid"), request.get("clientRequestId")) or "",
            version=fields.text("operationversion"),
            request=fields.get("requestbody"),
            response={"error": code} if outcome.get("status_id") == FAILURE else None,
            answer=fields.get("responsebody"),
        ),
        "cloud": cloud_of(fields, claims),
        "src_endpoint": endpoint(caller_ip, "Azure"),
        "http_request": web_request(fields.text("useragentheader", "useragent"), text(request.get("method"))),
        "resources": _resources(fields),
        "status_code": code,
        "status_detail": fields.text("resultdescription", "statusmessage", "statustext", "description"),
        "unmapped": _unmapped(native),
    }


def cloud_of(fields: Fields, claims: dict[str, Any] | None = None) -> dict[str, Any]:
    """Provider, subscription, tenant and region."""
    return full(
        {
            "provider": "Azure",
            "account": account(subscription_of(fields), AZURE_SUBSCRIPTION, "Azure Subscription"),
            "org": some(uid=tenant_of(fields, claims)),
            "region": text(fields.outside.get("location")),
        }.items()
    )


def _resources(fields: Fields) -> list[dict[str, Any]]:
    uid = resource_of(fields)
    if uid is None:
        return []
    path = uid.rpartition("/providers/")[2] if "/providers/" in uid else ""
    parts = path.split("/")
    kind = worded(fields.get("resourcetype")) or ("/".join([parts[0], *parts[1::2]]) or None)
    return [full({"uid": uid, "name": uid.rpartition("/")[2] or None, "type": kind}.items())]


def _metadata(fields: Fields, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "Azure Monitor",
        "Microsoft",
        log_name=worded(fields.get("categoryvalue", "category")),
        log_level=fields.text("level"),
        correlation_uid=fields.text("correlationid"),
        logged_time=millis(fields.get("submissiontimestamp")),
        profiles=["cloud"],
    )


def _unmapped(native: Native) -> dict[str, Any] | None:
    rest = leftovers({name: value for name, value in native.items() if name.lower() not in _MAPPED}, frozenset()) or {}
    held = mapping(native.get("properties") or native.get("Properties") or native.get("Properties_d"))
    bodies = {"requestbody", "responsebody"}
    properties = {name: value for name, value in held.items() if name.lower() not in bodies and value not in (None, "")}
    return {**rest, **({"properties": properties} if properties else {})} or None
