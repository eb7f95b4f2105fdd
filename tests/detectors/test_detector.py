"""From an event to findings: rules alone, and correlations of them."""

import random

import orjson

from detectors.replay import replay
from detectors.sigma.detector import SigmaDetector
from yunshao.model.event import Owner
from yunshao.model.finding import Observation

MINUTE = 60_000
BASE = """title: A try failed
id: 00000000-0000-4000-8000-000000000001
name: failed
level: low
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: ConsoleLogin, result: failed}
  condition: selection
tags: [attack.t1110]
falsepositives: [A forgotten password]
yunshao:
  title_zh: 一次失败
  why: "{user} failed from {ip} at {unit}, {nothing}"
  why_zh: "{user} 在 {unit} 失败，来自 {ip}"
  triage: [Ask them.]
  weakness: {id: w1, severity: 2}
"""
MANY = """---
title: Many tries failed
id: 00000000-0000-4000-8000-000000000002
name: many_failed
level: high
correlation: {type: event_count, rules: [failed], group-by: [ip], timespan: 5m, condition: {gte: 3}}
"""
GOOD = """---
title: A try succeeded
id: 00000000-0000-4000-8000-000000000003
name: succeeded
level: informational
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: ConsoleLogin, result: ok}
  condition: selection
"""
BOTH = """---
title: Many tries, then one succeeded
id: 00000000-0000-4000-8000-000000000004
name: guessed
level: critical
correlation:
  type: temporal_ordered
  rules: [many_failed, succeeded]
  group-by: [who]
  aliases: {who: {many_failed: user, succeeded: user}}
  timespan: 10m
yunshao: {why: "{who} was guessed within {timespan}"}
"""
OCSF = {"actor": {"user": {"name": "ops7"}}}


def login(event, time, result="failed", user="ops7", ip="203.0.113.5", **more):
    return event({"eventName": "ConsoleLogin", "result": result, "user": user, "ip": ip, **more}, time=time, ocsf=OCSF)


def test_a_rule_that_fires_becomes_a_finding(read, event):
    detector = SigmaDetector(read(BASE))
    seen = login(event, 7).owned(Owner("water", "s1", "c1"))
    (finding,) = replay(detector, [seen])
    assert finding.rule_name == "failed"
    assert finding.entity == "ops7"
    assert finding.events == (seen.ref,)
    assert finding.title == {"zh": "一次失败", "en": "A try failed"}
    assert finding.why["en"] == "ops7 failed from 203.0.113.5 at water, (unknown)"
    assert finding.why["zh"] == "ops7 在 water 失败，来自 203.0.113.5"
    assert finding.techniques == ("T1110",)
    assert finding.weakness == "w1"
    assert finding.facts["eventName"] == "ConsoleLogin"
    assert finding.triage["en"] == ("Ask them.",)
    assert finding.owner.unit == "water"


def test_a_rule_without_words_says_its_title_and_what_matched(read, rule, event):
    detector = SigmaDetector(read(rule("selection: {a: x}\ncondition: selection")))
    (finding,) = replay(detector, [event({"a": "x"}, ocsf=OCSF)])
    assert finding.why == {"en": "A rule: ops7 (a=x)", "zh": "A rule：ops7（a=x）"}


def test_observations_hold_json_alone(read, event):
    detector = SigmaDetector(read(BASE + MANY + GOOD + BOTH))
    for seen in detector.observe(login(event, 1)):
        assert orjson.loads(orjson.dumps(seen.values)) == seen.values


def test_a_value_of_the_log_cannot_be_a_template_or_break_a_line(read, event):
    detector = SigmaDetector(read(BASE))
    hostile = "{unit}\r\n\x1b[31m\u202e" + "x" * 500
    (finding,) = replay(detector, [login(event, 1, user=hostile)])
    assert "{unit}\\x0d\\x0a\\x1b[31m\\u202e" in finding.why["en"]
    assert finding.why["en"].isprintable()
    assert len(finding.why["en"]) < 600


def test_a_rule_that_is_counted_does_not_alert_alone(read, event):
    found = replay(SigmaDetector(read(BASE + MANY)), [login(event, n * 1000) for n in range(2)])
    assert found == []


def test_with_generate_it_does(read, event):
    loaded = read(BASE + MANY.replace("gte: 3}", "gte: 3}, generate: true"))
    found = replay(SigmaDetector(loaded), [login(event, n * 1000) for n in range(3)])
    assert [finding.rule_name for finding in found] == ["failed", "failed", "failed", "many_failed"]


