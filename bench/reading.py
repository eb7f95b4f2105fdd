"""What reading costs beside bare `orjson.loads`: split, make records, decode, identify, normalise (CPU time, one core).

    python bench/reading.py [FILE.ndjson ...]

Without files it makes CloudTrail records of its own, every one with fresh ids, addresses and agents.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from collectors.catalog import PARSERS
from collectors.files.reading import Splitter
from collectors.files.source import read_paths
from yunshao.model.event import Record

COUNT = 60_000
SOURCE = "aws.cloudtrail"
OPERATIONS = ("DescribeInstances", "GetObject", "PutObject", "AssumeRole", "ListBuckets", "RunInstances", "Decrypt")


def made(count: int, seed: int = 7) -> Iterator[bytes]:
    """CloudTrail records of about 1.2 KB, none like another."""
    chance = random.Random(seed)
    for number in range(count):
        account = f"{chance.randrange(10**12):012d}"
        user = f"user{chance.randrange(10**6)}"
        yield orjson.dumps(
            {
                "eventVersion": "1.09",
                "userIdentity": {
                    "type": "AssumedRole",
                    "principalId": f"AROA{chance.randrange(10**16):016d}:{user}",
                    "arn": f"arn:aws:sts::{account}:assumed-role/role{chance.randrange(999)}/{user}",
                    "accountId": account,
                    "accessKeyId": f"ASIA{chance.randrange(10**16):016d}",
                    "sessionContext": {
                        "sessionIssuer": {"type": "Role", "accountId": account, "userName": user},
                        "attributes": {"creationDate": "2026-01-02T03:00:00Z", "mfaAuthenticated": "false"},
                    },
                },
                "eventTime": f"2026-01-02T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
                "eventSource": "ec2.amazonaws.com",
                "eventName": chance.choice(OPERATIONS),
                "awsRegion": "cn-north-1",
                "sourceIPAddress": f"198.51.{chance.randrange(256)}.{chance.randrange(256)}",
                "userAgent": f"aws-cli/2.{chance.randrange(99)}.{chance.randrange(99)} build/{chance.randrange(10**9)}",
                "requestParameters": {
                    "maxResults": 100,
                    "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": f"vpc-{number:x}"}]}}]},
                },
                "responseElements": None,
                "requestID": str(uuid.UUID(int=chance.getrandbits(128))),
                "eventID": str(uuid.UUID(int=chance.getrandbits(128))),
                "readOnly": True,
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "recipientAccountId": account,
                "eventCategory": "Management",
                "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
            }
        )


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """The least CPU seconds of some rounds."""
    least = float("inf")
    for _ in range(rounds):
        gc.collect()
        before = time.process_time()
        work()
        least = min(least, time.process_time() - before)
    return least


def loaded(lines: list[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


def cut(data: bytes) -> None:
    for at in range(0, len(data), 512 << 10):
        data[at : at + (512 << 10)].split(b"\n")


def split(data: bytes) -> None:
    splitter = Splitter()
    for at in range(0, len(data), 512 << 10):
        splitter.feed(data[at : at + (512 << 10)])
    splitter.close()


def read(path: Path) -> None:
    for _ in read_paths([path], SOURCE, clock):
        pass


def identified(path: Path) -> None:
    parser = PARSERS[SOURCE]
    for record in read_paths([path], SOURCE, clock):
        if isinstance(record, Record):
            parser.identify(parser.decode(record.raw, record.hint))


def normalised(path: Path) -> None:
    parser = PARSERS[SOURCE]
    for record in read_paths([path], SOURCE, clock):
        if isinstance(record, Record):
            native = parser.decode(record.raw, record.hint)
            parser.normalise(native, parser.identify(native))


def clock() -> int:
    return 1_767_323_045_000


def main() -> None:
    lines = [line for name in sys.argv[1:] for line in Path(name).read_bytes().splitlines()] or list(made(COUNT))
    data = b"\n".join(lines) + b"\n"
    with TemporaryDirectory() as folder:
        path, wrapped = Path(folder, "trail.ndjson"), Path(folder, "trail.json")
        path.write_bytes(data)
        wrapped.write_bytes(b'{"Records":[' + b",".join(lines) + b"]}")
        bare = best(lambda: loaded(lines))
        rows = {
            "orjson.loads alone": bare,
            "bytes.split alone": best(lambda: cut(data)),
            "splitter": best(lambda: split(data)),
            "read_paths": best(lambda: read(path)),
            "read_paths of a wrapper": best(lambda: read(wrapped)),
            "read, decode, identify": best(lambda: identified(path)),
            "read, decode, identify of a wrapper": best(lambda: identified(wrapped)),
            "read, decode, identify, normalise": best(lambda: normalised(path), 2),
        }
    print(f"{len(lines)} records, {len(data) / len(lines):.0f} bytes each")
    for name, seconds in rows.items():
        each = seconds / len(lines) * 1e6
        print(f"{name:38} {each:7.2f} us  {len(lines) / seconds / 1000:8.0f} k/s  {seconds / bare:6.2f} x bare loads")


if __name__ == "__main__":
    main()
