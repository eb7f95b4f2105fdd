"""Snoozes end by themselves, have a reason, and are bounded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contract.samples import NOON, alert, event

from yunshao.errors import NotFound, WrongUse
from yunshao.model.snooze import (
    DAY_MS,
    MAX_DAYS,
    MAX_SNOOZES,
    Snooze,
    rests,
    snoozed,
    snoozes_at,
    with_snooze,
    without_snooze,
    woken,
)

RULE = Snooze("rule-1", "", "", NOON + DAY_MS, "wang", NOON, "maintenance")


def test_an_alert_rests_until_its_moment_and_says_who_and_why() -> None:
    resting = snoozed(alert(event("a")), NOON + 1, "wang", NOON, " a known test ")
    assert (rests(resting, (), NOON), rests(resting, (), NOON + 1)) == (True, False)
    assert [(deed.by, deed.did, deed.note) for deed in resting.deeds] == [("wang", "snooze", "a known test")]
    assert not rests(woken(resting, "li", NOON), (), NOON)
    with pytest.raises(WrongUse):
        woken(resting, "li", NOON + 1)


@pytest.mark.parametrize(
    ("until", "reason"), [(NOON, "x"), (NOON + MAX_DAYS * DAY_MS + 1, "x"), (NOON + 1, ""), (NOON + 1, " \n")]
)
def test_a_snooze_has_a_reason_and_a_near_end(until: int, reason: str) -> None:
    with pytest.raises(WrongUse):
        snoozed(alert(event("a")), until, "wang", NOON, reason)
    with pytest.raises(WrongUse):
        with_snooze(None, replace(RULE, until=until, reason=reason))


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"rule": "another"}, False),
        ({"entity": "another"}, False),
        ({"unit": "metro"}, True),
        ({"unit": "rural"}, False),
    ],
)
def test_a_snooze_by_rule_covers_what_it_names(changes: dict[str, str], covered: bool) -> None:
    assert rests(alert(event("a")), [replace(RULE, **changes)], NOON) is covered


def test_a_new_snooze_about_the_same_takes_the_place_of_the_old_one_and_what_is_over_goes() -> None:
    held = with_snooze(with_snooze(None, RULE), replace(RULE, entity="ops7", until=NOON + 5))
    later = replace(RULE, until=NOON + 2 * DAY_MS, at=NOON + 5)
    assert snoozes_at(with_snooze(held, later), NOON + 5) == (later,)
    assert snoozes_at(held, NOON + DAY_MS) == ()


def test_snoozes_are_bounded_and_end_on_demand() -> None:
    held = None
    for number in range(MAX_SNOOZES):
        held = with_snooze(held, replace(RULE, entity=f"e{number}"))
    with pytest.raises(WrongUse):
        with_snooze(held, replace(RULE, entity="one more"))
    assert len(snoozes_at(without_snooze(held, "rule-1", "e7", "", NOON), NOON)) == MAX_SNOOZES - 1
    with pytest.raises(NotFound):
        without_snooze(held, "rule-1", "nobody", "", NOON)
