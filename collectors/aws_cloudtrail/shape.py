"""Who, where from, on what: the parts of a CloudTrail record as OCSF objects."""

from __future__ import annotations

from typing import Any

from collectors.aws_cloudtrail.routes import (
    ACCOUNT_CHANGE,
    AUTHENTICATION,
    DATASTORE,
    ENTITY,
    GROUP,
    USER_ACCESS,
    Route,
)
from collectors.times import millis
from collectors.values import address, first_text, flag, full, mapping, objects, some, text
from yunshao.model.event import Native

SERVICE = "cloudtrail.amazonaws.com"
AWS_ACCOUNT = 10
_USER_TYPES = {
    "Root": 2,
    "IAMUser": 1,
    "AssumedRole": 1,
    "FederatedUser": 1,
    "SAMLUser": 1,
    "WebIdentityUser": 1,
    "IdentityCenterUser": 1,
    "Directory": 1,
    "AWSService": 4,
    "AWSAccount": 1,
    "Role": 1,
    "Unknown": 0,
}
_MAX_RESOURCES = 100


def cloud_of(native: Native) -> dict[str, Any]:
    """Provider, account and region."""
    identity = mapping(native.get("userIdentity"))
    account = first_text(native.get("recipientAccountId"), identity.get("accountId"))
    return full(
        {
            "provider": "AWS",
            "region": text(native.get("awsRegion")),
            "account": _account(account),
        }.items()
    )


def actor_of(native: Native, service: str) -> dict[str, Any]:
    """Who did it: a user with the session, or the service on whose behalf."""
    identity = mapping(native.get("userIdentity"))
    invoked_by = text(identity.get("invokedBy"))
    user = user_of(identity)
    actor = some(user=user, session=_session(native, identity), app_name=invoked_by)
    return actor or {"app_name": service or "unknown"}


def user_of(identity: dict[str, Any]) -> dict[str, Any] | None:
    """The user of a `userIdentity`, or None when it names nobody."""
    kind = text(identity.get("type"))
    issuer = mapping(mapping(identity.get("sessionContext")).get("sessionIssuer"))
    name = first_text(identity.get("userName"), issuer.get("userName"))
    if name is None and kind == "Root":
        name = "root"
    user = some(
        name=name,
        uid=first_text(identity.get("principalId"), identity.get("userId")),
        uid_alt=text(identity.get("arn")),
        account=_account(text(identity.get("accountId"))),
        programmatic_credentials=_credentials(identity),
    )
    if not user or not ("name" in user or "uid" in user or "account" in user):
        return None
    if kind:
        user["type"] = kind
        user["type_id"] = _USER_TYPES.get(kind, 99)
    return user


def endpoint_of(native: Native, service: str) -> dict[str, Any]:
    """Where it came from: an address, or the AWS service that called."""
    written = text(native.get("sourceIPAddress"))
    found = address(written)
    vpc = native.get("vpcEndpointId")
    if found:
        return full({"ip": found, "interface_uid": text(vpc)}.items())
    invoked_by = mapping(native.get("userIdentity")).get("invokedBy")
    return full({"svc_name": first_text(written, invoked_by, service) or "unknown", "interface_uid": text(vpc)}.items())


def resources_of(native: Native) -> list[dict[str, Any]]:
    """The resources that the record names."""
    found = []
    for held in objects(native.get("resources"), _MAX_RESOURCES):
        uid = first_text(held.get("ARN"), held.get("ARNPrefix"), held.get("arn"))
        if uid:
            account = _account(text(held.get("accountId")))
            owner = {"account": account} if account else None
            found.append(full({"uid": uid, "type": text(held.get("type")), "owner": owner}.items()))
    return found


def target_of(route: Route, native: Native) -> dict[str, Any] | None:
    """What the class of this route cannot do without; None when the record does not have it."""
    request = mapping(native.get("requestParameters"))
    named = text(request.get(route.target)) if route.target else None
    if route.class_uid == AUTHENTICATION:
        return _logon(native)
    if named is None and route.class_uid == ACCOUNT_CHANGE:
        user = user_of(mapping(native.get("userIdentity")))
        return {"user": user} if user else None
    if named is None:
        return None
    if route.class_uid == DATASTORE:
        return {"databucket": {"name": named, "uid": f"arn:aws:s3:::{named}", "type_id": 1, "type": "S3"}}
    return _identity_target(route.class_uid, named, request)


def _identity_target(class_uid: int, named: str, request: dict[str, Any]) -> dict[str, Any] | None:
    policy = first_text(request.get("policyArn"), request.get("policyName"))
    if class_uid == ACCOUNT_CHANGE:
        return full({"user": {"name": named}, "policies": [{"uid": policy}] if policy else None}.items())
    if class_uid == GROUP:
        user = text(request.get("userName"))
        privileges = [policy] if policy else None
        return full({"group": {"name": named}, "user": some(name=user), "privileges": privileges}.items())
    if class_uid == USER_ACCESS:
        return {"user": {"name": named, "type": "Role", "type_id": 99}, "privileges": [policy]} if policy else None
    return {"entity": {"name": named}} if class_uid == ENTITY else None


def _logon(native: Native) -> dict[str, Any] | None:
    user = user_of(mapping(native.get("userIdentity")))
    if user is None:
        return None
    extra = mapping(native.get("additionalEventData"))
    login_to = text(extra.get("LoginTo"))
    return full(
        {
            "user": user,
            "service": {"name": text(native.get("eventSource")) or "signin.amazonaws.com"},
            "is_mfa": flag(extra.get("MFAUsed")),
            "is_remote": True,
            "dst_endpoint": _host(login_to),
            "api": None,
        }.items()
    )


def _host(url: str | None) -> dict[str, Any] | None:
    host = (url or "").partition("://")[2].partition("/")[0].partition("?")[0]
    return {"hostname": host} if host else None


def _session(native: Native, identity: dict[str, Any]) -> dict[str, Any] | None:
    context = mapping(identity.get("sessionContext"))
    attributes = mapping(context.get("attributes"))
    issuer = mapping(context.get("sessionIssuer"))
    extra = mapping(native.get("additionalEventData"))
    return some(
        created_time=millis(attributes.get("creationDate")),
        is_mfa=_first_flag(attributes.get("mfaAuthenticated"), extra.get("MFAUsed")),
        issuer=text(issuer.get("arn")),
    )


def _first_flag(*values: Any) -> bool | None:
    return next((known for value in values if (known := flag(value)) is not None), None)


def _credentials(identity: dict[str, Any]) -> list[dict[str, Any]]:
    key = text(identity.get("accessKeyId"))
    return [{"uid": key, "type": "AWS access key"}] if key else []


def _account(uid: str | None) -> dict[str, Any] | None:
    return {"uid": uid, "type_id": AWS_ACCOUNT, "type": "AWS Account"} if uid else None
