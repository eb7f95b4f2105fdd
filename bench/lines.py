"""CloudTrail lines with fresh values in every event: ids, principals, addresses, agents, objects."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

CALLS = (
    ("s3.amazonaws.com", "GetObject", True), ("s3.amazonaws.com", "PutObject", False),
    ("ec2.amazonaws.com", "DescribeInstances", True), ("ec2.amazonaws.com", "RunInstances", False),
    ("sts.amazonaws.com", "AssumeRole", True), ("iam.amazonaws.com", "ListUsers", True),
    ("kms.amazonaws.com", "Decrypt", True), ("logs.amazonaws.com", "DescribeLogGroups", True),
    ("lambda.amazonaws.com", "ListFunctions20150331", True), ("rds.amazonaws.com", "DescribeDBInstances", True),
    ("dynamodb.amazonaws.com", "DescribeTable", True), ("monitoring.amazonaws.com", "DescribeAlarms", True),
)  # fmt: skip
START = datetime(2026, 3, 2, 1, 0, 0, tzinfo=UTC)


def event(chance: random.Random, number: int) -> dict[str, object]:
    """One everyday call."""
    service, name, reads = chance.choice(CALLS)
    account = f"{chance.randrange(10**11, 10**12)}"
    user = f"user-{chance.randrange(10**6)}"
    key = f"ASIA{chance.randrange(16**16):016X}"
    return {
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{chance.randrange(16**12):012X}:{user}",
            "arn": f"arn:aws:sts::{account}:assumed-role/app-{chance.randrange(500)}/{user}",
            "accountId": account,
            "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{account}:role/app", "accountId": account},
                "attributes": {"creationDate": "2026-03-02T00:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": (START + timedelta(milliseconds=37 * number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": service,
        "eventName": name,
        "awsRegion": "cn-north-1",
        "sourceIPAddress": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
        "userAgent": f"sdk/{chance.randrange(99)}.{chance.randrange(99)} run/{chance.randrange(10**8)}",
        "requestParameters": {
            "bucketName": f"data-{chance.randrange(9999)}",
            "key": f"y/{chance.randrange(10**9)}.parquet",
        },
        "responseElements": None,
        "requestID": f"{chance.randrange(16**16):016X}",
        "eventID": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": service != "s3.amazonaws.com",
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def lines(count: int, seed: int = 1) -> Iterator[bytes]:
    """So many NDJSON lines."""
    chance = random.Random(seed)
    for number in range(count):
        yield orjson.dumps(event(chance, number), option=orjson.OPT_APPEND_NEWLINE)


def write(path: Path, count: int) -> Path:
    """A file of so many lines."""
    with path.open("wb") as stream:
        stream.writelines(lines(count))
    return path
