"""The six cloud sources beyond their samples: whose an event is, spellings, times, what is opened and what dropped."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collectors.catalog import COLLECTORS, PARSERS, guess
from collectors.json_record import opened
from collectors.spec import samples
from collectors.times import millis
from detectors.entity import entity_of
from yunshao.estate.own import owner_of
from yunshao.model.estate import Claim, Estate
from yunshao.model.event import NOBODY, Event

SAMPLES = {(c.source, s.name): s.raw for c in COLLECTORS for s in samples(c) if not s.refused}
SUBSCRIPTION, TENANT = "0a0a0a0a-1111-2222-3333-444455556666", "9f9f9f9f-1111-2222-3333-444455556666"


def read(source: str, native: dict[str, Any] | bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The native record and the OCSF event."""
    parser = PARSERS[source]
    held = parser.decode(native if isinstance(native, bytes) else orjson.dumps(native), "")
    return held, parser.normalise(held, parser.identify(held))


@pytest.mark.parametrize(
    ("source", "sample", "provider", "account"),
    [
        ("azure.activity", "diagnostics_deleted", "azure", SUBSCRIPTION),
        ("azure.activity", "rest_role_assigned", "azure", SUBSCRIPTION),
        ("azure.activity", "log_analytics_row", "azure", SUBSCRIPTION),
        ("azure.activity", "entra_role_given", "azure", TENANT),
        ("azure.signin", "with_second_factor", "azure", TENANT),
        ("gcp.audit", "sink_deleted", "gcp", "metro-tickets"),
        ("gcp.audit", "login_failed", "gcp", "4711"),
        ("alibaba.actiontrail", "trail_stopped", "alibaba", "1000000000000007"),
        ("huawei.cts", "tracker_deleted", "huawei", "1f9b9ba51f6b4061bd5c1736b28469f8"),
        ("huawei.cts", "tracker_deleted", "huawei", "a1a1a1a1a1a14a35a7d03108d5f1ea73"),
        ("tencent.cloudaudit", "administrator_attached", "tencent", "100000000007"),
        ("tencent.cloudaudit", "wrapped_by_the_api", "tencent", "100000000007"),
    ],
)
def test_an_account_of_the_cloud_is_found(source: str, sample: str, provider: str, account: str) -> None:
    parser = PARSERS[source]
    native = parser.decode(SAMPLES[source, sample], "")
    identity = parser.identify(native)
    own = owner_of(Estate({"zh": "市", "en": "City"}, claims=(Claim("account", account, "tax", provider=provider),)))
    assert own(Event(source, identity.uid, identity.time, native, parser.normalise), NOBODY).unit == "tax"


@pytest.mark.parametrize(
    "text",
    [
        "2016/12/08 11:07:28 GMT+08:00",
        "2016-12-08 11:07:28 GMT+08:00",
        "2016-12-08T03:07:28Z",
        "2016-12-08 03:07:28 UTC",
    ],
)
def test_times_of_traces_are_read(text: str) -> None:
    assert millis(text) == 1_481_166_448_000


def test_a_time_of_tencent_without_a_zone_is_chinese() -> None:
    record = {"eventName": "X", "eventRegion": "ap-guangzhou", "eventTime": "2026-01-02 11:04:05"}
    assert read("tencent.cloudaudit", record)[1]["time"] == 1_767_323_045_000


@pytest.mark.parametrize("sample", ["wrapped_by_the_api", "wrapped_inner_not_escaped"])
def test_the_record_in_a_text_wins_over_its_wrapper(sample: str) -> None:
    native, event = read("tencent.cloudaudit", SAMPLES["tencent.cloudaudit", sample])
    assert native["requestParameters"]["SnapshotIds"] == ["snap-1"]
    assert native["userIdentity"]["type"] == "Root"
    assert event["actor"]["user"]["type_id"] == 2


def test_a_record_beyond_mending_leaves_its_wrapper() -> None:
    native, event = read("tencent.cloudaudit", SAMPLES["tencent.cloudaudit", "wrapped_inner_broken"])
    assert native["eventName"] == "DeleteSnapshots"
    assert native["CloudAuditEvent"].startswith("{")
    assert event["src_endpoint"] == {"ip": "203.0.113.60"}


@pytest.mark.parametrize(
    ("code", "failed"), [(0, False), ("0", False), ("", False), ("UnauthorizedOperation", True), (8504, True)]
)
@pytest.mark.parametrize("stage", ["errorCode", "apiErrorCode"])
def test_either_stage_may_fail(stage: str, code: object, failed: bool) -> None:
    record = {"eventName": "X", "eventRegion": "ap-guangzhou", "eventTime": 1767323045, stage: code}
    assert read("tencent.cloudaudit", record)[1]["status_id"] == (2 if failed else 1)


@pytest.mark.parametrize(("rating", "status", "severity"), [("normal", 1, 1), ("warning", 2, 2), ("incident", 2, 4)])
def test_the_rating_of_a_trace_is_its_outcome(rating: str, status: int, severity: int) -> None:
    trace = {"trace_name": "listServers", "service_type": "ECS", "time": 1767323045123, "trace_rating": rating}
    event = read("huawei.cts", trace)[1]
    assert (event["status_id"], event["severity_id"]) == (status, severity)


def test_a_sign_in_of_entra_is_read_by_both_azure_sources() -> None:
    raw = SAMPLES["azure.signin", "with_second_factor"]
    assert read("azure.activity", raw)[1] == read("azure.signin", raw)[1]
    assert guess(raw, "") == "azure.signin"


def test_a_risk_detection_is_about_its_person() -> None:
    parser = PARSERS["azure.signin"]
    native = parser.decode(SAMPLES["azure.signin", "risk_detection"], "")
    identity = parser.identify(native)
    event = Event("azure.signin", identity.uid, identity.time, native, parser.normalise)
    assert entity_of(event) == "ops7@city.example"


def test_a_question_on_the_way_is_no_failed_sign_in() -> None:
    event = read("azure.signin", SAMPLES["azure.signin", "interrupted_for_second_factor"])[1]
    assert (event["status_id"], event["status"]) == (99, "Interrupted")


def test_an_operation_that_only_began_has_neither_failed_nor_succeeded() -> None:
    event = read("azure.activity", SAMPLES["azure.activity", "started_only"])[1]
    assert (event["status_id"], event["status"]) == (99, "Start")


def test_the_same_record_forwarded_twice_has_one_id() -> None:
    record = {"time": "2026-01-02T03:04:05Z", "resourceId": "/x", "operationName": "A/B/WRITE", "resultType": "Success"}
    parser = PARSERS["azure.activity"]
    assert parser.identify({**record, "p_row_id": "1"}) == parser.identify({**record, "p_row_id": "2"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1}', {"a": 1}),
        ("[1,2]", [1, 2]),
        ("plain", "plain"),
        ("{not json", "{not json"),
        ("{", "{"),
        ('{"a":' * 70 + "1" + "}" * 70, '{"a":' * 70 + "1" + "}" * 70),
        (7, 7),
    ],
)
def test_json_in_a_text_is_opened(text: object, value: object) -> None:
    assert opened(text) == value
