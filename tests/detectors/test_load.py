"""Files to rules; whatever is wrong is a refusal with a line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.sigma.check import check_path
from detectors.sigma.load import load_folders, load_texts
from yunshao.errors import BadConfiguration

GOOD = """title: Good
id: 00000000-0000-4000-8000-000000000001
name: good
status: stable
level: high
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: StopLogging}
  condition: selection
tags: [attack.t1562.008, attack.t1078, attack.defense-evasion, cve.2024-1]
falsepositives: [Never]
yunshao:
  title_zh: 好规则
  why: "{userIdentity.arn} did it"
  weakness: {id: w1, severity: 4, name: {zh: 弱, en: Weak}}
  tests:
    - {fires: true, event: {eventName: StopLogging}}
"""


def one(text: str):
    return load_texts([("f.yml", text.encode())], {})


def test_a_rule_keeps_what_its_file_says():
    (rule,) = one(GOOD).rules
    assert (rule.id, rule.name, rule.title, rule.level) == (
        "00000000-0000-4000-8000-000000000001",
        "good",
        "Good",
        "high",
    )
    assert rule.titles == {"zh": "好规则", "en": "Good"}
    assert rule.words.weakness["id"] == "w1"
    assert rule.falsepositives == ("Never",)
    assert rule.cases[0].fires
    assert (rule.file, rule.line) == ("f.yml", 1)


def test_techniques_carry_todays_numbers():
    (rule,) = one(GOOD).rules
    assert rule.techniques == ("T1685.002", "T1078")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("title: Good", "title: ''", 1, "title"),
        ("title: Good", f"title: {'x' * 257}", 1, "256"),
        ("id: 00000000-0000-4000-8000-000000000001", "id: seven", 2, "UUID"),
        ("status: stable", "status: perfect", 4, "status"),
        ("level: high", "level: extreme", 5, "level"),
        ("logsource: {product: aws, service: cloudtrail}", "logsource: {}", 6, "log source"),
        ("logsource: {product: aws, service: cloudtrail}", "logsource: aws", 6, "not a map"),
        ("  selection: {eventName: StopLogging}", "  selection: {eventName|nonsense: x}", 8, "nonsense"),
        ("  selection: {eventName: StopLogging}", "  selection: {}", 8, "empty map"),
        ("  condition: selection", "  condition: other", 9, "no selection"),
        ("  condition: selection", "  condition: selection | count() > 3", 9, "correlation"),
        ("  condition: selection", "  timeout: 3", 7, "condition"),
        ("attack.t1078,", "attack.t10789,", 10, "technique"),
        ("cve.2024-1", "nonamespace", 10, "namespace"),
        ("status: stable", "date: 2026-13-40", 4, "date"),
        ("title_zh: 好规则", "surprise: 1", 13, "unknown key"),
        ("fires: true,", "fires: maybe,", 17, "fires"),
        ("severity: 4", "severity: 9", 15, "severity"),
    ],
)
def test_a_wrong_key_is_refused_with_its_line(old, new, line, words):
    loaded = one(GOOD.replace(old, new))
    assert not loaded.rules
    (refused,) = loaded.refused
    assert words in refused.reason
    assert refused.line == line


def test_a_good_rule_beside_a_bad_one_is_kept():
    loaded = one(GOOD + "---\ntitle: Bad\n---\n" + GOOD.replace("000000000001", "000000000002"))
    assert len(loaded.rules) == 2
    assert [(each.line, each.title) for each in loaded.refused] == [(19, "Bad")]


def test_an_id_is_taken_once():
    loaded = one(GOOD + "---\n" + GOOD)
    assert len(loaded.rules) == 1
    assert "taken" in loaded.refused[0].reason


def test_a_rule_without_an_id_gets_one_from_its_content():
    text = GOOD.replace("id: 00000000-0000-4000-8000-000000000001\n", "")
    assert one(text).rules[0].id == one(text).rules[0].id != one(GOOD).rules[0].id


def test_old_collections_share_a_global_part():
    text = """action: global
title: Shared
level: low
logsource: {product: aws, service: cloudtrail}
detection: {condition: selection}
---
detection: {selection: {eventName: A}}
---
detection: {selection: {eventName: B}}
"""
    loaded = one(text)
    assert not loaded.refused
    assert [rule.title for rule in loaded.rules] == ["Shared", "Shared"]


def test_a_filter_is_joined_to_the_rules_it_names(event):
    from detectors.sigma.match import Matcher

    text = (
        GOOD
        + """---
title: Not by the robot
logsource: {product: aws, service: cloudtrail}
filter:
  rules: [good]
  selection: {userIdentity.userName: robot}
  condition: not selection
"""
    )
    loaded = one(text)
    assert not loaded.refused
    matches = Matcher(loaded.rules).matches
    assert matches(event({"eventName": "StopLogging"}))
    assert not matches(event({"eventName": "StopLogging", "userIdentity": {"userName": "robot"}}))


def test_correlations_name_rules_by_id_or_name():
    text = (
        GOOD
        + """---
