"""A workspace with the demo's city, a few stories told, and the accounts of every role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import orjson
from starlette.testclient import TestClient

from console.accounts import add_account
from console.roles.up import Up
from console.web.app import create_app
from console.wiring import Workspace, wall_clock
from playbooks.scenes import demo_city, demo_estate, story
from playbooks.scenes.line import Line
from yunshao.model.alert import AlertQuery
from yunshao.ports import Clock

PASSWORD = "correct horse battery staple"
ROLES = ("admin", "operator", "oncall", "auditor", "chief")
TOLD = ("kubernetes_takeover", "snapshot_shared", "root_login", "open_security_group", "mass_delete")
HOSTILE = "<script>alert(1)</script>{{7*7}}'\"><img src=x onerror=alert(1)>"
SETTINGS = """\
language: zh
detect: {anomalies: false}
sources:
  - {name: push, source: auto, kind: push}
"""


def hostile_record() -> bytes:
    """A CloudTrail record whose names try to be markup and templates."""
    return orjson.dumps(
        {
            "eventVersion": "1.11", "eventID": "hostile-1", "eventTime": "2026-11-20T01:02:03Z",
            "awsRegion": "cn-north-1",
            "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "sourceIPAddress": "198.51.100.9",
            "eventType": "AwsApiCall", "recipientAccountId": "999900001111", "userAgent": HOSTILE, "readOnly": False,
            "userIdentity": {"type": "IAMUser", "userName": HOSTILE, "arn": HOSTILE, "accountId": "999900001111"},
            "requestParameters": {"name": HOSTILE},
        }
    )  # fmt: skip


AWKWARD = "\u202egnp.exe\u2067" + "A" * 3000


def awkward_record() -> bytes:
    """A record like it, whose names turn the writing round and have no end."""
    record = orjson.loads(hostile_record())
    identity = {**record["userIdentity"], "userName": AWKWARD, "arn": AWKWARD}
    return orjson.dumps(
        {**record, "eventID": "awkward-1", "userIdentity": identity, "requestParameters": {"name": AWKWARD}}
    )


@dataclass
class SmallCity:
    """The running parts, and a browser's view of them."""

    place: Workspace
    up: Up
    unit: str = ""

    def send(self, lines: Iterable[Line]) -> None:
        """Lines through the door, processed to the end."""
        for one in lines:
            self.place.spool.append(one.source, [one.raw], self.place.clock())
        self.up.pipeline.drain()

    def visitor(self, name: str = "") -> TestClient:
        """A client, logged in if a name is given; it does not follow redirects."""
        client = TestClient(create_app(self.up.desk()), base_url="http://127.0.0.1:8440", follow_redirects=False)
        if name:
            answer = client.post("/login", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        return client


def csrf_of(client: TestClient) -> str:
    """The token that the pages of this session carry."""
    return client.get("/").text.split('data-csrf="')[1].split('"')[0]


def form(client: TestClient, path: str, **fields: str) -> int:
    """Post a form as our own page would; gives the status."""
    body = urlencode({"csrf": csrf_of(client), **fields})
    return client.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code


class HandClock:
    """A clock that goes when it is told to: a test says how long pipeline and people take, and waits for nothing."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def goes(self, seconds: float) -> int:
        """So much later; gives the moment."""
        self.now += int(seconds * 1000)
        return self.now


def small_city(folder: Path, clock: Clock = wall_clock, settings: str = SETTINGS) -> SmallCity:
    """Make one: settings, registry, accounts, stories an hour old, and a hostile record."""
    (folder / "yunshao.yaml").write_text(settings, encoding="utf-8")
    (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
    place = Workspace(folder, clock)
    city = SmallCity(place, Up(place))
    for number, name in enumerate(TOLD):
        city.send(story(name, demo_city(), clock() - 3_600_000 + number * 60_000, f"test|{number}"))
    city.send([Line("aws.cloudtrail", clock(), raw, "") for raw in (hostile_record(), awkward_record())])
    owned = [one.finding.owner.unit for one in place.store.alerts(AlertQuery(limit=500))]
    city.unit = next(unit for unit in owned if unit in place.estate.units)
    for name in ROLES:
        add_account(place.store, name, name, PASSWORD, (city.unit,) if name == "chief" else ())
    return city
