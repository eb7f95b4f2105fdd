"""Times, addresses, numbers and secrets as logs write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collectors.secrets import DROPPED, is_secret, without_secrets
from collectors.spec import dated_hint, moment_of
from collectors.syslog.message import read_message
from collectors.times import millis
from collectors.values import address, flag, integer, port, text

NOON = 1_767_355_200_000


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-02T12:00:00Z", NOON),
        ("2026-01-02T20:00:00+08:00", NOON),
        ("2026-01-02T20:00:00.000000+0800", NOON),
        ("2026-01-02 12:00:00", NOON),
        ("2026-01-02T12:00:00.123456789Z", NOON + 123),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.500Z", -500),
        ("2026-01-02T11:59:60Z", NOON - 1000),
        (1_767_355_200, NOON),
        (1_767_355_200.25, NOON + 250),
        (1_767_355_200_000, NOON),
        ("1767355200", NOON),
        (True, None),
        ("soon", None),
        ("", None),
        (None, None),
        ([], None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        ("9" * 40, None),
    ],
)
def test_moments(written: object, moment: int | None) -> None:
    assert millis(written) == moment


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("198.51.100.7", "198.51.100.7"),
        (" 198.51.100.7 ", "198.51.100.7"),
        ("198.51.100.7:443", "198.51.100.7"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("cloudformation.amazonaws.com", None),
        ("999.1.1.1", None),
        ("1", None),
        (16843009, None),
        ("", None),
        (None, None),
        ("1" * 100_000, None),
    ],
)
def test_addresses(written: object, found: str | None) -> None:
    assert address(written) == found


def test_numbers_and_flags() -> None:
    assert [integer(value) for value in (1, "2", -3, "-4", 5.9, True, "x", "", "-", "--1", 2**70, "٣")] == [
        *(1, 2, -3, -4, 5),
        *(None,) * 7,
    ]
    assert [port(value) for value in (0, 65535, 65536, -1, "443")] == [0, 65535, None, None, 443]
    assert [flag(value) for value in (True, "true", "False", "Yes", "No", 1, None)] == [
        *(True, True, False, True, False),
        *(None, None),
    ]
    assert [text(value) for value in ("a", "", 5, 1.5, True, None, [], 2**70)] == ["a", None, "5", "1.5", *[None] * 4]


@pytest.mark.parametrize(
    "name", ["password", "Authorization", "SecretAccessKey", "secret_access_key", "X-Amz-Security-Token"]
)
def test_secret_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["passwordLastUsed", "secretId", "accessKeyId", "author", "keyName"])
def test_names_that_only_sound_secret(name: str) -> None:
    assert not is_secret(name)


def test_secrets_are_dropped_at_any_depth_and_what_names_them_stays() -> None:
    held = {
        "a": [{"Password": "x", "user": "y"}],
        "credentials": {"accessKeyId": "AKIA", "secretAccessKey": "s", "v": {}},
    }
    assert without_secrets(held) == {
        "a": [{"Password": DROPPED, "user": "y"}],
        "credentials": {"accessKeyId": "AKIA", "secretAccessKey": DROPPED, "v": DROPPED},
    }
    assert without_secrets({"password": True, "pwd": None, "cookie": ""}) == {
        "password": True,
        "pwd": None,
        "cookie": "",
    }


def test_a_hint_carries_the_moment() -> None:
    assert moment_of(dated_hint("auth.log", NOON)) == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert moment_of("auth.log") is None
    assert moment_of("x (2026-99-99T00:00:00Z)") is None


@pytest.mark.parametrize(
    ("line", "received", "expected"),
    [
        ("Dec 31 23:59:59 h a: m", datetime(2026, 1, 2, tzinfo=UTC), "2025-12-31T23:59:59"),
        ("Jan  3 10:00:00 h a: m", datetime(2026, 1, 2, 12, tzinfo=UTC), "2026-01-03T10:00:00"),
        ("Jan  4 10:00:00 h a: m", datetime(2026, 1, 2, 12, tzinfo=UTC), "2025-01-04T10:00:00"),
        ("Feb 29 10:00:00 h a: m", datetime(2025, 3, 1, tzinfo=UTC), "2024-02-29T10:00:00"),
        ("Jul 12 2024 11:03:11 h a: m", None, "2024-07-12T11:03:11"),
        ("2026-01-02T03:04:05.123456+08:00 h a[1]: m", None, "2026-01-02T03:04:05.123456+08:00"),
    ],
)
def test_the_year_that_syslog_leaves_out(line: str, received: datetime | None, expected: str) -> None:
    message = read_message(line, received)
    assert message is not None
    assert message["timestamp"] == expected
    assert (message["hostname"], message["appname"], message["message"]) == ("h", "a", "m")


def test_a_device_that_writes_its_name_before_the_number_and_the_time() -> None:
    line = "192.0.2.1 6705: *Jan  2 03:04:05.678: %SYS-5-CONFIG_I: Configured from console by admin"
    message = read_message(line, datetime(2026, 1, 2, 12, tzinfo=UTC))
    assert message is not None
    assert (message["hostname"], message["timestamp"]) == ("192.0.2.1", "2026-01-02T03:04:05")
    assert (message["appname"], message["message"]) == ("%SYS-5-CONFIG_I", "Configured from console by admin")


def test_structured_data_with_escapes() -> None:
    message = read_message(r'<13>1 - h a - - [x@1 k="a\"b\]c" l=""][y] rest', None)
    assert message is not None
    assert message["structured_data"] == {"x@1": {"k": 'a"b]c', "l": ""}, "y": {}}
    assert message["message"] == "rest"
