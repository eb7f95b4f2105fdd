"""CloudTrail records as the provider writes them."""

from __future__ import annotations

from typing import Any

from playbooks.scenes.city import Site
from playbooks.scenes.line import Line, Pen, iso, pack

SOURCE = "aws.cloudtrail"
REGION = "cn-north-1"
PARTITION = "aws-cn"
CLI_AGENT = "aws-cli/2.17.20 md/awscrt#0.21.2 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.11.9"
SDK_AGENT = "aws-sdk-java/2.26.12 Linux/6.1 OpenJDK_64-Bit_Server_VM/17.0.11 Java/17.0.11 io/sync"
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


def user(site: Site, name: str, key: str = "") -> dict[str, Any]:
    """An IAM user."""
    identity = {
        "type": "IAMUser",
        "principalId": f"AIDA{abs(hash_text(site.account + name)):016X}",
        "arn": f"arn:{PARTITION}:iam::{site.account}:user/{name}",
        "accountId": site.account,
        "userName": name,
    }
    return identity | ({"accessKeyId": key} if key else {})


def root(site: Site) -> dict[str, Any]:
    """The account's root user."""
    return {
        "type": "Root",
        "principalId": site.account,
        "arn": f"arn:{PARTITION}:iam::{site.account}:root",
        "accountId": site.account,
    }


def role(site: Site, name: str, session: str, key: str, began: int) -> dict[str, Any]:
    """A session of an assumed role."""
    issuer_id = f"AROA{abs(hash_text(site.account + name)):016X}"
    return {
        "type": "AssumedRole",
        "principalId": f"{issuer_id}:{session}",
        "arn": f"arn:{PARTITION}:sts::{site.account}:assumed-role/{name}/{session}",
        "accountId": site.account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": issuer_id,
                "arn": f"arn:{PARTITION}:iam::{site.account}:role/{name}",
                "accountId": site.account,
                "userName": name,
            },
            "attributes": {"creationDate": iso(began), "mfaAuthenticated": "false"},
        },
    }


def hash_text(text: str) -> int:
    """A small number that a text always has; Python's own hash differs from run to run."""
    number = 1469598103934665603
    for byte in text.encode():
        number = (number ^ byte) * 1099511628211 % 2**60
    return number


def call(
    pen: Pen,
    site: Site,
    time: int,
    who: dict[str, Any],
    service: str,
    name: str,
    source_ip: str,
    *,
    agent: str = CLI_AGENT,
    parameters: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    extra: dict[str, Any] | None = None,
    error: str = "",
    data: bool = False,
    part: str = "",
) -> Line:
    """One call of an API."""
    reads = name.startswith(("Get", "List", "Describe", "Lookup", "Head", "AssumeRole"))
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": iso(time),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": source_ip,
        "userAgent": agent,
        "requestParameters": parameters,
        "responseElements": response,
        "requestID": pen.id(),
        "eventID": pen.id(),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": site.account,
        "eventCategory": "Data" if data else "Management",
    }
    if error:
        record |= {
            "errorCode": error,
            "errorMessage": f"User: {who.get('arn', '')} is not authorized to perform: {name}",
        }
    if extra:
        record["additionalEventData"] = extra
    if service == "s3" and parameters and "bucketName" in parameters:
        record["resources"] = _bucket(site, parameters)
    return pack(SOURCE, time, record, part)


def _bucket(site: Site, parameters: dict[str, Any]) -> list[dict[str, str]]:
    bucket = f"arn:{PARTITION}:s3:::{parameters['bucketName']}"
    rows = [{"accountId": site.account, "type": "AWS::S3::Bucket", "ARN": bucket}]
    if "key" in parameters:
        rows.insert(0, {"type": "AWS::S3::Object", "ARN": f"{bucket}/{parameters['key']}"})
    return rows


def console_login(
    pen: Pen, site: Site, time: int, who: dict[str, Any], source_ip: str, ok: bool, mfa: bool, part: str = ""
) -> Line:
    """A log-in at the provider's console."""
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": iso(time),
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": REGION,
        "sourceIPAddress": source_ip,
        "userAgent": BROWSER,
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success" if ok else "Failure"},
        "additionalEventData": {
            "LoginTo": "https://console.example.cn/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes" if mfa else "No",
        },
        "eventID": pen.id(),
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": site.account,
        "eventCategory": "Management",
    }
    if not ok:
        record["errorMessage"] = "Failed authentication"
    return pack(SOURCE, time, record, part)
