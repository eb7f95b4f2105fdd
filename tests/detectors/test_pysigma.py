"""pySigma's pipelines and validators, asked without the network and answered in plain Sigma."""

from __future__ import annotations

import pytest

from detectors.sigma.document import read_documents
from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from detectors.sigma.pysigma import Validation, pipeline_of
from yunshao.errors import BadConfiguration


def piped(pipeline: str, *texts: str):
    files = ((f"rule{number}.yml", text.encode()) for number, text in enumerate(texts))
    return load_texts(files, {}, None, pipeline_of([("pipeline.yml", pipeline)]))


@pytest.fixture
def fires_through(event, rule):
    """Whether a detection that went through a pipeline fires on a record."""

    def ask(pipeline, detection, native, **more):
        loaded = piped(pipeline, rule(detection, **more))
        assert not loaded.refused, loaded.refused
        return bool(Matcher(loaded.rules).matches(event(native)))

    return ask


RENAME = """
transformations:
  - type: field_name_mapping
    mapping: {action: eventName, who: [userIdentity.arn, userIdentity.userName]}
"""
DETECTION = "s: {action: Stop, who|contains: ops}\ncondition: s"


def test_fields_are_renamed_and_one_may_stand_for_several(fires_through):
    assert fires_through(RENAME, DETECTION, {"eventName": "Stop", "userIdentity": {"arn": "x/ops7"}})
    assert fires_through(RENAME, DETECTION, {"eventName": "Stop", "userIdentity": {"userName": "ops7"}})
    assert not fires_through(RENAME, DETECTION, {"eventName": "Stop", "userIdentity": {"userName": "eve"}})
    assert not fires_through(RENAME, DETECTION, {"action": "Stop", "who": "ops7"})


ADD = """
transformations:
  - type: add_condition
    conditions: {awsRegion: cn-north-1}
"""


def test_a_condition_is_added_under_a_steady_name(fires_through, rule):
    detection = "s: {eventName: Stop}\ncondition: s"
    assert fires_through(ADD, detection, {"eventName": "Stop", "awsRegion": "cn-north-1"})
    assert not fires_through(ADD, detection, {"eventName": "Stop", "awsRegion": "us-east-1"})
    first, second = (piped(ADD, rule(detection)).rules[0] for _ in range(2))
    assert first.condition == second.condition == "_added_1 and (s)"
    assert first.selections.keys() == {"s", "_added_1"}


REPLACE = """
transformations:
  - {type: replace_string, regex: "Logging$", replacement: Trail}
"""


def test_values_that_a_pipeline_changes_are_written_as_they_are_now(fires_through):
    detection = r"s: {eventName|endswith: Logging, path: 'C:\\a\*b*'}" + "\ncondition: s"
    assert fires_through(REPLACE, detection, {"eventName": "StopTrail", "path": r"C:\a*bcd"})
    assert not fires_through(REPLACE, detection, {"eventName": "StopTrail", "path": r"C:\axbcd"})


def test_our_own_words_and_lines_outlive_the_pipeline(rule, read):
    text = rule(DETECTION, more="yunshao: {why: because, tests: [{fires: true, event: {eventName: Stop}}]}\n")
    (before,), (after,) = read(text).rules, piped(RENAME, text).rules
    assert after.words == before.words
    assert after.cases == before.cases
    assert (after.line, after.id) == (before.line, before.id)
    broken = piped(RENAME, rule("s: {action: Stop}\nbad: {x|nonsense: 1}\ncondition: s"))
    assert "nonsense" in broken.refused[0].reason


FAIL = """
transformations:
  - {type: rule_failure, message: Not for this cloud}
"""


def test_a_rule_that_the_pipeline_fails_is_refused_with_its_reason(rule):
    (refused,) = piped(FAIL, rule(DETECTION)).refused
    assert "Not for this cloud" in refused.reason
    assert refused.line > 0


CORRELATION = """title: T
id: 00000000-0000-4000-8000-000000000099
correlation:
  type: value_count
  rules: [base]
  group-by: [action]
  timespan: 1m
  condition: {gte: 2, field: action}
  generate: true
"""


