"""Fields that rules on Azure, Entra and Google Cloud name are found in records of every spelling."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.catalog import library
from detectors.sigma.fields import VIEWS, find_native
from detectors.sigma.match import Matcher
from detectors.sigma.values import MISSING
from yunshao.model.event import Event


def field(source: str, name: str, native: dict[str, Any]) -> Any:
    """What a rule sees under this name."""
    event = Event(source, "1", 0, native, lambda _native, _identity: {})
    return find_native(source)(name)(VIEWS[source](native), event)


DIAGNOSTIC = {"category": "SignInLogs", "resultType": "0", "properties": {"status": {"errorCode": 0}}}
GRAPH = {"createdDateTime": "2026-01-02T03:04:05Z", "status": {"errorCode": 0}}
ROW = {"ResultType": "0", "Status": {"errorCode": 0}, "UserPrincipalName": "a@b.example"}


@pytest.mark.parametrize("native", [DIAGNOSTIC, GRAPH, ROW])
def test_a_sign_in_that_succeeded_says_so(native: dict[str, Any]) -> None:
    assert "Success" in field("azure.signin", "Status", native)
    assert str(field("azure.signin", "ResultType", native)) == "0"


@pytest.mark.parametrize("code", ["50126", 50126])
def test_a_sign_in_that_failed_does_not(code: object) -> None:
    words = field("azure.signin", "Status", {"properties": {"status": {"errorCode": code, "failureReason": "Wrong."}}})
    assert words[0] == "Failure"
    assert "Wrong." in words
    assert "Success" not in words


@pytest.mark.parametrize(
    "native",
    [
        {"resultType": "Success", "operationName": "X"},
        {"status": {"value": "Success"}, "operationName": {"value": "X"}},
        {"ActivityStatusValue": "Success", "OperationNameValue": "X", "OperationName": "Ex"},
        {"status": "Success", "operationName": "X"},
    ],
)
def test_an_activity_is_found_in_every_spelling(native: dict[str, Any]) -> None:
    assert field("azure.activity", "status", native) == ["Success"]
    assert field("azure.activity", "operationName", native) == "X"


@pytest.mark.parametrize(("category", "fires"), [("SignInLogs", True), ("Administrative", False)])
def test_rules_on_sign_ins_read_a_stream_that_carries_them(category: str, fires: bool) -> None:
    native = {"category": category, "resultType": "0", "properties": {"authenticationProtocol": "deviceCode"}}
    event = Event("azure.activity", "1", 0, native, lambda _native, _identity: {})
    names = {rule.name for rule in Matcher(library().rules).matches(event)}
    assert ("entra_device_code_sign_in" in names) is fires


def test_without_an_outcome_there_is_no_status() -> None:
    assert field("azure.activity", "status", {"operationName": "X"}) is MISSING


def test_a_changed_property_is_a_field_without_its_quotes() -> None:
    change = {"displayName": "ConsentContext.IsAdminConsent", "newValue": '"False"'}
    native = {"properties": {"targetResources": [{"modifiedProperties": [change]}]}}
    assert field("azure.activity", "ConsentContext.IsAdminConsent", native) == "False"


def test_a_changed_property_never_hides_a_member_of_the_record() -> None:
    change = {"displayName": "properties.result", "newValue": '"x"'}
    native = {"properties.result": "real", "properties": {"targetResources": [{"modifiedProperties": [change]}]}}
    assert field("azure.activity", "properties.result", native) == "real"


def test_the_device_code_flow_is_told_in_words() -> None:
    assert "Device Code" in field("azure.signin", "properties.message", {"authenticationProtocol": "deviceCode"})


@pytest.mark.parametrize(
    ("method", "spelling"),
    [
        ("v1.compute.vpnTunnels.insert", "compute.vpnTunnels.insert"),
        ("beta.compute.firewalls.delete", "v1.compute.firewalls.delete"),
        ("google.iam.admin.v1.DisableServiceAccount", "iam.serviceAccounts.disable"),
        ("google.privacy.dlp.v2.DlpService.ReidentifyContent", "projects.content.reidentify"),
        ("storage.buckets.delete", "storage.buckets.delete"),
    ],
)
def test_a_method_is_found_as_rules_spell_it(method: str, spelling: str) -> None:
    assert spelling in field("gcp.audit", "gcp.audit.method_name", {"protoPayload": {"methodName": method}})


def test_the_kind_of_a_log_is_found_without_its_project() -> None:
    native = {"logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity"}
    assert "cloudaudit.googleapis.com%2Factivity" in field("gcp.audit", "data.protoPayload.logName", native)


@pytest.mark.parametrize("source", ["azure.activity", "azure.signin", "gcp.audit"])
@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], [{"modifiedProperties": [7, {"displayName": []}]}]])
def test_odd_records_are_seen_without_a_failure(source: str, odd: Any) -> None:
    names = ("properties", "status", "operationName", "resultType", "protoPayload", "logName", "Status")
    for native in (dict.fromkeys(names, odd), {"properties": {"targetResources": odd, "status": odd}}):
        assert isinstance(VIEWS[source](native), dict)
