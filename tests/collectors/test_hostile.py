"""Whatever a log's writer chose: a record becomes a valid event or a refusal, and nothing is raised."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.catalog import COLLECTORS, PARSERS, guess
from collectors.json_record import MAX_BYTES, native_of
from collectors.spec import samples
from yunshao.errors import Rejection
from yunshao.ports import Parser

Problems = Callable[[dict[str, Any]], list[str]]
SOURCES = sorted(PARSERS)
REASONS = {"not_json", "not_an_object", "not_this_source", "not_an_event", "bad_time", "too_large", "too_deep"}
ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 2**63, 2**64, 10**30, 1.5, -0.0, 1e308, float("inf"), float("nan"), [], {}, [[]]),
        *("", " ", "-", "x" * 70_000, "\ud800", "\0", "\u202e", "true", "12", "<script>", "${jndi:x}"),
        *("198.51.100.1", "::ffff:198.51.100.1", "[::1]:80", "fe80::1%eth0", "999.1.1.1", "2026-01-02T03:04:05Z"),
        *([None, {}, "a", 1], {"name": {}}, {"": None}, ["198.51.100.1"], {"a": {"a": {"a": []}}}),
    ]
).map(deepcopy)
GOOD = [
    (collector.parser, sample.raw, sample.hint)
    for collector in COLLECTORS
    for sample in samples(collector)
    if not sample.refused
]


def outcome(parser: Parser, raw: bytes, hint: str = "") -> dict[str, Any] | str:
    """The OCSF event, or the reason of the refusal."""
    try:
        native = parser.decode(raw, hint)
        identity = parser.identify(native)
    except Rejection as refusal:
        return refusal.reason if refusal.reason in REASONS and len(refusal.detail) < 300 else pytest.fail(str(refusal))
    assert isinstance(identity.uid, str)
    assert isinstance(identity.time, int)
    orjson.dumps(native)
    return parser.normalise(native, identity)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SOURCES), st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_are_an_event_or_a_refusal(source: str, raw: bytes, hint: str) -> None:
    outcome(PARSERS[source], raw, hint)
    assert guess(raw, hint) in {None, *SOURCES}


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SOURCES), st.recursive(ODD, lambda x: st.dictionaries(st.text(max_size=9), x, max_size=5)))
def test_any_json_is_an_event_or_a_refusal(source: str, value: object) -> None:
    outcome(PARSERS[source], json.dumps(value).encode())


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in _paths(item, (*path, key)))]


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([good for good in GOOD if good[1][:1] == b"{"]), st.data())
def test_a_record_with_odd_values_anywhere_is_still_valid(
    problems: Problems, good: tuple[Parser, bytes, str], data: st.DataObject
) -> None:
    parser, raw, hint = good
    native = orjson.loads(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_paths(native)))
        if path:
            _put(native, path, data.draw(ODD))
    found = outcome(parser, json.dumps(native).encode(), hint)
    if not isinstance(found, str):
        orjson.dumps(found)
        assert problems(found) == []


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=120),
    st.sampled_from(["", "<13>", "<13>1 2026-01-02T03:04:05Z h a - - ", "Jan  2 03:04:05 h sshd[1]: "]),
)
def test_any_syslog_text_is_valid(problems: Problems, text: str, start: str) -> None:
    found = outcome(PARSERS["syslog"], (start + text).encode("utf-8", "surrogatepass"), "h (2026-01-02T03:04:05Z)")
    if not isinstance(found, str):
        assert problems(found) == []


@pytest.mark.parametrize("source", SOURCES)
def test_deep_nesting_is_refused_or_harmless(source: str) -> None:
    for raw in (
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ):
        assert isinstance(outcome(PARSERS[source], raw), str)


def test_depth_64_is_taken_and_65_is_not() -> None:
    assert native_of(b'{"a":' * 64 + b"1" + b"}" * 64)
    with pytest.raises(Rejection, match="too_deep"):
        native_of(b'{"a":' * 65 + b"1" + b"}" * 65)
    assert native_of(b'{"a":"' + b"{[" * 200 + b'"}')


@pytest.mark.parametrize(
    ("raw", "native"),
    [
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890.0}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud800x"}', {"a": "�x"}),
        (b'{"a": "\xe9"}', {"a": "�"}),
        (b'{"a": "b\0c"}', {"a": "b\0c"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": NaN}', {"a": None}),
    ],
)
def test_what_can_be_understood_is_taken(raw: bytes, native: dict[str, object]) -> None:
    assert native_of(raw) == native


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"a":1} x', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[1]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"1" * 10_000, "not_an_object"),
        (b'{"a":"' + b"x" * MAX_BYTES + b'"}', "too_large"),
    ],
)
def test_what_cannot_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Rejection) as refused:
        native_of(raw)
    assert refused.value.reason == reason


@pytest.mark.parametrize("year", ["1970", "2999", "0001"])
def test_any_year_is_taken(year: str) -> None:
    raw = b'{"eventName":"x","eventSource":"y","eventID":"z","eventTime":"%s-01-01T00:00:00Z"}' % year.encode()
    assert isinstance(outcome(PARSERS["aws.cloudtrail"], raw), dict)


def test_a_long_text_is_cut_and_says_so(problems: Problems) -> None:
    raw = orjson.dumps(
        {"eventName": "x", "eventSource": "y", "eventTime": "2026-01-02T03:04:05Z", "userAgent": "u" * 100_000}
    )
    event = outcome(PARSERS["aws.cloudtrail"], raw)
    assert isinstance(event, dict)
    assert len(event["http_request"]["user_agent"]) == 64 << 10
    assert event["metadata"]["is_truncated"] is True
    assert event["metadata"]["untruncated_size"] > 100_000
    assert problems(event) == []
