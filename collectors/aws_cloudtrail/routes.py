"""Which OCSF class and activity an AWS operation is, as data."""

from __future__ import annotations

from typing import NamedTuple

ACCOUNT_CHANGE, AUTHENTICATION, ENTITY, USER_ACCESS, GROUP, API, DATASTORE = 3001, 3002, 3004, 3005, 3006, 6003, 6005
CREATE, READ, UPDATE, DELETE = 1, 2, 3, 4
OTHER = 99


class Route(NamedTuple):
    """A class, its activity, and the request parameter that names the target."""

    class_uid: int
    activity_id: int
    target: str = ""


SIGNIN = {
    "ConsoleLogin": Route(AUTHENTICATION, 1),
    "CredentialVerification": Route(AUTHENTICATION, 6),
    "UserAuthentication": Route(AUTHENTICATION, 1),
    "SwitchRole": Route(AUTHENTICATION, 7),
    "ExitRole": Route(AUTHENTICATION, 7),
    "Logout": Route(AUTHENTICATION, 2),
}
IAM = {
    "CreateUser": Route(ACCOUNT_CHANGE, 1, "userName"),
    "DeleteUser": Route(ACCOUNT_CHANGE, 6, "userName"),
    "CreateLoginProfile": Route(ACCOUNT_CHANGE, 2, "userName"),
    "DeleteLoginProfile": Route(ACCOUNT_CHANGE, 5, "userName"),
    "UpdateLoginProfile": Route(ACCOUNT_CHANGE, 4, "userName"),
    "ChangePassword": Route(ACCOUNT_CHANGE, 3, "userName"),
    "AttachUserPolicy": Route(ACCOUNT_CHANGE, 7, "userName"),
    "PutUserPolicy": Route(ACCOUNT_CHANGE, 7, "userName"),
    "DetachUserPolicy": Route(ACCOUNT_CHANGE, 8, "userName"),
    "DeleteUserPolicy": Route(ACCOUNT_CHANGE, 8, "userName"),
    "EnableMFADevice": Route(ACCOUNT_CHANGE, 10, "userName"),
    "DeactivateMFADevice": Route(ACCOUNT_CHANGE, 11, "userName"),
    "CreateAccessKey": Route(ACCOUNT_CHANGE, 99, "userName"),
    "UpdateAccessKey": Route(ACCOUNT_CHANGE, 99, "userName"),
    "DeleteAccessKey": Route(ACCOUNT_CHANGE, 99, "userName"),
    "AddUserToGroup": Route(GROUP, 3, "groupName"),
    "RemoveUserFromGroup": Route(GROUP, 4, "groupName"),
    "CreateGroup": Route(GROUP, 6, "groupName"),
    "DeleteGroup": Route(GROUP, 5, "groupName"),
    "AttachGroupPolicy": Route(GROUP, 1, "groupName"),
    "PutGroupPolicy": Route(GROUP, 1, "groupName"),
    "DetachGroupPolicy": Route(GROUP, 2, "groupName"),
    "DeleteGroupPolicy": Route(GROUP, 2, "groupName"),
    "AttachRolePolicy": Route(USER_ACCESS, 1, "roleName"),
    "PutRolePolicy": Route(USER_ACCESS, 1, "roleName"),
    "DetachRolePolicy": Route(USER_ACCESS, 2, "roleName"),
    "DeleteRolePolicy": Route(USER_ACCESS, 2, "roleName"),
    "CreateRole": Route(ENTITY, 1, "roleName"),
    "DeleteRole": Route(ENTITY, 4, "roleName"),
    "UpdateRole": Route(ENTITY, 3, "roleName"),
    "UpdateAssumeRolePolicy": Route(ENTITY, 3, "roleName"),
    "CreatePolicy": Route(ENTITY, 1, "policyName"),
    "DeletePolicy": Route(ENTITY, 4, "policyArn"),
    "CreatePolicyVersion": Route(ENTITY, 3, "policyArn"),
    "SetDefaultPolicyVersion": Route(ENTITY, 3, "policyArn"),
    "CreateSAMLProvider": Route(ENTITY, 1, "name"),
    "UpdateSAMLProvider": Route(ENTITY, 3, "sAMLProviderArn"),
    "DeleteSAMLProvider": Route(ENTITY, 4, "sAMLProviderArn"),
    "CreateOpenIDConnectProvider": Route(ENTITY, 1, "url"),
    "DeleteOpenIDConnectProvider": Route(ENTITY, 4, "openIDConnectProviderArn"),
}
ORGANIZATIONS = {
    "CreateAccount": Route(ENTITY, 1, "accountName"),
    "CloseAccount": Route(ENTITY, 4, "accountId"),
    "CreatePolicy": Route(ENTITY, 1, "name"),
    "UpdatePolicy": Route(ENTITY, 3, "policyId"),
    "DeletePolicy": Route(ENTITY, 4, "policyId"),
    "InviteAccountToOrganization": Route(ENTITY, 6, "target"),
    "RemoveAccountFromOrganization": Route(ENTITY, 7, "accountId"),
    "MoveAccount": Route(ENTITY, 5, "accountId"),
}
S3 = {
    "GetObject": Route(DATASTORE, 1, "bucketName"),
    "HeadObject": Route(DATASTORE, 1, "bucketName"),
    "SelectObjectContent": Route(DATASTORE, 4, "bucketName"),
    "ListObjects": Route(DATASTORE, 8, "bucketName"),
    "ListObjectsV2": Route(DATASTORE, 8, "bucketName"),
    "ListObjectVersions": Route(DATASTORE, 8, "bucketName"),
    "PutObject": Route(DATASTORE, 5, "bucketName"),
    "CopyObject": Route(DATASTORE, 5, "bucketName"),
    "CompleteMultipartUpload": Route(DATASTORE, 5, "bucketName"),
    "RestoreObject": Route(DATASTORE, 2, "bucketName"),
    "PutObjectAcl": Route(DATASTORE, 2, "bucketName"),
    "DeleteObject": Route(DATASTORE, 7, "bucketName"),
    "DeleteObjects": Route(DATASTORE, 7, "bucketName"),
}
BY_SERVICE = {
    "iam.amazonaws.com": IAM,
    "signin.amazonaws.com": SIGNIN,
    "sso.amazonaws.com": SIGNIN,
    "organizations.amazonaws.com": ORGANIZATIONS,
    "s3.amazonaws.com": S3,
}
PRIVILEGED_SERVICES = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        *("iam", "organizations", "sso", "sso-directory", "identitystore", "cloudtrail", "config", "guardduty"),
        *("kms", "securityhub", "access-analyzer", "rolesanywhere", "secretsmanager"),
    )
)
CREATES = ("Create", "Run", "Allocate", "Add", "Register", "Import", "Put", "Request", "Invite", "Issue")
READS = ("Get", "List", "Describe", "Lookup", "Head", "Query", "Check", "BatchGet", "Search", "Scan", "Select")
DELETES = ("Delete", "Remove", "Terminate", "Release", "Revoke", "Detach", "Deregister", "Disassociate")


def crud(operation: str, read_only: bool | None) -> int:
    """Create 1, Read 2, Update 3 or Delete 4, from the provider's flag, else from the verb."""
    if read_only or (read_only is None and operation.startswith(READS)):
        return READ
    if operation.startswith(CREATES):
        return CREATE
    return DELETE if operation.startswith(DELETES) else UPDATE
