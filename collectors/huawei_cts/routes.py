"""Which OCSF class and activity a trace of Huawei Cloud is, as data. New IAM adds `V5` to the old names."""

from __future__ import annotations

from collectors.routes import ACCOUNT_CHANGE, AUTHENTICATION, DATASTORE, ENTITY, GROUP, OTHER, USER_ACCESS, Route

_USER = ("user.name", "user_name", "name", "user_id", "user.id")
_GROUP = ("group.name", "group_name", "name", "group_id")
_AGENCY = ("agency.name", "agency_name", "name", "agency_id")
_ROLE = ("role_name", "policy_name", "role.display_name", "role_id", "policy_id")

IAM = {
    "login": Route(AUTHENTICATION, 1),
    "loginFailed": Route(AUTHENTICATION, 1),
    "scanQRCodeLogin": Route(AUTHENTICATION, 1),
    "oidcLoginSuccess": Route(AUTHENTICATION, 1),
    "oidcLoginFailed": Route(AUTHENTICATION, 1),
    "iamUserSsoLoginSuccess": Route(AUTHENTICATION, 1),
    "iamUserSsoLoginFailed": Route(AUTHENTICATION, 1),
    "samlLoginSuccess": Route(AUTHENTICATION, 1),
    "logout": Route(AUTHENTICATION, 2),
    "switchRole": Route(AUTHENTICATION, 7),
    "createUser": Route(ACCOUNT_CHANGE, 1, _USER),
    "updateUser": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "deleteUser": Route(ACCOUNT_CHANGE, 6, _USER),
    "changePassword": Route(ACCOUNT_CHANGE, 3, _USER),
    "updateUserPwd": Route(ACCOUNT_CHANGE, 3, _USER),
    "setPasswordByAdmin": Route(ACCOUNT_CHANGE, 4, _USER),
    "fpwdResetSuccess": Route(ACCOUNT_CHANGE, 4, _USER),
    "addCredential": Route(ACCOUNT_CHANGE, OTHER, ("credential.user_id", *_USER)),
    "deleteCredential": Route(ACCOUNT_CHANGE, OTHER, ("credential.user_id", *_USER)),
    "createAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "deleteAccessKey": Route(ACCOUNT_CHANGE, OTHER, _USER),
    "registerMfa": Route(ACCOUNT_CHANGE, 10, _USER),
    "bindMfa": Route(ACCOUNT_CHANGE, 10, _USER),
    "unRegisterMfa": Route(ACCOUNT_CHANGE, 11, _USER),
    "unbindMfa": Route(ACCOUNT_CHANGE, 11, _USER),
    "disableMfa": Route(ACCOUNT_CHANGE, 11, _USER),
    "createUserGroup": Route(GROUP, 6, _GROUP),
    "createGroup": Route(GROUP, 6, _GROUP),
    "deleteUserGroup": Route(GROUP, 5, _GROUP),
    "deleteGroup": Route(GROUP, 5, _GROUP),
    "addUserToGroup": Route(GROUP, 3, _GROUP, (), _USER),
    "removeUserFromGroup": Route(GROUP, 4, _GROUP, (), _USER),
    "assignRoleToGroup": Route(GROUP, 1, _GROUP, _ROLE),
    "attachGroupPolicy": Route(GROUP, 1, _GROUP, _ROLE),
    "assignRoleToAgency": Route(USER_ACCESS, 1, _AGENCY, _ROLE),
    "attachAgencyPolicy": Route(USER_ACCESS, 1, _AGENCY, _ROLE),
    "detachAgencyPolicy": Route(USER_ACCESS, 2, _AGENCY, _ROLE),
    "assignRoleToUser": Route(USER_ACCESS, 1, _USER, _ROLE),
    "attachUserPolicy": Route(ACCOUNT_CHANGE, 7, _USER, _ROLE),
    "detachUserPolicy": Route(ACCOUNT_CHANGE, 8, _USER, _ROLE),
    "createAgency": Route(ENTITY, 1, _AGENCY),
    "updateAgency": Route(ENTITY, 3, _AGENCY),
    "deleteAgency": Route(ENTITY, 4, _AGENCY),
    "updateTrustPolicy": Route(ENTITY, 3, _AGENCY),
    "createIdentityProvider": Route(ENTITY, 1, ("id", "name")),
    "updateIdentityProvider": Route(ENTITY, 3, ("id", "name")),
    "deleteIdentityProvider": Route(ENTITY, 4, ("id", "name")),
    "createRole": Route(ENTITY, 1, ("role.display_name", "display_name", "name")),
    "createPolicy": Route(ENTITY, 1, ("policy_name", "name")),
}
OBS = {
    "getObject": Route(DATASTORE, 1),
    "headObject": Route(DATASTORE, 1),
    "listObjects": Route(DATASTORE, 8),
    "putObject": Route(DATASTORE, 5),
    "postObject": Route(DATASTORE, 5),
    "copyObject": Route(DATASTORE, 5),
    "deleteObject": Route(DATASTORE, 7),
    "deleteObjects": Route(DATASTORE, 7),
}
PRIVILEGED_SERVICES = frozenset(
    {"iam", "cts", "kms", "dew", "csms", "hss", "secmaster", "organizations", "rms", "config", "identitycenter"}
)


def route_of(service: str, operation: str) -> Route | None:
    """The route of a trace, by its service and name, in the old and the new spelling."""
    table = {"iam": IAM, "identitycenter": IAM, "obs": OBS}.get(service.lower())
    return (table.get(operation) or table.get(operation.removesuffix("V5"))) if table else None
