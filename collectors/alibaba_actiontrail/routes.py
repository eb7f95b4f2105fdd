"""Which OCSF class and activity an operation of Alibaba Cloud is, as data."""

from __future__ import annotations

from collectors.routes import ACCOUNT_CHANGE, AUTHENTICATION, DATASTORE, ENTITY, GROUP, OTHER, USER_ACCESS, Route

_USER = ("UserName", "UserPrincipalName", "LoginName")
_GROUP = ("GroupName",)
_ROLE = ("RoleName",)
_POLICY = ("PolicyName",)

SIGNIN = {
    "ConsoleSignin": Route(AUTHENTICATION, 1),
    "ConsoleSignout": Route(AUTHENTICATION, 2),
    "SwitchRole": Route(AUTHENTICATION, 7),
}
RAM = {
    "CreateUser": Route(ACCOUNT_CHANGE, 1, _USER),
    "DeleteUser": Route(ACCOUNT_CHANGE, 6, _USER),
    "UpdateUser": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "CreateLoginProfile": Route(ACCOUNT_CHANGE, 2, _USER),
    "UpdateLoginProfile": Route(ACCOUNT_CHANGE, 4, _USER),
    "DeleteLoginProfile": Route(ACCOUNT_CHANGE, 5, _USER),
    "ChangePassword": Route(ACCOUNT_CHANGE, 3, _USER),
    "CreateAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "UpdateAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "DeleteAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "AttachPolicyToUser": Route(ACCOUNT_CHANGE, 7, _USER, _POLICY),
    "DetachPolicyFromUser": Route(ACCOUNT_CHANGE, 8, _USER, _POLICY),
    "BindMFADevice": Route(ACCOUNT_CHANGE, 10, _USER),
    "UnbindMFADevice": Route(ACCOUNT_CHANGE, 11, _USER),
    "DisableVirtualMFA": Route(ACCOUNT_CHANGE, 11, _USER),
    "AttachPolicyToGroup": Route(GROUP, 1, _GROUP, _POLICY),
    "DetachPolicyFromGroup": Route(GROUP, 2, _GROUP, _POLICY),
    "AddUserToGroup": Route(GROUP, 3, _GROUP, (), _USER),
    "RemoveUserFromGroup": Route(GROUP, 4, _GROUP, (), _USER),
    "DeleteGroup": Route(GROUP, 5, _GROUP),
    "CreateGroup": Route(GROUP, 6, _GROUP),
    "AttachPolicyToRole": Route(USER_ACCESS, 1, _ROLE, _POLICY),
    "DetachPolicyFromRole": Route(USER_ACCESS, 2, _ROLE, _POLICY),
    "AttachPolicy": Route(USER_ACCESS, 1, ("PrincipalName",), _POLICY),
    "DetachPolicy": Route(USER_ACCESS, 2, ("PrincipalName",), _POLICY),
    "CreateRole": Route(ENTITY, 1, _ROLE),
    "UpdateRole": Route(ENTITY, 3, _ROLE),
    "DeleteRole": Route(ENTITY, 4, _ROLE),
    "CreatePolicy": Route(ENTITY, 1, _POLICY),
    "CreatePolicyVersion": Route(ENTITY, 3, _POLICY),
    "SetDefaultPolicyVersion": Route(ENTITY, 3, _POLICY),
    "DeletePolicy": Route(ENTITY, 4, _POLICY),
    "CreateSAMLProvider": Route(ENTITY, 1, ("SAMLProviderName",)),
    "UpdateSAMLProvider": Route(ENTITY, 3, ("SAMLProviderName",)),
    "DeleteSAMLProvider": Route(ENTITY, 4, ("SAMLProviderName",)),
}
OSS = {
    "GetObject": Route(DATASTORE, 1),
    "HeadObject": Route(DATASTORE, 1),
    "SelectObject": Route(DATASTORE, 4),
    "ListObjects": Route(DATASTORE, 8),
    "ListObjectsV2": Route(DATASTORE, 8),
    "PutObject": Route(DATASTORE, 5),
    "PostObject": Route(DATASTORE, 5),
    "CopyObject": Route(DATASTORE, 5),
    "AppendObject": Route(DATASTORE, 5),
    "PutObjectACL": Route(DATASTORE, 2),
    "DeleteObject": Route(DATASTORE, 7),
    "DeleteMultipleObjects": Route(DATASTORE, 7),
}
BY_SERVICE = {"ram": RAM, "ims": RAM, "resourcemanager": RAM, "oss": OSS}
PRIVILEGED_SERVICES = frozenset(
    {"ram", "ims", "resourcemanager", "actiontrail", "kms", "config", "sas", "cloudsso", "sts", "oos"}
)


def route_of(service: str, operation: str, event_type: str) -> Route | None:
    """The route of an operation, by what kind of event it is, its service and its name."""
    if event_type in SIGNIN or operation in SIGNIN:
        return SIGNIN.get(event_type) or SIGNIN[operation]
    return BY_SERVICE.get(service.lower(), {}).get(operation)
