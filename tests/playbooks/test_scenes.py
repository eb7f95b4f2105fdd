"""The generator: the same seed gives the same bytes, everyday life is quiet, stories are noticed."""

from __future__ import annotations

from itertools import islice

import orjson
import pytest
from ocsf_judge import problems_of

from collectors.catalog import PARSERS, guess
from detectors.catalog import library as rules
from detectors.sigma.detector import SigmaDetector
from playbooks.load import library
from playbooks.scenes import ALL_STORIES, demo_city, demo_history, everyday, rehearsed, story
from streams.offline import detect
from streams.pipeline import Rooms
from yunshao.model.event import Record

NOW = 1_790_000_000_000
HOUR = 3_600_000


def alerts(lines):
    rooms = Rooms(PARSERS, [SigmaDetector(rules())], lambda _event, claim: claim, guess)
    records = [Record(one.source, one.raw, place, NOW) for place, one in enumerate(lines)]
    rejected = []
    found = list(detect(rooms, records, rejected.append))
    assert not rejected
    return found


def test_the_same_seed_gives_the_same_bytes():
    city = demo_city()
    twice = [list(islice(demo_history(city, 7, NOW, days=1), 2000)) for _ in range(2)]
    assert twice[0] == twice[1]
    assert twice[0] != list(islice(demo_history(city, 8, NOW, days=1), 2000))


def test_a_day_of_everyday_life_raises_nothing():
    assert alerts(everyday(demo_city(), 3, NOW, NOW + 24 * HOUR, 300)) == []


@pytest.mark.parametrize("name", sorted(ALL_STORIES))
def test_a_story_is_noticed_by_the_rules_that_it_names(name):
    found = {one.finding.rule_name for one in alerts(story(name, demo_city(), NOW, 5))}
    assert set(ALL_STORIES[name].rules) <= found


@pytest.mark.parametrize("name", sorted(ALL_STORIES))
def test_each_record_of_a_story_is_a_valid_event(name):
    for one in story(name, demo_city(), NOW, 5):
        parser = PARSERS[one.source]
        native = parser.decode(one.raw, "")
        assert problems_of(parser.normalise(native, parser.identify(native))) == []


@pytest.mark.parametrize("speed", [1, 60, 500])
@pytest.mark.parametrize("drill", [one for one in library().values() if one.story], ids=lambda one: one.id)
def test_no_record_of_a_drill_lies_after_the_moment_it_is_sent(drill, speed):
    planned = {stage.part: NOW + int(stage.at / speed) for stage in drill.stages if stage.part}
    lines = rehearsed(drill.story, demo_city(), NOW, "drill", speed, planned)
    assert {one.part for one in lines} >= set(planned)
    for one in lines:
        parser = PARSERS[one.source]
        assert one.time <= planned.get(one.part, NOW + 10**9)
        assert parser.identify(parser.decode(one.raw, "")).time <= planned[one.part]


def test_a_drills_ids_come_from_its_own_seed_alone():
    planned = {"look_around": NOW}

    def ids(at, seed):
        lines = rehearsed("leaked_cloud_key", demo_city(), at, seed, 10, planned)
        return [orjson.loads(one.raw)["eventID"] for one in lines]

    assert ids(NOW, "one") == ids(NOW + HOUR, "one")
    assert not set(ids(NOW, "one")) & set(ids(NOW, "two"))
