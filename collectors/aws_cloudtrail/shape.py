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


def cloud_of(native: Native, identity: dict[str, Any]) -> dict[str, Any]:
    """Provider, account and region."""
    cloud: dict[str, Any] = {"provider": "AWS"}
    if region := text(native.get("awsRegion")):
        cloud["region"] = region
    if account := text(native.get("recipientAccountId")) or text(identity.get("accountId")):
        cloud["account"] = _account(account)
    return cloud


def actor_of(native: Native, identity: dict[str, Any], service: str) -> dict[str, Any]:
    """Who did it: a user with the session, or the service on whose behalf."""
    actor: dict[str, Any] = {}
    context = mapping(identity.get("sessionContext"))
    issuer = mapping(context.get("sessionIssuer"))
    if user := _user(identity, issuer):
        actor["user"] = user
    if session := _session(native, context, issuer):
        actor["session"] = session
    if invoked_by := text(identity.get("invokedBy")):
        actor["app_name"] = invoked_by
    return actor or {"app_name": service or "unknown"}


def user_of(identity: dict[str, Any]) -> dict[str, Any] | None:
    """The user of a `userIdentity`, or None when it names nobody."""
    return _user(identity, mapping(mapping(identity.get("sessionContext")).get("sessionIssuer")))


def _user(identity: dict[str, Any], issuer: dict[str, Any]) -> dict[str, Any] | None:
    # One is made for each event of a busy source: members are asked for one by one, without a table of them.
    get = identity.get
    kind = text(get("type"))
    user: dict[str, Any] = {}
    if name := text(get("userName")) or text(issuer.get("userName")) or ("root" if kind == "Root" else None):
        user["name"] = name
    if uid := text(get("principalId")) or text(get("userId")):
        user["uid"] = uid
    if arn := text(get("arn")):
        user["uid_alt"] = arn
    if account := text(get("accountId")):
        user["account"] = _account(account)
    if not ("name" in user or "uid" in user or "account" in user):
        return None
    if key := text(get("accessKeyId")):
        user["programmatic_credentials"] = [{"uid": key, "type": "AWS access key"}]
    if kind:
        user["type"] = kind
        user["type_id"] = _USER_TYPES.get(kind, 99)
    return user


def endpoint_of(native: Native, identity: dict[str, Any], service: str) -> dict[str, Any]:
    """Where it came from: an address, or the AWS service that called."""
    written = text(native.get("sourceIPAddress"))
    found = address(written)
    if found:
        endpoint = {"ip": found}
    else:
        endpoint = {"svc_name": first_text(written, identity.get("invokedBy"), service) or "unknown"}
    if vpc := text(native.get("vpcEndpointId")):
        endpoint["interface_uid"] = vpc
    return endpoint


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


def _session(native: Native, context: dict[str, Any], issuer: dict[str, Any]) -> dict[str, Any]:
    attributes = mapping(context.get("attributes"))
    session: dict[str, Any] = {}
    if (created := millis(attributes.get("creationDate"))) is not None:
        session["created_time"] = created
    known = flag(attributes.get("mfaAuthenticated"))
    if known is None:
        known = flag(mapping(native.get("additionalEventData")).get("MFAUsed"))
    if known is not None:
        session["is_mfa"] = known
    if arn := text(issuer.get("arn")):
        session["issuer"] = arn
    return session


def _account(uid: str | None) -> dict[str, Any] | None:
    return {"uid": uid, "type_id": AWS_ACCOUNT, "type": "AWS Account"} if uid else None
