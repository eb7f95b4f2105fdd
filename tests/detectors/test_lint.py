"""Doubts about rules that can be read: a code and the line that it is about."""

from __future__ import annotations

import pytest

from detectors.sigma.attack_ids import TECHNIQUES, is_known
from detectors.sigma.known import Known
from detectors.sigma.lint import Linter
from detectors.sigma.load import load_texts

RULE = """title: Logging was stopped
id: 0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11
name: logging_stopped
description: It was.
status: test
level: high
logsource: {product: aws, service: cloudtrail}
detection:
  selection:
    eventName: StopLogging
  condition: selection
tags: [attack.defense-impairment, attack.t1685.002]
"""


def doubts(*texts):
    """(code, line) of every warning about the texts, each one a file; the last file's."""
    documents = {}

    def remember(document, name):
        documents[name, document.line] = document
        return document

    files = [(f"rule{number}.yml", text.encode()) for number, text in enumerate(texts)]
    loaded = load_texts(files, {}, None, remember)
    assert not loaded.refused
    found = Linter(Known()).warnings(loaded, documents)
    return [(each.code, each.line) for (name, _), listed in found.items() if name == files[-1][0] for each in listed]


def test_a_good_rule_raises_no_doubt():
    assert doubts(RULE) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("id: 0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11\n", "", "no_id", 1),
        ("description: It was.\n", "", "no_description", 1),
        ("status: test\n", "", "no_status", 1),
        ("level: high\n", "", "no_level", 1),
        ("product: aws, service: cloudtrail", "product: opencanary, service: x", "no_source", 7),
        ("eventName: StopLogging", "eventNme: StopLogging", "unknown_field", 9),
        ("eventName: StopLogging", "eventNme: StopLogging", "never_fires", 8),
        ("attack.t1685.002", "attack.t1562.008", "old_technique", 12),
        ("attack.t1685.002", "attack.t1003.077", "unknown_technique", 12),
        ("attack.defense-impairment", "attack.defence-evasion", "unknown_tactic", 12),
        ("    eventName: StopLogging", "    '|contains': StopLogging", "searches_everywhere", 8),
        ("eventName: StopLogging", "eventName|re: '^.*[0-9]$'", "slow_expression", 9),
        ("StopLogging", "[" + ", ".join(f"n{number}" for number in range(1500)) + "]", "costly", 8),
    ],
)
def test_each_doubt_has_its_code_and_line(old, new, code, line):
    assert old in RULE
    assert (code, line) in doubts(RULE.replace(old, new))


def test_a_name_that_another_rule_has_is_a_doubt():
    twin = RULE.replace("0b2f7a35", "1b2f7a35")
    assert doubts(RULE, twin) == [("name_taken", 3)]


def test_a_word_of_the_reason_that_the_source_does_not_have_is_a_doubt():
    told = RULE + "yunshao:\n  why: '{userIdentity.arn} of {unit} did {evntName}'\n"
    assert doubts(told) == [("unknown_field", 14)]


def test_a_correlation_that_groups_by_a_missing_field_is_a_doubt():
    counted = """title: Many
id: 00000000-0000-4000-8000-000000000099
description: d
status: test
level: high
correlation:
  type: event_count
  rules: [logging_stopped]
  group-by: [userIdentity.arn, usr]
  timespan: 1m
  condition: {gte: 3}
"""
    assert doubts(RULE, counted) == [("unknown_field", 9)]


def test_the_table_of_techniques_is_whole():
    assert len(TECHNIQUES) == 691
    assert {"T1003.008", "T1078.004", "T1562.008", "T1685.002"} - TECHNIQUES == {"T1685.002"}
    assert is_known("T1685.002")
    assert is_known("T1999")
    assert not is_known("T1003.009")
