"""Exceptions: read strictly, asked after the rule fired, and ended by their day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from contract.samples import NOON, event

from detectors.replay import replay
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.exceptions import RuleException, parse_exceptions
from detectors.sigma.load import load_texts
from yunshao.errors import BadContent
from yunshao.model.event import Owner
from yunshao.model.finding import Finding

RULE_ID = "0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11"
ABOVE_ID = "0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a12"
RULES = f"""
title: An object was deleted
id: {RULE_ID}
name: deleted
level: high
logsource: {{product: aws, service: cloudtrail}}
detection: {{selection: {{op: Delete}}, condition: selection}}
---
title: Many objects were deleted
id: {ABOVE_ID}
name: mass
level: critical
correlation:
  {{type: event_count, rules: [deleted], generate: true, group-by: [user], timespan: 1h, condition: {{gte: 2}}}}
"""
GOOD = """
exceptions:
  - id: backup
    rule: RULE
    match: {user: backup-svc, ip|cidr: 10.0.0.0/8}
    owner: Operations
    reason: Restores delete the old copy.
    created: 2026-01-01
    expires: 2026-06-30
"""


def read(text: str) -> list[RuleException]:
    found = parse_exceptions(text, "exceptions.yml")
    assert all(isinstance(one, RuleException) for one in found), found
    return [one for one in found if isinstance(one, RuleException)]


def found(text: str, *records: dict[str, Any]) -> list[Finding]:
    loaded = load_texts([("rules.yml", RULES.encode())], {})
    assert not loaded.refused
    detector = SigmaDetector(loaded, exceptions=read(text))
    events = [
        event(f"e{n}", time=record.pop("at", NOON) + n, owner=Owner("metro"), op="Delete", **record)
        for n, record in enumerate(records)
    ]
    return replay(detector, events)


def excepted(text: str, *records: dict[str, Any]) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for finding in found(text, *records):
        kept.setdefault(finding.rule_name, []).append(finding.excepted)
    return kept


def of_rule(text: str = GOOD, rule: str = RULE_ID) -> str:
    return text.replace("RULE", rule)


def test_an_exception_marks_what_it_describes_and_nothing_else() -> None:
    inside, outside = {"user": "backup-svc", "ip": "10.1.2.3"}, {"user": "backup-svc", "ip": "203.0.113.9"}
    assert excepted(of_rule(), inside)["deleted"] == ["backup"]
    assert excepted(of_rule(), outside)["deleted"] == [""]


def test_a_list_of_selections_is_any_of_them() -> None:
    text = of_rule().replace("{user: backup-svc, ip|cidr: 10.0.0.0/8}", "[{user: a}, {user: b}]")
    assert excepted(text, {"user": "b"})["deleted"] == ["backup"]
    assert excepted(text, {"user": "c"})["deleted"] == [""]


def test_an_exception_ends_with_its_last_day_in_event_time() -> None:
    last = 1_782_863_999_999  # 2026-06-30T23:59:59.999Z
    inside = {"user": "backup-svc", "ip": "10.1.2.3"}
    assert excepted(of_rule(), {**inside, "at": last})["deleted"] == ["backup"]
    assert excepted(of_rule(), {**inside, "at": last + 1})["deleted"] == [""]


def test_a_correlation_goes_on_counting_what_is_excepted() -> None:
    inside = {"user": "backup-svc", "ip": "10.1.2.3"}
    assert excepted(of_rule(), dict(inside), dict(inside)) == {"deleted": ["backup", "backup"], "mass": [""]}


@pytest.mark.parametrize(
    ("match", "expected"), [("{user: backup-svc}", "backup"), ("{unit: metro}", "backup"), ("{user: other}", "")]
)
def test_an_exception_of_a_correlation_reads_its_group_and_owner(match: str, expected: str) -> None:
    text = of_rule(rule=ABOVE_ID).replace("{user: backup-svc, ip|cidr: 10.0.0.0/8}", match)
    found = excepted(text, {"user": "backup-svc"}, {"user": "backup-svc"})
    assert found == {"deleted": ["", ""], "mass": [expected]}


WRONG = [
    ("owner: Operations", "owner: ''", "'owner' is missing"),
    ("    expires: 2026-06-30\n", "", "'expires' is missing"),
    ("2026-06-30", "2027-01-03", "more than a year"),
    ("2026-06-30", "2025-12-31", "before created"),
    ("2026-06-30", "soon", "no date"),
    ("id: backup", "id: Back up", "id is"),
    ("match: {user: backup-svc, ip|cidr: 10.0.0.0/8}", "match: everything", "selection"),
    ("match: {user: backup-svc, ip|cidr: 10.0.0.0/8}", "match: {}", "empty map"),
    ("match: {user: backup-svc, ip|cidr: 10.0.0.0/8}", "match: {ip|nothing: 1}", "nothing"),
    ("owner: Operations", "owner: Operations\n    stage: draft", "unknown key"),
    ("exceptions:", "other:", "is a list"),
]


@pytest.mark.parametrize(("good", "bad", "reason"), WRONG, ids=[reason for _, _, reason in WRONG])
def test_what_cannot_be_used_says_where_and_why(good: str, bad: str, reason: str) -> None:
    (one,) = parse_exceptions(of_rule().replace(good, bad), "exceptions.yml")
    assert isinstance(one, BadContent)
    assert reason in one.what
    assert one.line_number


def test_one_that_cannot_be_used_leaves_its_neighbours_alone() -> None:
    body = of_rule().removeprefix("\nexceptions:\n")
    first, second = parse_exceptions(f"exceptions:\n{body.replace('owner', 'master')}{body}", "exceptions.yml")
    assert isinstance(first, BadContent)
    assert isinstance(second, RuleException)
    assert (second.id, second.expires) == ("backup", date(2026, 6, 30))


@pytest.mark.parametrize(
    "text", ["[" * 5000, "exceptions: [1, [], null]", "a: b: c", "exceptions:\n  - &a [*a]", "\x00"]
)
def test_hostile_files_are_refused(text: str) -> None:
    assert all(isinstance(one, BadContent) for one in parse_exceptions(text, "exceptions.yml"))