title: Many
id: 00000000-0000-4000-8000-000000000009
correlation: {type: event_count, rules: [good], group-by: [a], timespan: 5m, condition: {gte: 3}}
"""
    )
    (many,) = one(text).correlations
    assert many.rules == ("00000000-0000-4000-8000-000000000001",)
    assert many.timespan == 300_000
    assert many.bounds == (("gte", 3.0),)


@pytest.mark.parametrize(
    ("correlation", "words"),
    [
        ("{type: event_count, rules: [nobody], timespan: 5m, condition: {gte: 3}}", "no rule"),
        ("{type: strange, rules: [good], timespan: 5m, condition: {gte: 3}}", "type"),
        ("{type: event_count, rules: [good], timespan: 5 minutes, condition: {gte: 3}}", "timespan"),
        ("{type: event_count, rules: [good], timespan: 0m, condition: {gte: 3}}", "timespan"),
        ("{type: event_count, rules: [good], timespan: 5m}", "condition"),
        ("{type: event_count, rules: [good], timespan: 5m, condition: {}}", "nothing"),
        ("{type: event_count, rules: [good], timespan: 5m, condition: {gte: 99999999}}", "between"),
        ("{type: value_count, rules: [good], timespan: 5m, condition: {gte: 3}}", "field"),
        ("{type: value_percentile, rules: [good], timespan: 5m, condition: {gte: 3, field: a}}", "percentile"),
        ("{type: temporal, rules: [self], timespan: 5m}", "itself"),
        ("{type: temporal, rules: [good], timespan: 5m, condition: good and other}", "selection"),
        ("{type: event_count, rules: [good], timespan: 5m, condition: {gte: 3}, surprise: 1}", "unknown key"),
        ("{type: event_count, rules: [good], timespan: 5m, condition: {gte: 3}, aliases: {x: {other: y}}}", "alias"),
    ],
)
def test_a_correlation_that_cannot_work_is_refused(correlation, words):
    text = f"{GOOD}---\ntitle: Many\nid: 00000000-0000-4000-8000-000000000009\nname: self\ncorrelation: {correlation}\n"
    loaded = one(text)
    assert not loaded.correlations
    assert words in loaded.refused[0].reason


def test_a_later_set_replaces_rules_of_the_same_id():
    both = one(GOOD) + one(GOOD.replace("level: high", "level: low"))
    assert [rule.level for rule in both.rules] == ["low"]


def test_a_site_may_correlate_filter_and_replace_what_it_stands_on(event):
    from detectors.sigma.match import Matcher

    other = GOOD.replace("000000000001", "000000000002").replace("name: good", "name: other")
    base = one(GOOD + "---\n" + other)
    site = """title: Many
id: 00000000-0000-4000-8000-000000000009
correlation: {type: event_count, rules: [good], timespan: 5m, condition: {gte: 3}}
---
title: Not by the robot
logsource: {product: aws, service: cloudtrail}
filter: {rules: [good], selection: {who: robot}, condition: not selection}
---
""" + other.replace("level: high", "level: low")
    both = load_texts([("site.yml", site.encode())], {}, base)
    assert not both.refused
    assert [(rule.name, rule.level) for rule in both.rules] == [("good", "high"), ("other", "low")]
    assert both.correlations[0].rules == ("00000000-0000-4000-8000-000000000001",)
    robot = event({"eventName": "StopLogging", "who": "robot"})
    assert [rule.level for rule in Matcher(both.rules[:1]).matches(robot)] == []


def test_a_folder_is_walked_in_order(tmp_path: Path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "a.yml").write_text(GOOD.replace("000000000001", "000000000002"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a rule", encoding="utf-8")
    (tmp_path / "bad.yml").write_bytes(b"title: x\n\xff\xfe")
    checked = check_path(tmp_path)
    assert [(Path(each.file).name, each.status, each.line) for each in checked] == [
        ("a.yml", "ok", 1),
        ("x.yaml", "ok", 1),
        ("bad.yml", "refused", 2),
    ]


def test_a_path_that_is_not_there_is_bad_configuration(tmp_path: Path):
    with pytest.raises(BadConfiguration):
        load_folders([tmp_path / "nothing"])


def test_a_rule_that_no_source_reads_is_good_and_said_to_never_fire(tmp_path: Path):
    path = tmp_path / "a.yml"
    path.write_text(GOOD.replace("{product: aws, service: cloudtrail}", "{product: mainframe}"), encoding="utf-8")
    (checked,) = check_path(path)
    assert checked.status == "ok"
    assert "never fires" in checked.reason


def test_a_file_that_is_too_large_is_refused():
    loaded = load_texts([("f.yml", b"#" * (2 << 20))], {})
    assert "larger" in loaded.refused[0].reason


@given(st.binary(max_size=300))
def test_any_bytes_are_rules_or_refusals(content):
    load_texts([("f.yml", content)], {})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from(["detection", "logsource", "tags", "level", "id", "yunshao", "correlation", "filter", "title"]),
)
def test_any_value_at_any_key_is_a_rule_or_a_refusal(value, key):
    import orjson

    try:
        dumped = orjson.dumps(
            {"title": "x", "logsource": {"product": "aws"}, "detection": {"s": {"a": 1}, "condition": "s"}, key: value}
        )
    except (orjson.JSONEncodeError, TypeError):
        return
    loaded = load_texts([("f.yml", dumped)], {})
    assert len(loaded.rules) + len(loaded.correlations) + len(loaded.refused) <= 1


def test_a_rule_that_would_cost_too_much_is_refused():
    values = ", ".join(f"'*a{n}*b*'" for n in range(1000))
    text = GOOD.replace("{eventName: StopLogging}\n", f"{{eventName: [{values}]}}\n", 1)
    text = text.replace("condition: selection", "condition: " + " or ".join(["selection"] * 200))
    assert "cost" in one(text).refused[0].reason
