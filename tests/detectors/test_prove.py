"""A rule's own tests."""

import orjson

from detectors.sigma.boilerplate import completed
from detectors.sigma.prove import event_of, prove
from yunshao.errors import Rejection
from yunshao.model.event import Identity

RULE = """title: A rule
id: 00000000-0000-4000-8000-000000000001
name: a_rule
level: low
logsource: {{product: aws, service: cloudtrail}}
detection:
  selection: {{eventName: Stop}}
  condition: selection
yunshao:
  tests:
    - {{fires: {fires}, event: {{eventName: {name}}}}}
"""
PAIR = """---
title: Two of them
id: 00000000-0000-4000-8000-000000000002
name: two
level: high
correlation: {type: event_count, rules: [a_rule], timespan: 5m, condition: {gte: 2}}
yunshao:
  tests:
    - {fires: true, events: [{eventName: Stop}, {eventName: Stop}]}
    - {fires: false, events: [{eventName: Stop}, {eventName: Go}]}
"""


class Parser:
    """Reads JSON objects with an id and a time."""

    source = "aws.cloudtrail"

    def decode(self, raw, hint):
        return orjson.loads(raw)

    def identify(self, native):
        if "eventID" not in native:
            raise Rejection("not_this_source")
        return Identity(native["eventID"], len(native["eventID"]))

    def normalise(self, native, identity):
        return {}


def test_a_test_passes_when_the_rule_does_what_it_says(read):
    for fires, name, passed in (
        ("true", "Stop", True),
        ("false", "Go", True),
        ("true", "Go", False),
        ("false", "Stop", False),
    ):
        (proof,) = prove(read(RULE.format(fires=fires, name=name)), {"aws.cloudtrail": Parser()})
        assert proof.passed is passed
        assert proof.line == 11
        assert bool(proof.reason) is not passed


def test_a_correlation_is_proved_with_several_events(read):
    proofs = prove(read(RULE.format(fires="true", name="Stop") + PAIR), {"aws.cloudtrail": Parser()})
    assert [proof.passed for proof in proofs] == [True, True, True]


def test_without_a_parser_the_proof_says_so(read):
    (proof,) = prove(read(RULE.format(fires="true", name="Stop")), {})
    assert "no parser" in proof.reason


def test_what_the_test_says_is_kept_and_the_rest_is_filled_in():
    whole = completed("aws.cloudtrail", {"eventName": "Stop", "eventTime": "2020-01-01T00:00:00Z"}, 3)
    assert whole["eventTime"] == "2020-01-01T00:00:00Z"
    assert whole["eventID"].endswith("003")


def test_a_raw_line_is_given_to_the_parser_as_it_is():
    assert event_of(Parser(), {"raw": '{"eventID": "x"}'}, 0).uid == "x"
