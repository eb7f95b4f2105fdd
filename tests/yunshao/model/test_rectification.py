"""What is to be mended goes forward with evidence, is verified by somebody else, and can come back."""

from __future__ import annotations

import pytest

from yunshao.errors import WrongUse
from yunshao.model import rectification as words

NOW, DAY = 1_790_000_000_000, 86_400_000
SAID = {"zh": "改", "en": "mend it"}


def drill(**more):
    improvement = {"action": SAID, "problem": SAID, "post": SAID, "due": NOW + 30 * DAY}
    alerts = [{"unit": "a"}, {"unit": "b"}, {"unit": "b"}, {"unit": "unowned"}]
    return {"id": "drill-1", "improvements": [improvement], "alerts": alerts, **more}


def item():
    return words.items_of_drill(drill(), "top", NOW)[0]


def test_an_improvement_becomes_one_item_of_the_unit_that_most_alerts_were_of():
    assert item()["unit"] == "b"
    assert words.items_of_drill(drill(alerts=[]), "top", NOW)[0]["unit"] == "top"
    assert item()["id"] == words.items_of_drill(drill(), "top", NOW + DAY)[0]["id"]


def test_a_risk_that_must_be_treated_is_the_same_item_in_the_next_assessment():
    risk = {"id": "r1", "asset": "s", "threat": "t", "current": {"level": 4}, "due": NOW + DAY, "post": SAID}
    made = {"id": "a1", "assets": [{"id": "s", "name": SAID, "unit": "b"}], "threats": [], "risks": [risk]}
    (first,) = words.items_of_assessment(made, NOW)
    (again,) = words.items_of_assessment({**made, "id": "a2"}, NOW + DAY)
    assert first["id"] == again["id"]
    assert first["unit"] == "b"
    assert words.items_of_assessment({**made, "risks": [{**risk, "current": {"level": 3}}]}, NOW) == []


def test_it_is_overdue_after_its_deadline_until_it_is_done():
    found = item()
    assert not words.overdue(found, found["due"])
    assert words.overdue(found, found["due"] + 1)
    assert not words.overdue(words.done(found, (), "a", found["due"] + 1, "see the rule"), found["due"] + 2)


def test_it_is_done_with_evidence_alone_and_verified_by_somebody_else():
    with pytest.raises(WrongUse, match="evidence"):
        words.done(item(), (), "a", NOW)
    found = words.done(item(), [{"name": "x", "sha256": "00", "size": 1}], "a", NOW)
    with pytest.raises(WrongUse, match="somebody else"):
        words.verify(found, "a", NOW)
    assert words.verify(found, "b", NOW)["state"] == "verified"


def test_what_was_verified_can_come_back_and_keeps_its_deadline():
    found = words.verify(words.done(item(), (), "a", NOW, "there"), "b", NOW)
    back = words.give_back(found, "c", NOW + DAY, "it broke again")
    assert (back["state"], back["due"], back["by"]) == ("open", item()["due"], "")
    assert [one["did"] for one in back["timeline"]] == ["opened", "done", "verified", "returned"]


def test_a_deadline_moves_to_a_later_day_with_a_reason_and_the_old_one_stays_on_record():
    with pytest.raises(WrongUse):
        words.move_deadline(item(), NOW + 60 * DAY, "a", NOW, "")
    with pytest.raises(WrongUse):
        words.move_deadline(item(), NOW, "a", NOW, "sooner")
    found = words.move_deadline(item(), NOW + 60 * DAY, "a", NOW, "parts are late")
    assert str(item()["due"]) in found["timeline"][-1]["note"]


def test_what_is_dropped_wants_a_reason_and_can_be_returned():
    with pytest.raises(WrongUse):
        words.drop(item(), "a", NOW, " ")
    found = words.drop(item(), "a", NOW, "the system is gone")
    assert words.give_back(found, "b", NOW, "it is not")["state"] == "open"
    with pytest.raises(WrongUse):
        words.verify(found, "b", NOW)


def test_items_are_counted_by_state_and_what_is_late():
    late = item()
    assert words.counts([late, words.drop(late, "a", NOW, "x")], late["due"] + 1) == {
        "open": 1, "done": 0, "verified": 0, "dropped": 1, "overdue": 1,
    }  # fmt: skip
