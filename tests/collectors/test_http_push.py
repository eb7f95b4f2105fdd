"""The push door: who may, how much, and that a 202 means durable."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

import orjson
import pytest
from starlette.testclient import TestClient

from collectors.http_push.settings import MAX_BODY_BYTES
from collectors.http_push.source import push_app
from yunshao.errors import Unreachable

TOKEN = "a-token-of-some-length"
ONE, TWO = {"eventName": "a"}, {"eventName": "b"}
AUTH = {"Authorization": f"Bearer {TOKEN}"}


class Kept:
    """A bus in memory; full when told so."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[bytes], int, str]] = []
        self.full = False

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """Keep, or fail as a full disk does."""
        if self.full:
            raise OSError(28, "No space left on device")
        self.calls.append((source, list(records), received, hint))


@pytest.fixture
def bus() -> Kept:
    return Kept()


@pytest.fixture
def client(bus: Kept) -> TestClient:
    return TestClient(push_app(bus, TOKEN, lambda: 1_767_323_045_000))


BODIES = {
    "lines": orjson.dumps(ONE) + b"\n" + orjson.dumps(TWO) + b"\n",
    "no last newline": orjson.dumps(ONE) + b"\n" + orjson.dumps(TWO),
    "array": orjson.dumps([ONE, TWO]),
    "wrapper": orjson.dumps({"Records": [ONE, TWO]}),
    "list of kubernetes": orjson.dumps({"kind": "EventList", "items": [ONE, TWO]}),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_shape_is_on_the_bus_before_the_answer(client: TestClient, bus: Kept, body: str, packed: bool) -> None:
    content = gzip.compress(BODIES[body]) if packed else BODIES[body]
    headers = {**AUTH, "Content-Encoding": "gzip"} if packed else AUTH
    answer = client.post("/aws.cloudtrail", content=content, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "refused": 0})
    ((source, records, received, hint),) = bus.calls
    assert source == "aws.cloudtrail"
    assert [orjson.loads(record) for record in records] == [ONE, TWO]
    assert received == 1_767_323_045_000
    assert hint


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff"])
def test_without_the_token_nothing_is_taken(client: TestClient, bus: Kept, given: str) -> None:
    headers = {"Authorization": given.encode("latin-1")} if given else {}
    answer = client.post("/aws.cloudtrail", content=BODIES["lines"], headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert bus.calls == []


def test_no_configured_token_lets_nobody_in(bus: Kept) -> None:
    answer = TestClient(push_app(bus, "", lambda: 0)).post("/auto", content=b"{}", headers={"Authorization": "Bearer "})
    assert answer.status_code == 401


def test_an_unknown_source_is_named_as_such(client: TestClient, bus: Kept) -> None:
    answer = client.post("/no.such", content=b"{}", headers=AUTH)
    assert answer.status_code == 404
    assert "aws.cloudtrail" in answer.json()["mend"]
    assert bus.calls == []


def test_auto_is_a_source(client: TestClient, bus: Kept) -> None:
    assert client.post("/auto", content=BODIES["lines"], headers=AUTH).status_code == 202
    assert bus.calls[0][0] == "auto"


def test_a_body_that_is_too_large_is_refused(client: TestClient, bus: Kept) -> None:
    assert client.post("/auto", content=b" " * (MAX_BODY_BYTES + 1), headers=AUTH).status_code == 413
    assert client.post("/auto", content=iter([b" " * (1 << 20)] * 17), headers=AUTH).status_code == 413
    assert bus.calls == []


def test_a_gzip_bomb_is_refused(client: TestClient, bus: Kept) -> None:
    bomb = gzip.compress(b"0" * (MAX_BODY_BYTES * 4))
    many = gzip.compress(b"0" * (MAX_BODY_BYTES // 2)) * 3
    for body in (bomb, many):
        answer = client.post("/auto", content=body, headers={**AUTH, "Content-Encoding": "gzip"})
        assert answer.status_code == 413
    assert bus.calls == []


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"x" * 1000, mtime=0)[:-9], b"\x1f\x8b"])
def test_damaged_gzip_takes_nothing(client: TestClient, bus: Kept, body: bytes) -> None:
    answer = client.post("/auto", content=body, headers={**AUTH, "Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert bus.calls == []


def test_another_encoding_is_refused(client: TestClient) -> None:
    assert client.post("/auto", content=b"x", headers={**AUTH, "Content-Encoding": "br"}).status_code == 415


def test_a_full_disk_asks_to_try_again(client: TestClient, bus: Kept) -> None:
    bus.full = True
    answer = client.post("/auto", content=BODIES["lines"], headers=AUTH)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_an_oversized_record_leaves_its_neighbours(client: TestClient, bus: Kept) -> None:
    large = b'{"a":"' + b"x" * (2 << 20) + b'"}'
    body = orjson.dumps(ONE) + b"\n" + large + b"\n" + orjson.dumps(TWO) + b"\n"
    assert client.post("/auto", content=body, headers=AUTH).json() == {"accepted": 2, "refused": 1}
    records = bus.calls[0][1]
    assert len(records) == 3
    assert max(map(len, records)) <= 4096


def test_nothing_in_nothing_out(client: TestClient, bus: Kept) -> None:
    assert client.post("/auto", content=b"", headers=AUTH).json() == {"accepted": 0, "refused": 0}
    assert bus.calls == []


def test_only_post_is_answered(client: TestClient) -> None:
    assert client.get("/auto", headers=AUTH).status_code == 405


class Away(Kept):
    """A bus to a broker that does not acknowledge."""

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        """As the door to a cluster does."""
        raise Unreachable("records are not acknowledged", "", "broker:9092")


def test_what_a_broker_has_not_acknowledged_is_not_accepted() -> None:
    client = TestClient(push_app(Away(), TOKEN, lambda: 1))
    answer = client.post("/aws.cloudtrail", content=BODIES["lines"], headers=AUTH)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
