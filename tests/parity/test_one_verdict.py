"""One verdict: off-line and live, in order and out of it, cut anywhere and told twice, the alerts are the same."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache

import orjson
import pytest

from collectors.catalog import PARSERS, guess
from detectors.catalog import library
from detectors.sigma.detector import SigmaDetector
from playbooks.scenes import STORIES, Line, demo_city, everyday, story
from streams.enrich import by_claim
from streams.offline import detect, detect_grouped
from streams.pipeline import Rooms
from streams.run_embedded import Embedded
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.event import EventRef, Record

NOW = 1_790_000_000_000
MINUTE = 60_000
LATENESS = 2 * MINUTE
Verdict = set[tuple[str, str, int, tuple[EventRef, ...]]]
Queue = set[tuple[str, str, int, int, int, tuple[EventRef, ...]]]


@cache
def capture() -> tuple[Line, ...]:
    """Two hours of a city, with every story that the generator knows in them, in order of time."""
    city = demo_city()
    lines = list(everyday(city, 11, NOW, NOW + 120 * MINUTE, 150))
    for number, name in enumerate(sorted(STORIES)):
        lines += story(name, city, NOW + (10 + 7 * number) * MINUTE, 3)
    return tuple(sorted(lines, key=lambda line: line.time))


@cache
def rooms() -> Rooms:
    return Rooms(PARSERS, [SigmaDetector(library(), LATENESS)], by_claim, guess, LATENESS)


def shuffled(dice: random.Random) -> list[Line]:
    """Each line held up by less than the lateness, and some told again at any later place."""
    lines = sorted(capture(), key=lambda line: (line.time + dice.randrange(LATENESS), dice.random()))
    for line in dice.sample(lines, len(lines) // 10):
        lines.insert(dice.randrange(lines.index(line), len(lines) + 1), line)
    return lines


def verdict(alerts: Iterable[Alert]) -> Verdict:
    return {(alert.id, alert.finding.rule_name, alert.finding.time, alert.finding.events) for alert in alerts}


def queue(alerts: Iterable[Alert]) -> Queue:
    return {(one.id, one.finding.rule_name, one.count, one.first, one.last, one.events) for one in alerts}


def folded(lines: Sequence[Line]) -> Queue:
    records = (Record(line.source, line.raw, place, NOW + 240 * MINUTE) for place, line in enumerate(lines))
    return queue(detect_grouped(rooms(), records))


def offline(lines: Sequence[Line]) -> Verdict:
    records = (Record(line.source, line.raw, place, NOW + 240 * MINUTE) for place, line in enumerate(lines))
    found = list(detect(rooms(), records))
    assert len(found) == len(verdict(found))
    return verdict(found)


class Told:
    """An intake that gives lines of a list."""

    name = "told"

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines

    def read(self, offset: str, limit: int) -> tuple[list[Record], str]:
        start = int(offset or 0)
        part = self._lines[start : start + limit]
        found = [Record(line.source, line.raw, n, NOW + 240 * MINUTE) for n, line in enumerate(part, start + 1)]
        return found, str(start + len(part))


def live(lines: Sequence[Line], dice: random.Random) -> Queue:
    """Through the embedded runner, a new one for each batch, as if the process had been ended in between."""
    store, intake = MemoryStore(), Told(lines)
    while True:
        batch = dice.choice([1, 7, 100, 900])
        runner = Embedded(rooms(), store, [intake], lambda: NOW + 240 * MINUTE, batch)
        if not runner.turn().records:
            break
    runner.settle()
    return queue(store.alerts(AlertQuery(limit=10_000)))


def test_every_story_is_in_the_verdict():
    wanted = {rule for told in STORIES.values() for rule in told.rules}
    assert wanted <= {name for _id, name, _time, _events in offline(capture())}


@pytest.mark.parametrize("seed", range(3))
def test_files_in_another_order_give_the_same_verdict(seed):
    assert offline(shuffled(random.Random(seed))) == offline(capture())


@pytest.mark.parametrize("seed", range(2))
def test_the_live_stream_gives_the_same_verdict_wherever_it_is_cut(seed):
    dice = random.Random(seed)
    assert live(shuffled(dice), dice) == folded(capture())


@pytest.mark.parametrize("behind", ["aws.cloudtrail", "zeek", "syslog"])
def test_a_source_that_is_hours_behind_the_others_gives_the_same_verdict(behind):
    late = sorted(capture(), key=lambda line: line.time + (180 * MINUTE if line.source == behind else 0))
    assert live(late, random.Random(5)) == folded(capture())


def _account(line: Line) -> str:
    return str(orjson.loads(line.raw).get("recipientAccountId", "")) if line.source == "aws.cloudtrail" else ""


@pytest.mark.parametrize("backwards", [False, True])
def test_accounts_that_are_read_one_after_the_other_give_the_same_verdict(backwards):
    """As a folder of files by account is read at first: the second begins hours before the end of the first."""
    accounts = sorted({_account(line) for line in capture()}, reverse=backwards)
    by_account = sorted(capture(), key=lambda line: (accounts.index(_account(line)), line.time))
    assert live(by_account, random.Random(3)) == folded(capture())


@pytest.mark.parametrize("seed", range(2))
def test_files_in_another_order_fold_into_the_same_queue(seed):
    assert folded(shuffled(random.Random(seed))) == folded(capture())


def test_what_is_turned_round_entirely_gives_the_same_verdict_with_lateness_enough():
    waiting = 1 << 40
    turned = Rooms(PARSERS, [SigmaDetector(library(), waiting)], by_claim, guess, waiting)
    records = [Record(line.source, line.raw, n, NOW + 240 * MINUTE) for n, line in enumerate(reversed(capture()))]
    assert verdict(detect(turned, records)) == offline(capture())