def test_a_correlation_counts_and_groups_by_the_renamed_field(rule):
    loaded = piped(RENAME, rule("s: {action: Stop}\ncondition: s", more="name: base\n"), CORRELATION)
    assert not loaded.refused
    (correlation,) = loaded.correlations
    assert (correlation.group_by, correlation.fields, correlation.generate) == (("eventName",), ("eventName",), True)


def test_pipelines_go_in_the_order_of_their_priority(rule):
    first = "priority: 1\ntransformations: [{type: field_name_mapping, mapping: {a: b}}]\n"
    last = "priority: 9\ntransformations: [{type: field_name_mapping, mapping: {b: c}}]\n"
    reshape = pipeline_of([("last.yml", last), ("first.yml", first)])
    files = [("r.yml", rule("s: {a: x}\ncondition: s").encode())]
    assert load_texts(files, {}, None, reshape).rules[0].fields == ("c",)


@pytest.mark.parametrize(
    "text",
    [
        *("", "just text", "[1, 2]", "transformations: nonsense", "transformations: [{type: no_such_thing}]"),
        *("a: &x {b: *x}", "transformations: [{type: field_name_mapping}]", "nonsense: 1", "{" * 200, "a: b: c"),
    ],
)
def test_what_is_no_pipeline_is_refused_in_one_line(text):
    with pytest.raises(BadConfiguration) as caught:
        pipeline_of([("p.yml", text)])
    assert "\n" not in caught.value.line()


@pytest.mark.parametrize(
    "kind", ["{type: file_placeholders, path: '%s'}", "{type: http_placeholders, url: 'http://127.0.0.1:9/%s'}"]
)
def test_a_pipeline_reads_nothing_else_of_the_world(kind, tmp_path, rule):
    secret = tmp_path / "secret.txt"
    secret.write_text("StopLogging\n")
    loaded = piped(f"transformations: [{kind % secret}]\n", rule("s: {eventName|expand: '%names%'}\ncondition: s"))
    assert not loaded.rules
    assert "pipeline: " in loaded.refused[0].reason


def test_every_plain_rule_comes_back_from_an_empty_pipeline_as_it_was(rule, read):
    texts = [
        rule(
            r"s: {a|contains: ['x\*y', '\\\\z', '?*'], b: null, c: 12, d|re: 'a\.b', e: ['', '*']}" + "\ncondition: s"
        ),
        rule("s: [word, 'o*her']\nt: [{a: x}, {b|exists: false}]\ncondition: 1 of them", number=2),
        rule(
            "s: {a|cidr: 10.0.0.0/8, b|gt: 3, c|base64offset|contains: foo, d|fieldref: e}\ncondition: not s", number=3
        ),
    ]
    before, after = read(*texts), piped("transformations: []\n", *texts)
    assert not after.refused
    assert [str(rule.tree) for rule in after.rules] == [str(rule.tree) for rule in before.rules]


def issues(text: str):
    (document,) = read_documents(text, "r.yml")
    return [(each.code, each.path) for each in Validation().issues("r", document.value)]


def test_a_validator_says_what_and_where(rule):
    text = rule("s: {a: '*x*'}\nt: {b: y}\ncondition: s", more="tags: [nonsense.tag]\n")
    found = issues(text)
    assert ("sigma.dangling_detection", ()) in found
    assert ("sigma.invalid_namespace_tag", ("tags",)) in found
    assert ("sigma.wildcards_instead_of_contains_modifier", ("detection", "s", "a")) in found


def test_validators_that_would_ask_the_network_are_left_out(rule):
    assert issues(rule("s: {a: x}\ncondition: s", more="tags: [attack.t9999, d3fend.nonsense]\n")) == []


def test_two_rules_of_one_title_are_told_in_the_end(rule):
    validation = Validation()
    for number in (1, 2):
        (document,) = read_documents(rule("s: {a: x}\ncondition: s", number=number), f"{number}.yml")
        validation.issues(str(number), document.value)
    found = validation.finish()
    assert found.keys() == {"1", "2"}
    assert {each.code for listed in found.values() for each in listed} == {"sigma.duplicate_title"}


@pytest.mark.parametrize("condition", ["(" * 31 + "s" + ")" * 31, "not " * 2000 + "s", "s and " * 900 + "s"])
def test_no_condition_holds_up_or_fails_the_validators(condition, rule):
    assert isinstance(issues(rule(f"s: {{a: x}}\ncondition: {condition}")), list)
