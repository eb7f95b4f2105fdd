"""Looking back says what the off-line stream says; what an edit changes is what one side alone raises."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pytest

from collectors.catalog import PARSERS
from detectors.catalog import library
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import load_texts
from detectors.sigma.prove import event_of
from streams.backtest import Backtest
from streams.lookback import Lookback
from streams.offline import detect
from streams.pipeline import Rooms
from yunshao.model.event import Event, Record
from yunshao.model.finding import Observation, Step

RULE = """title: {name}
id: 00000000-0000-4000-8000-00000000000{number}
name: {name}
level: high
logsource: {{product: aws, service: cloudtrail}}
detection: {{s: {{eventName: {event}}}, condition: s}}
"""


def rooms_of(*texts: str) -> Rooms:
    loaded = load_texts([(f"{n}.yml", text.encode()) for n, text in enumerate(texts)], {})
    assert not loaded.refused
    return Rooms(PARSERS, [SigmaDetector(loaded)], lambda _event, claim: claim)


def events(*names: str) -> list[Event]:
    parser = PARSERS["aws.cloudtrail"]
    return [
        event_of(parser, {"eventName": name, "userIdentity": {"userName": "bob"}}, n) for n, name in enumerate(names)
    ]


def test_every_test_of_the_library_ends_as_it_does_off_line() -> None:
    rooms = Rooms(PARSERS, [SigmaDetector(library())], lambda _event, claim: claim)
    records, stored = [], []
    for rule in (*library().rules, *library().correlations):
        for case in rule.cases:
            for native in case.events:
                number = len(records)
                source = case.source or "aws.cloudtrail"
                if "raw" in native or source != "aws.cloudtrail":
                    continue
                event = event_of(PARSERS[source], native, number)
                event.received = event.time
                records.append(Record(source, orjson.dumps(event.native), number, event.time))
                stored.append(event)
    looking = Lookback(rooms)
    expected = [alert.id for alert in detect(rooms, records)]
    assert len(expected) > 20
    assert [alert.id for alert in (*looking.see(stored), *looking.close())] == expected


def test_an_alert_is_given_once_although_its_event_comes_again() -> None:
    looking = Lookback(rooms_of(RULE.format(name="stop", number=1, event="Stop")))
    (event,) = events("Stop")
    assert len(looking.see([event])) == 1
    assert looking.see([event]) == []


class Failing:
    """A detector that fails on every event."""

    name = "failing"

    def observe(self, event: Event) -> Sequence[Observation]:
        raise RuntimeError(event.uid)

    def step(self, memory: object, seen: Observation) -> Step:
        return Step(memory)


def test_an_event_on_which_a_detector_fails_is_counted_and_the_next_is_judged() -> None:
    looking = Lookback(Rooms(PARSERS, [Failing()], lambda _event, claim: claim))
    assert looking.see(events("a", "b")) == []
    assert looking.failures == 2


STOP, DELETE = (RULE.format(name=event.lower(), number=n, event=event) for n, event in enumerate(("Stop", "Delete"), 1))
IDS = [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2)]


def backtest(now: str, before: str | None, drills: str = "", wanted: Sequence[str] = IDS) -> Backtest:
    test = Backtest(
        Lookback(rooms_of(now), lambda _events: drills),
        Lookback(rooms_of(before)) if before else None,
        lambda time: f"day {time // 86_400_000}",
        frozenset(wanted),
    )
    for event in events("Stop", "Delete", "Stop"):
        test.see([event])
    test.close()
    return test


def test_alerts_are_counted_by_rule_day_and_entity() -> None:
    test = backtest(STOP, None)
    (tally,) = test.tallies.values()
    assert (test.events, tally.alerts, list(tally.days.values()), dict(tally.entities)) == (3, 2, [2], {"bob": 2})


def test_alerts_of_a_drill_are_counted_apart() -> None:
    (tally,) = backtest(STOP, None, drills="drill-1").tallies.values()
    assert (tally.alerts, tally.drill, dict(tally.days)) == (0, 2, {})


def test_rules_that_nobody_asked_about_are_not_counted() -> None:
    assert backtest(STOP, None, wanted=IDS[1:]).tallies == {}


@pytest.mark.parametrize(
    ("now", "before", "added", "removed"),
    [
        (STOP, STOP, 0, 0),
        (STOP.replace("Stop}", "[Stop, Delete]}"), STOP, 1, 0),
        (STOP, STOP.replace("Stop}", "[Stop, Delete]}"), 0, 1),
        (STOP.replace("eventName: Stop", "eventName: Delete"), STOP, 1, 2),
        (DELETE, STOP, 1, 2),
    ],
)
def test_an_edit_adds_and_removes_what_one_side_alone_raises(now: str, before: str, added: int, removed: int) -> None:
    test = backtest(now, before)
    assert (len(test.added), len(test.removed)) == (added, removed)
    assert not test.uncompared
