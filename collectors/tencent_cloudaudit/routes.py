"""Which OCSF class and activity an operation of Tencent Cloud is, as data."""

from __future__ import annotations

from collectors.routes import ACCOUNT_CHANGE, AUTHENTICATION, DATASTORE, ENTITY, GROUP, OTHER, USER_ACCESS, Route

_USER = ("Name", "UserName", "TargetUin", "Uin", "AttachUin", "DetachUin", "SubUin", "OpUin")
_GROUP = ("GroupName", "GroupId", "AttachGroupId", "DetachGroupId", "Info.0.GroupId")
_ROLE = ("RoleName", "AttachRoleName", "DetachRoleName", "RoleId", "AttachRoleId", "DetachRoleId")
_POLICY = ("PolicyName", "PolicyId")

CAM = {
    "AddUser": Route(ACCOUNT_CHANGE, 1, _USER),
    "AddSubAccount": Route(ACCOUNT_CHANGE, 1, _USER),
    "CreateUser": Route(ACCOUNT_CHANGE, 1, _USER),
    "CreateSubAccount": Route(ACCOUNT_CHANGE, 1, _USER),
    "UpdateUser": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "DeleteUser": Route(ACCOUNT_CHANGE, 6, _USER),
    "CreateAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "UpdateAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "DeleteAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "CreateApiKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "SetMfaFlag": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "AttachUserPolicy": Route(ACCOUNT_CHANGE, 7, _USER, _POLICY),
    "DetachUserPolicy": Route(ACCOUNT_CHANGE, 8, _USER, _POLICY),
    "AttachUserPolicies": Route(ACCOUNT_CHANGE, 7, _USER, _POLICY),
    "AttachGroupPolicy": Route(GROUP, 1, _GROUP, _POLICY),
    "DetachGroupPolicy": Route(GROUP, 2, _GROUP, _POLICY),
    "AddUserToGroup": Route(GROUP, 3, _GROUP, (), _USER),
    "RemoveUserFromGroup": Route(GROUP, 4, _GROUP, (), _USER),
    "DeleteGroup": Route(GROUP, 5, _GROUP),
    "CreateGroup": Route(GROUP, 6, _GROUP),
    "AttachRolePolicy": Route(USER_ACCESS, 1, _ROLE, _POLICY),
    "DetachRolePolicy": Route(USER_ACCESS, 2, _ROLE, _POLICY),
    "CreateRole": Route(ENTITY, 1, _ROLE),
    "UpdateAssumeRolePolicy": Route(ENTITY, 3, _ROLE),
    "DeleteRole": Route(ENTITY, 4, _ROLE),
    "CreatePolicy": Route(ENTITY, 1, _POLICY),
    "UpdatePolicy": Route(ENTITY, 3, _POLICY),
    "DeletePolicy": Route(ENTITY, 4, _POLICY),
    "CreateSAMLProvider": Route(ENTITY, 1, ("Name",)),
    "UpdateSAMLProvider": Route(ENTITY, 3, ("Name",)),
}
LOGIN = {
    "ConsoleLogin": Route(AUTHENTICATION, 1),
    "Login": Route(AUTHENTICATION, 1),
    "Logout": Route(AUTHENTICATION, 2),
    "ConsoleLogout": Route(AUTHENTICATION, 2),
}
COS = {
    "GetObject": Route(DATASTORE, 1),
    "HeadObject": Route(DATASTORE, 1),
    "GetBucket": Route(DATASTORE, 8),
    "ListObjects": Route(DATASTORE, 8),
    "PutObject": Route(DATASTORE, 5),
    "PostObject": Route(DATASTORE, 5),
    "PutObjectCopy": Route(DATASTORE, 5),
    "PutObjectACL": Route(DATASTORE, 2),
    "DeleteObject": Route(DATASTORE, 7),
    "DeleteMultipleObjects": Route(DATASTORE, 7),
}
PRIVILEGED_SERVICES = frozenset({"cam", "sts", "cloudaudit", "kms", "ssm", "organization", "cwp", "csip", "account"})


def route_of(service: str, operation: str) -> Route | None:
    """The route of an operation, by its service and name."""
    if operation in LOGIN:
        return LOGIN[operation]
    return {"cam": CAM, "cos": COS}.get(service, {}).get(operation)
