"""Hours of actors, and the forest that tells the odd one."""

import math
import random

import orjson
import pytest

from detectors.hours import FEATURES, HOUR_MS, is_off_hours
from detectors.isolation import (
    MAX_JUDGED,
    PER_HOUR,
    Isolation,
    cuts_of,
    is_worth_a_look,
    path_scale,
    robust_z,
    score_of,
)
from detectors.replay import replay
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import Observation

MONDAY = 494_856 * HOUR_MS


def act(event, time, actor, operation="Get", service="s3", resource="r1", ip="203.0.113.5", status=1, activity=2):
    ocsf = {
        "class_uid": 6003,
        "activity_id": activity,
        "status_id": status,
        "cloud": {"provider": "AWS", "account": {"uid": "1"}, "region": "cn-1"},
        "actor": {"user": {"name": actor, "uid": actor}},
        "src_endpoint": {"ip": ip},
        "api": {"operation": operation, "service": {"name": service}},
        "resources": [{"uid": resource}],
    }
    return event({}, time=time, ocsf=ocsf)


def ordinary(event, hours=27, actors=10):
    dice = random.Random(3)
    events = []
    for hour in range(hours):
        for actor in range(actors):
            for _ in range(dice.randrange(4, 9)):
                time = MONDAY + hour * HOUR_MS + dice.randrange(HOUR_MS)
                operation = dice.choice(["Get", "List", "Head", "Put"])
                events.append(act(event, time, f"u{actor}", operation, resource=f"r{dice.randrange(3)}"))
    return sorted(events, key=lambda each: each.time)


def attack(event, hour, actor="u3"):
    return [
        act(
            event,
            MONDAY + hour * HOUR_MS + n * 1000,
            actor,
            f"Op{n % 60}",
            f"svc{n % 25}",
            f"x{n}",
            f"198.51.100.{n % 90}",
            2,
            1,
        )
        for n in range(400)
    ]


def test_the_scale_and_the_score_are_those_of_the_formula():
    assert path_scale(256) == pytest.approx(10.2448, abs=1e-4)
    assert score_of(4.2, 256) == pytest.approx(0.7526, abs=1e-4)
    assert cuts_of(score_of(4.2, 256), 256) == pytest.approx(4.2)


def test_robust_z_is_that_of_the_formula():
    assert robust_z(90, [12, 15, 11, 14, 13]) == pytest.approx(51.94, abs=0.01)
    assert robust_z(5, [5, 5, 5]) == 0
    assert robust_z(6, [5, 5, 5]) == 10


def test_an_hour_unlike_those_of_the_peers_is_told_in_words(event):
    found = replay(Isolation(), [*ordinary(event), *attack(event, 27)])
    assert [finding.entity for finding in found] == ["u3"]
    (finding,) = found
    assert finding.facts["score"] >= 0.65
    assert finding.facts["features"]["events"] == 400
    assert len(finding.facts["standing_out"]) == 3
    assert "median" in finding.why["en"]
    assert "中位数" in finding.why["zh"]
    assert finding.kind == "learning"
    assert 0 < len(finding.events) <= 20


def test_ordinary_hours_are_not_told(event):
    assert replay(Isolation(), ordinary(event)) == []


def test_nothing_is_judged_before_there_is_enough_to_learn_from(event):
    assert replay(Isolation(), [*ordinary(event, hours=20), *attack(event, 20)]) == []


def vector(n, actor, odd=False):
    dice = random.Random(n)
    row = [5.0 if odd else round(1 + dice.random() / 5, 3) for _ in FEATURES]
    time = n * HOUR_MS // 4
    values = {"vector": row, "entity": actor, "hour": n, "refs": [["s", f"e{n}", n]]}
    return Observation("isolation", "account|a", time, EventRef("s", f"e{n}", time), Owner(), values)


def test_the_same_memory_gives_the_same_verdict_whoever_judges():
    memory = None
    judge = Isolation()
    for n in range(200):
        memory = judge.step(memory, vector(n, f"u{n}")).memory
    kept = orjson.loads(orjson.dumps(memory))
    mine, other = judge.step(memory, vector(999, "odd", True)), Isolation().step(kept, vector(999, "odd", True))
    assert mine.findings
    assert mine.findings == other.findings


def test_one_entity_is_told_once_a_day():
    memory, judge = None, Isolation()
    for n in range(100):
        memory = judge.step(memory, vector(n, f"u{n}")).memory
    first = judge.step(memory, vector(500, "odd", True))
    assert len(first.findings) == 1
    assert judge.step(first.memory, vector(501, "odd", True)).findings == ()


def test_what_an_account_remembers_is_bounded():
    memory, judge = None, Isolation()
    for n in range(5000):
        memory = judge.step(memory, vector(n, f"u{n}")).memory
    assert len(memory["rows"]) == 24
    assert {len(rows) for rows in memory["rows"].values()} == {PER_HOUR}


def test_few_events_are_not_told_however_odd(event):
    assert replay(Isolation(), [*ordinary(event), *attack(event, 27)[:9]]) == []


def test_the_time_of_day_alone_is_not_told():
    peers = [[math.log1p(20), 1, 1, 1, 1, 1, 0, 0, 0, 0, 0.0]] * 100
    assert not is_worth_a_look([math.log1p(20), 1, 1, 1, 1, 1, 0, 1.0, 0, 0, 1.0], peers)
    assert is_worth_a_look([math.log1p(400), 1, 1, 1, 1, 1, 0, 0, 0, 0, 0.0], peers)


def test_a_crowd_of_odd_hours_costs_a_bounded_number_of_forests():
    memory, judge = None, Isolation()
    for n in range(200):
        memory = judge.step(memory, vector(n, f"u{n}")).memory
    told = 0
    for n in range(60):
        step = judge.step(memory, vector(300, f"crowd{n}", True))
        memory, told = step.memory, told + len(step.findings)
    assert 1 <= told <= MAX_JUDGED
    assert memory["judged"][1] <= MAX_JUDGED


def test_an_hour_closes_by_a_tick_as_by_a_later_event(event):
    detector = Isolation()
    (seen,) = detector.observe(act(event, MONDAY, "u1"))
    step = detector.step(None, seen)
    assert step.onward == ()
    tick = Observation("isolation", seen.key, step.due, None, Owner(), {}, tick=True)
    (later,) = detector.observe(act(event, step.due, "u1"))
    by_tick, by_event = detector.step(step.memory, tick).onward, detector.step(step.memory, later).onward
    assert [each.values["vector"] for each in by_tick] == [each.values["vector"] for each in by_event]
    assert len(by_tick) == 1


def test_nights_and_weekends_are_outside_working_hours():
    monday_ten_local = MONDAY // HOUR_MS + 2
    assert not is_off_hours(monday_ten_local, 8)
    assert is_off_hours(monday_ten_local + 12, 8)
    assert is_off_hours(monday_ten_local + 24 * 5, 8)
