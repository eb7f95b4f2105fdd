"""A foreign tree of rules: every rule has one fate and a reason."""

from __future__ import annotations

from detectors.sigma.known import Known
from detectors.sigma.survey import by_product, survey

STOP = "s: {eventName: Stop}\ncondition: s"


def fates(read, *texts):
    return [(one.fate, one.why, one.product) for one in survey(read(*texts), Known(), {"rule0.yml": "vms"})]


def test_a_rule_that_can_fire_loads(read, rule):
    assert fates(read, rule(STOP)) == [("loads", "", "aws")]


def test_a_rule_that_can_never_fire_here_says_why(read, rule):
    assert fates(read, rule(STOP, "{product: macos, category: file_event}")) == [("never_fires", "no_source", "macos")]
    assert fates(read, rule("s: {nonsense: x}\ncondition: s")) == [("never_fires", "no_field", "aws")]
    assert fates(read, rule(STOP, more="status: deprecated\n")) == [("never_fires", "deprecated", "aws")]


def test_a_refused_rule_keeps_its_product(read, rule):
    assert fates(read, rule("s: {a|nonsense: x}\ncondition: s")) == [("refused", "refused", "vms")]


def test_a_correlation_over_silent_rules_is_silent(read, rule):
    base = rule(STOP, "{product: macos, category: file_event}", more="name: base\n")
    block = "{type: event_count, rules: [base], timespan: 1m, condition: {gte: 2}}"
    text = f"title: T\nid: 00000000-0000-4000-8000-000000000099\ncorrelation: {block}\n"
    assert fates(read, base, text)[1] == ("never_fires", "no_base", "(correlation)")


def test_the_rows_add_up_and_the_sum_stands_last(read, rule):
    texts = [rule(STOP, number=n) for n in (1, 2)] + [rule(STOP, "{product: macos}", number=3)]
    rows = by_product(survey(read(*texts), Known(), {}))
    assert [(row["product"], row["rules"], row["loads"], row["no_source"]) for row in rows] == [
        ("aws", 2, 2, 0),
        ("macos", 1, 0, 1),
        ("all", 3, 2, 1),
    ]
