"""Microseconds an event that matching takes on CloudTrail events with fresh values, beside bare `orjson.loads`.

    python bench/matching.py FOLDER_OF_RULES... [--events N] [--rules N]

Every event has new ids, ARNs, addresses and agents, so that nothing is flattered by remembering. Rounds of both
measures alternate; the least of each is printed, because other work on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from detectors.sigma.load import load_folders
from detectors.sigma.match import Matcher
from yunshao.model.event import Event

NAMES = (
    ("ec2.amazonaws.com", ("DescribeInstances", "RunInstances", "DescribeVolumes", "AuthorizeSecurityGroupIngress")),
    ("s3.amazonaws.com", ("GetObject", "ListBuckets", "PutBucketPolicy", "HeadObject")),
    ("iam.amazonaws.com", ("ListUsers", "GetUser", "CreateUser", "ListAttachedUserPolicies")),
    ("sts.amazonaws.com", ("AssumeRole", "GetCallerIdentity")),
    ("kms.amazonaws.com", ("Decrypt", "GenerateDataKey", "DescribeKey")),
    ("lambda.amazonaws.com", ("Invoke", "ListFunctions20150331", "UpdateFunctionCode20150331v2")),
)


def fresh_event(dice: random.Random) -> dict[str, Any]:
    """One CloudTrail record whose every identifier is new."""
    service, names = dice.choice(NAMES)
    name = dice.choice(names)
    account = f"{dice.randrange(10**12):012d}"
    user = f"user-{dice.getrandbits(48):x}"
    hexes = f"{dice.getrandbits(128):032x}"
    return {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": dice.choice(("IAMUser", "AssumedRole", "AWSService")),
            "principalId": f"AIDA{hexes[:16].upper()}",
            "arn": f"arn:aws:iam::{account}:user/{user}",
            "accountId": account,
            "accessKeyId": f"ASIA{hexes[8:24].upper()}",
            "userName": user,
            "sessionContext": {"attributes": {"creationDate": "2026-01-02T03:00:00Z", "mfaAuthenticated": "false"}},
        },
        "eventTime": f"2026-01-02T03:{dice.randrange(60):02d}:{dice.randrange(60):02d}Z",
        "eventSource": service,
        "eventName": name,
        "awsRegion": dice.choice(("us-east-1", "eu-west-1", "cn-north-1")),
        "sourceIPAddress": ".".join(str(dice.randrange(1, 255)) for _ in range(4)),
        "userAgent": f"aws-cli/2.{dice.randrange(90)}.{dice.randrange(90)} md/{hexes[:8]} exec-env/{hexes[8:20]}",
        "requestParameters": {"name": f"thing-{hexes[3:15]}", "filterSet": {}, "count": dice.randrange(1000)},
        "responseElements": None,
        "requestID": hexes,
        "eventID": f"{hexes[:8]}-{hexes[8:12]}-4{hexes[13:16]}-8{hexes[17:20]}-{hexes[20:]}",
        "readOnly": name.startswith(("Describe", "List", "Get", "Head")),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }


def microseconds(work: Callable[[Any], object], inputs: list[Any]) -> float:
    """CPU time of one call, nothing kept of what it gives."""
    begun = time.process_time()
    for each in inputs:
        work(each)
    return (time.process_time() - begun) / len(inputs) * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    rules = load_folders(asked.folders).rules[: asked.rules]
    dice = random.Random(7)
    lines = [orjson.dumps(fresh_event(dice)) for _ in range(asked.events)]
    parse, wrap, match = [], [], []
    fired = 0
    for _ in range(asked.rounds):
        matches = Matcher(rules).matches
        parse.append(microseconds(orjson.loads, lines))
        wrap.append(microseconds(as_event, lines))
        match.append(microseconds(lambda line, ask=matches: ask(as_event(line)), lines))
        fired = sum(len(matches(as_event(line))) for line in lines)
    loads, ask = min(parse), min(match) - min(wrap)
    print(
        f"rules {len(rules)}, events {len(lines)}, fired {fired}, bytes an event {statistics.mean(map(len, lines)):.0f}"
    )
    print(f"orjson.loads {loads:.2f} us   matching {ask:.2f} us   ratio {ask / loads:.2f}")


def as_event(line: bytes) -> Event:
    """The event of a line; it is matched at once, as in the stream."""
    return Event("aws.cloudtrail", "uid", 0, orjson.loads(line), lambda _native, _identity: {})


if __name__ == "__main__":
    main()
