"""How long it took, of what is real: corrected for clocks that run ahead, what has not ended counted apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contract.samples import alert

from playbooks.incident import book
from playbooks.incident.rows import spans, unit_figures
from yunshao.model.alert import acknowledge, close
from yunshao.model.skew import ahead_of, corrected, skews

NOW = 1_780_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def seen(name: str, first: int, detected: int, **more: Any) -> Any:
    return replace(alert(), id=name, first=first, detected=detected, deeds=(), status="new", **more)


@pytest.mark.parametrize(
    ("event", "received", "ahead"),
    [
        (NOW + 90_000, NOW, 90_000),
        (NOW - 90_000, NOW, 0),
        (NOW + 999, NOW, 0),
        (NOW + DAY, NOW, DAY),
        (NOW + DAY + 1, NOW, 0),
        (None, NOW, 0),
        (NOW, None, 0),
    ],
)
def test_a_clock_that_runs_ahead_is_measured_and_one_wrong_record_is_no_clock(event, received, ahead):
    assert ahead_of({"last_event": event, "last_received": received}) == ahead


def test_a_moment_of_a_source_that_is_ahead_becomes_ours():
    known = skews([{"source": "s", "last_event": NOW + 5000, "last_received": NOW},
                   {"source": "t", "last_event": NOW, "last_received": NOW}])  # fmt: skip
    assert known == {"s": 5000}
    assert corrected(NOW + 5000, "s", known) == NOW
    assert corrected(NOW, "t", known) == NOW


def test_the_time_to_detect_is_corrected_by_the_clock_of_the_source():
    one = seen("a", NOW + 50_000, NOW + 60_000)
    unit = one.finding.owner.unit
    plain = unit_figures([], [one], [unit], {})
    ahead = unit_figures([], [one], [unit], {one.finding.source: 50_000})
    assert (plain["detect"]["mean"], ahead["detect"]["mean"]) == (10, 60)
    assert (plain["acknowledge"]["n"], plain["acknowledge"]["unfinished"]) == (0, 1)


def test_what_was_false_rehearsed_or_anothers_is_in_no_figure():
    one = seen("a", NOW, NOW + 1000)
    unit = one.finding.owner.unit
    false = close(seen("b", NOW, NOW + 1000), "false_positive", "x", NOW + 2000, "none")
    found = unit_figures([], [replace(one, drill="drill-1"), false], [unit], {})
    assert found["detect"]["n"] == found["detect"]["unfinished"] == 0
    assert unit_figures([], [one], ["another"], {})["detect"]["n"] == 0
    assert unit_figures([], [acknowledge(one, "x", NOW + 4000)], [unit], {})["acknowledge"]["mean"] == 3


def test_planted_delays_of_people_are_measured_to_the_second():
    one = seen("a", NOW - 30_000, NOW)
    found = book.open_incident("i", {"zh": "", "en": ""}, [one], "other", "x", NOW + MINUTE)
    for state, at in (("triaged", 10), ("confirmed", 12), ("contained", 45), ("recovered", 240)):
        found = book.move(found, state, "x", NOW + at * MINUTE)
    pairs = spans(found)
    took = {
        name: None if end is None or start is None else (end - start) / 1000 for name, (start, end) in pairs.items()
    }
    assert took == {"detect": 30, "acknowledge": 600, "triage": 600, "contain": 2700, "recover": 14_400, "notify": None}
    assert spans(found, {"s": 10_000}, ["s"])["detect"] == (NOW - 40_000, NOW)


def test_incidents_have_a_median_and_a_ninetieth_percentile_and_no_report_is_late_where_none_is_owed():
    incidents = []
    for number in range(10):
        one = seen(f"a{number}", NOW, NOW)
        made = book.open_incident(f"i{number}", {"zh": "", "en": ""}, [one], "other", "x", NOW)
        incidents.append(
            book.move(book.move(made, "triaged", "x", NOW + 1), "contained", "x", NOW + (number + 1) * 1000)
        )
    unit = incidents[0]["units"]
    found = unit_figures(incidents, [], unit, {})
    assert (found["contain"]["median"], found["contain"]["p90"], found["contain"]["n"]) == (5.5, 9, 10)
    assert found["recover"]["unfinished"] == 10
    assert found["notify"]["unfinished"] == 0
    owing = book.grade_reporting(incidents[0], {"loss_yuan": 5e6}, "x", NOW)
    assert unit_figures([owing], [], unit, {})["notify"]["unfinished"] == 1
    sent = book.report_sent(owing, "first", NOW + HOUR, "x", NOW + HOUR)
    assert unit_figures([sent], [], unit, {})["notify"]["mean"] == 3600