def test_a_correlation_names_its_group_and_its_events(read, event):
    events = [login(event, n * 1000) for n in range(3)]
    (finding,) = replay(SigmaDetector(read(BASE + MANY)), events)
    assert finding.rule_name == "many_failed"
    assert finding.events == tuple(each.ref for each in events)
    assert finding.facts["group"] == {"ip": "203.0.113.5"}
    assert finding.why["en"] == "Many tries failed: ops7, 3 related events within 5m"
    assert finding.why["zh"] == "Many tries failed：ops7，5 分钟内 3 个相关事件"


def test_groups_are_counted_apart(read, event):
    events = [login(event, n * 1000, ip=f"203.0.113.{n}") for n in range(9)]
    assert replay(SigmaDetector(read(BASE + MANY)), events) == []


def test_long_values_that_begin_alike_are_groups_of_their_own(read, event):
    detector = SigmaDetector(read(BASE + MANY))
    assert replay(detector, [login(event, n * 1000, ip="x" * 400 + str(n)) for n in range(9)]) == []
    (found,) = replay(detector, [login(event, n * 1000, ip="x" * 400) for n in range(3)])
    assert len(found.facts["group"]["ip"]) < 256


def test_an_event_from_the_future_does_not_blind_a_correlation(read, event):
    future = event({"eventName": "ConsoleLogin", "result": "failed", "user": "o", "ip": "i"}, time=10**15, ocsf=OCSF)
    future.received = 1000
    events = [login(event, n * 1000, ip="i") for n in range(3)]
    found = replay(SigmaDetector(read(BASE + MANY)), [future, *events], finish=False)
    assert [finding.events for finding in found] == [tuple(each.ref for each in events)]


def test_an_event_that_lacks_a_field_of_the_group_is_not_counted(read, event):
    events = [event({"eventName": "ConsoleLogin", "result": "failed"}, time=n, ocsf=OCSF) for n in range(5)]
    assert replay(SigmaDetector(read(BASE + MANY)), events) == []


def test_a_correlation_may_be_made_of_correlations(read, event):
    events = [login(event, n * 1000) for n in range(3)] + [login(event, 5000, "ok")]
    (finding,) = replay(SigmaDetector(read(BASE + MANY + GOOD + BOTH)), events)
    assert finding.rule_name == "guessed"
    assert finding.why["en"] == "ops7 was guessed within 10m"
    assert set(finding.events) == {each.ref for each in events}


def test_the_outer_group_keeps_strangers_apart(read, event):
    events = [login(event, n * 1000) for n in range(3)] + [login(event, 5000, "ok", user="other")]
    assert replay(SigmaDetector(read(BASE + MANY + GOOD + BOTH)), events) == []


def test_any_order_of_arrival_within_the_lateness_gives_the_same_findings(read, event):
    loaded = read(BASE + MANY + GOOD + BOTH)
    events = [login(event, n * 20_000, "ok" if n % 4 == 3 else "failed", user=f"u{n // 4 % 2}") for n in range(40)]
    detector = SigmaDetector(loaded, lateness=30 * MINUTE)
    expected = sorted((f.rule_id, f.time, f.events) for f in replay(detector, events))
    assert expected
    for seed in range(10):
        shuffled = events[:]
        random.Random(seed).shuffle(shuffled)
        assert sorted((f.rule_id, f.time, f.events) for f in replay(detector, shuffled)) == expected


def test_an_entity_that_looks_like_a_key_reaches_no_other_memory(read, event):
    detector = SigmaDetector(read(BASE))
    hostile = event(
        {"eventName": "ConsoleLogin", "result": "failed"},
        ocsf={"actor": {"user": {"name": "00000000-0000-4000-8000-000000000002|x"}}},
    )
    (seen,) = detector.observe(hostile)
    assert detector.step({"kept": 1}, seen).memory == {"kept": 1}


def test_the_memory_of_a_rule_that_is_gone_is_forgotten(read):
    detector = SigmaDetector(read(BASE))
    step = detector.step({"rows": []}, Observation("sigma", "gone|1", 5, None, Owner(), {}, tick=True))
    assert step.memory is None
    assert step.findings == ()


def test_rules_that_nobody_feeds_are_listed(read, rule):
    detector = SigmaDetector(read(rule("selection: {a: x}\ncondition: selection", "{product: mainframe}")))
    assert [each.title for each in detector.unread] == ["A rule"]
