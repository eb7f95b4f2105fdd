"""Where the fields that rules on Azure, Entra and Google Cloud name stand, and what must be put together for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from yunshao.model.event import Native

Paths = tuple[str, ...]

_PROTOCOLS = {"deviceCode": "Device Code", "ropc": "ROPC"}
_VERSION = re.compile(r"(?:v[0-9]\w*|alpha|beta)\.")
_ADMIN = re.compile(r"google\.iam\.admin\.v1\.([A-Z][a-z]+)([A-Z]\w+)\Z")
_SAID = "(status)"
_ALIASES = {"google.privacy.dlp.v2.DlpService.ReidentifyContent": "projects.content.reidentify"}


def _held(name: str, *others: str) -> Paths:
    """A member of an Entra record: within `properties`, outside, and with the capital of Log Analytics."""
    capital = name[0].upper() + name[1:]
    return (f"properties.{name}", name, capital, *others)


def _target(path: str) -> Paths:
    return tuple(f"{head}{path}" for head in ("properties.targetResources", "targetResources", "TargetResources"))


_AUDIT: Mapping[str, Paths] = {
    "ActivityDisplayName": _held("activityDisplayName", "operationName", "OperationName"),
    "ActivityType": _held("activityDisplayName", "operationName", "OperationName"),
    "activityType": _held("activityDisplayName", "operationName", "OperationName"),
    "Status": (_SAID,),
    "status": (_SAID,),
    "LoggedByService": _held("loggedByService"),
    "loggedByService": _held("loggedByService"),
    "TargetResources": _held("targetResources"),
    "targetResources": _held("targetResources"),
    "properties.targetResources": _held("targetResources"),
    "Target": _held("targetResources"),
    "targetResources.type": _target(".type"),
    "TargetResources.type": _target(".type"),
    "TargetResources.modifiedProperties": _target(".modifiedProperties"),
    "TargetResources.ModifiedProperties": _target(".modifiedProperties"),
    "TargetResources.ModifiedProperties.DisplayName": _target(".modifiedProperties.displayName"),
    "TargetResources.ModifiedProperties.NewValue": _target(".modifiedProperties.newValue"),
    "TargetResources.modifiedProperties.newValue": _target(".modifiedProperties.newValue"),
    "TargetResources.modifiedProperties.displayName": _target(".modifiedProperties.displayName"),
    "properties.targetResources.type": _target(".type"),
    "properties.targetResources.displayName": _target(".displayName"),
    "properties.targetResources.userPrincipalName": _target(".userPrincipalName"),
    "properties.targetResources.modifiedProperties.displayName": _target(".modifiedProperties.displayName"),
    "properties.targetResources.modifiedProperties.newValue": _target(".modifiedProperties.newValue"),
    "properties.targetResources.modifiedProperties.oldValue": _target(".modifiedProperties.oldValue"),
    "properties.result": _held("result", "resultType"),
    "Initiatedby": _held("initiatedBy"),
    "properties.initiatedBy": _held("initiatedBy"),
    "properties.initiatedBy.user.userPrincipalName": (
        *("properties.initiatedBy.user.userPrincipalName", "initiatedBy.user.userPrincipalName"),
        *("InitiatedBy.user.userPrincipalName", "properties.initiatedBy.app.displayName"),
        *("initiatedBy.app.displayName", "InitiatedBy.app.displayName"),
    ),
    "Initiatied.By": _held("initiatedBy.user.userPrincipalName"),
    "additionalDetails.additionalInfo": _held("additionalDetails"),
    "failure_status_reason": _held("resultReason", "resultDescription"),
}
_SIGNIN: Mapping[str, Paths] = {
    "ResultType": ("resultType", "properties.status.errorCode", "status.errorCode", "ResultType", "Status.errorCode"),
    "resultType": ("resultType", "properties.status.errorCode", "status.errorCode", "ResultType", "Status.errorCode"),
    "ResultDescription": _held("status.failureReason", "resultDescription", "ResultDescription"),
    "Resultdescription": _held("status.failureReason", "resultDescription", "ResultDescription"),
    "AuthenticationRequirement": _held("authenticationRequirement"),
    "properties.authenticationRequirement": _held("authenticationRequirement"),
    "authenticationProtocol": _held("authenticationProtocol"),
    "location": ("properties.location.countryOrRegion", "location.countryOrRegion", "location", "Location"),
    "Location": ("properties.location.countryOrRegion", "location.countryOrRegion", "location", "Location"),
    "userAgent": _held("userAgent"),
    "callerIpAddress": _held("ipAddress", "callerIpAddress", "IPAddress"),
    "IPaddress": _held("ipAddress", "callerIpAddress", "IPAddress"),
    "properties.ipAddress": _held("ipAddress", "callerIpAddress", "IPAddress"),
    "DeviceDetail.trusttype": _held("deviceDetail.trustType"),
    "DeviceDetail.deviceId": _held("deviceDetail.deviceId"),
    "DeviceDetail.isCompliant": _held("deviceDetail.isCompliant"),
    "properties.deviceDetail.deviceId": _held("deviceDetail.deviceId"),
    "DeviceInfo": _held("deviceDetail"),
    "RiskState": _held("riskState"),
    "riskEventType": _held("riskEventType", "properties.riskEventTypes", "riskEventTypes", "riskEventTypes_v2"),
    "ResourceDisplayName": _held("resourceDisplayName"),
    "conditionalAccessStatus": _held("conditionalAccessStatus"),
    "ClientApp": _held("clientAppUsed"),
    "properties.clientAppUsed": _held("clientAppUsed"),
    "Username": _held("userPrincipalName"),
    "properties.userPrincipalName": _held(
        "userPrincipalName", "properties.servicePrincipalName", "servicePrincipalName"
    ),
    "properties.appDisplayName": _held("appDisplayName"),
    "properties.appId": _held("appId"),
    "homeTenantId": _held("homeTenantId"),
    "resourceTenantId": _held("resourceTenantId"),
    "NetworkLocationDetails": _held("networkLocationDetails"),
    "OperationName": ("operationName", "OperationName", "properties.activityDisplayName", "activityDisplayName"),
    "Category": ("properties.category", "category", "Category"),
}
_OPERATION = ("operationName.value", "operationName", "OperationNameValue", "OperationName", "activityDisplayName")
_ACTIVITY: Mapping[str, Paths] = {
    "operationName": _OPERATION,
    "OperationNameValue": ("operationName.value", "OperationNameValue", "operationName"),
    "OperationName": ("OperationName", "operationName.localizedValue", "operationName", "activityDisplayName"),
    "CategoryValue": ("category.value", "CategoryValue", "category"),
    "Category": ("properties.category", "Category", "category.value", "category"),
    "category": ("category.value", "properties.category", "category", "Category"),
    "ResourceProviderValue": ("resourceProviderName.value", "resourceProviderName", "ResourceProviderValue"),
    "ResourceId": ("resourceId", "ResourceId", "_ResourceId"),
    "resourceId": ("resourceId", "ResourceId", "_ResourceId"),
    "callerIpAddress": ("callerIpAddress", "httpRequest.clientIpAddress", "CallerIpAddress", "claims.ipaddr"),
    "caller": ("caller", "Caller", "identity.claims.name", "claims.name"),
    "subscriptionId": ("subscriptionId", "SubscriptionId"),
    "properties.requestbody": ("properties.requestbody", "Properties.requestbody", "Properties_d.requestbody"),
}

NATIVE: Mapping[str, Mapping[str, Paths]] = {
    "azure.activity": {**_SIGNIN, **_AUDIT, **_ACTIVITY},
    "azure.signin": {**_AUDIT, **_SIGNIN},
    "gcp.audit": {
        "gcp.audit.service_name": ("protoPayload.serviceName",),
        "data.protoPayload.authorizationInfo.permission": ("protoPayload.authorizationInfo.permission",),
        "data.protoPayload.authorizationInfo.granted": ("protoPayload.authorizationInfo.granted",),
        "data.protoPayload.serviceName": ("protoPayload.serviceName",),
        "data.protoPayload.methodName": ("protoPayload.methodName",),
        "data.protoPayload.resource.type": ("resource.type",),
        "protoPayload.Servicename": ("protoPayload.serviceName",),
        "eventService": ("protoPayload.serviceName",),
        "eventName": ("protoPayload.metadata.event.eventName", "protoPayload.methodName"),
        "setting_name": ("protoPayload.metadata.event.parameter.value",),
        "new_value": ("protoPayload.metadata.event.parameter.value",),
    },
}


def azure_view(native: Native) -> Native:
    """With `status` in every word that Azure has for it, and what Entra says only in changed properties or codes."""
    properties = _map(native.get("properties"))
    words = list(_outcomes(native, properties))
    view = {**native, _SAID: words} if words else dict(native)
    message = _first(
        properties.get("message"), properties.get("activityDisplayName"), native.get("activityDisplayName")
    )
    operation = native.get("operationName")
    localized = _map(operation).get("localizedValue")
    protocol = _first(properties.get("authenticationProtocol"), native.get("authenticationProtocol"))
    spoken = _PROTOCOLS.get(protocol) if isinstance(protocol, str) else None
    said = [each for each in (message, localized, None if message or localized else operation, spoken) if each]
    view["properties.message"] = said
    if operation == "Sign-in activity" or "createdDateTime" in native:
        view["ActivityDetails"] = "Sign-ins"
    for name, value in _changes(properties.get("targetResources", native.get("targetResources"))):
        view.setdefault(name, value)
    return view


def _outcomes(native: Native, properties: Native) -> Iterator[Any]:
    status = _first(properties.get("status"), native.get("status"), native.get("Status"))
    held = _map(status)
    code = _first(held.get("errorCode"), native.get("resultType"))
    if str(code) == "0":
        yield "Success"
    elif isinstance(code, int) or (isinstance(code, str) and code.isdecimal()):
        yield "Failure"
    for each in (
        *(None if held else status, held.get("value"), held.get("failureReason"), held.get("additionalDetails")),
        *(native.get("resultType"), native.get("ActivityStatusValue"), native.get("ActivityStatus")),
        *(properties.get("result"), native.get("result"), native.get("Result")),
    ):
        if isinstance(each, str | int) and each != "":
            yield each


def _changes(targets: Any) -> Iterator[tuple[str, str]]:
    """The changed properties with a dot in their name (`ConsentContext.IsAdminConsent`), without their quotes."""
    for target in targets[:20] if isinstance(targets, list) else ():
        changed = _map(target).get("modifiedProperties")
        for each in changed[:50] if isinstance(changed, list) else ():
            name, value = _map(each).get("displayName"), _map(each).get("newValue")
            if isinstance(name, str) and "." in name and isinstance(value, str):
                yield name, value.strip('"')


def gcp_view(native: Native) -> Native:
    """With the method under every name that rules have for it, and the kind of the log without its project."""
    method = _map(native.get("protoPayload")).get("methodName")
    log = native.get("logName")
    view = dict(native)
    if isinstance(method, str):
        view["gcp.audit.method_name"] = _spellings(method[:256])
    if isinstance(log, str):
        view["data.protoPayload.logName"] = [log, log.rpartition("/logs/")[2]]
    return view


@lru_cache(maxsize=4096)
def _spellings(method: str) -> list[str]:
    """The method, without and with a version, and as the service's own documentation names it."""
    found = [method]
    version = _VERSION.match(method)
    if version:
        bare = method[version.end() :]
        found += [bare, f"v1.{bare}"]
    administered = _ADMIN.match(method)
    if administered:
        verb, noun = administered.groups()
        found.append(f"iam.{noun[0].lower()}{noun[1:]}s.{verb.lower()}")
    if method in _ALIASES:
        found.append(_ALIASES[method])
    return found


def _map(value: Any) -> Native:
    return value if isinstance(value, dict) else {}


def _first(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)
