"""Rules that see nothing say which of the things that they need is missing."""

from __future__ import annotations

import pytest

from detectors.sigma.blind import blind
from detectors.sigma.known import Known

STOP = "s: {eventName: Stop}\ncondition: s"


@pytest.fixture
def reasons(read, event):
    """(why, about) of every rule of these texts that is blind."""

    def ask(
        *texts, sources=("aws.cloudtrail", "zeek"), natives=({"eventName": "Go"},), fired=None, source="aws.cloudtrail"
    ):
        sample = [event(native, source) for native in natives]
        return [(each.why, each.about) for each in blind(read(*texts), sources, sample, fired or {}, Known())]

    return ask


def test_a_rule_that_has_fired_is_not_blind(reasons, rule):
    assert reasons(rule(STOP), fired={"00000000-0000-4000-8000-000000000001": 1}) == []


def test_a_rule_that_could_fire_and_did_not_is_told_apart(reasons, rule):
    assert reasons(rule(STOP)) == [("never_fired", ())]


def test_a_log_source_that_nothing_reads(reasons, rule):
    assert reasons(rule(STOP, "{product: macos}")) == [("no_source", ("macos/*/*",))]


def test_a_source_that_nobody_reads_here(reasons, rule):
    assert reasons(rule(STOP), sources=["zeek"]) == [("source_not_read", ("aws.cloudtrail",))]


def test_records_that_never_came(reasons, rule):
    assert reasons(rule(STOP), natives=()) == [("no_records", ("aws.cloudtrail",))]
    dns = rule("s: {query: x}\ncondition: s", "{product: zeek, service: dns}")
    assert reasons(dns, natives=[{"_path": "conn"}], source="zeek") == [("no_records", ("zeek dns",))]


def test_fields_without_which_it_cannot_fire(reasons, rule):
    text = rule("s: {eventName: Stop, vpcEndpointId: x}\nt: {errorCode: y}\ncondition: s and not t")
    assert reasons(text) == [("fields_never_seen", ("vpcEndpointId", "errorCode"))]
    assert reasons(text, natives=[{"eventName": "Go", "vpcEndpointId": "v"}]) == [("never_fired", ())]


def test_parameters_of_a_call_that_nobody_made_are_no_blindness(reasons, rule):
    text = rule("s: {eventName: Stop, requestParameters.name: x}\ncondition: s")
    assert reasons(text) == [("fields_not_yet_seen", ("requestParameters.name",))]


def correlation(kind, rules):
    block = f"{{type: {kind}, rules: [{rules}], timespan: 1m"
    ending = ", condition: {gte: 2}}" if kind == "event_count" else "}"
    return f"title: T\nid: 00000000-0000-4000-8000-000000000099\ncorrelation: {block}{ending}\n"


def test_a_correlation_is_blind_with_its_rules(reasons, rule):
    blind_one = rule(STOP, "{product: macos}", number=1, more="name: a\n")
    other = rule(STOP, number=2, more="name: b\n")
    assert reasons(blind_one, other, correlation("event_count", "a, b"))[2][0] == "never_fired"
    assert reasons(blind_one, other, correlation("temporal", "a, b"))[2] == ("bases_blind", ("a",))


def test_a_rule_that_is_counted_by_an_alerting_correlation_has_fired(reasons, rule):
    texts = rule(STOP, more="name: a\n"), correlation("event_count", "a")
    assert reasons(*texts, fired={"00000000-0000-4000-8000-000000000099": 1}) == []
