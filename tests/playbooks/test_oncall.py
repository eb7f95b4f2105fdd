"""Who is on call, how a page climbs, and how deliveries wait, retry and end: nothing lost, nothing told twice."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paging import FILE, MINUTE, T0, settings, subject

from playbooks.oncall import outbox, page
from playbooks.oncall.link import VALID_MS, read_token, token_of
from playbooks.oncall.rota import hand_over, on_call, quiet_until, shifts
from playbooks.oncall.settings import Limit, Quiet
from yunshao.errors import BadConfiguration, NotFound, WrongUse
from yunshao.model.notice import SENT, Outcome

ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86_400_000


def at(text: str, zone: ZoneInfo = ZONE) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def test_turns_change_at_the_hour_of_the_hand_over():
    whole = settings()
    found = [
        on_call(whole, "main", at(f"2026-01-0{day}T{hour}"), ZONE)
        for day, hour in ((5, "09:00"), (6, "08:59"), (6, "09:00"))
    ]
    assert found == ["duty-1", "duty-1", "duty-2"]


def test_a_change_of_clocks_moves_no_hand_over():
    berlin, whole = ZoneInfo("Europe/Berlin"), settings()
    before, after = (on_call(whole, "main", at(f"2026-03-29T{hour}", berlin), berlin) for hour in ("08:59", "09:00"))
    assert before != after


def test_outside_its_hours_a_rota_is_covered_and_a_night_belongs_to_the_day_it_began():
    whole = settings()
    assert on_call(whole, "night", at("2026-01-09T23:00"), ZONE) == "lead"
    assert on_call(whole, "night", at("2026-01-10T07:00"), ZONE) == "lead", "Friday's night goes on"
    assert on_call(whole, "night", at("2026-01-10T23:00"), ZONE) in {"duty-1", "duty-2"}


@given(st.integers(0, 400 * 24 * 60))
def test_the_shifts_tell_the_same_as_asking_at_any_minute(minutes: int):
    whole, now = settings(), at("2026-01-05T00:00") + minutes * MINUTE
    listed = shifts(whole, "night", now - DAY, now + DAY, ZONE)
    (here,) = [one for one in listed if one.start <= now < one.end]
    assert here.person == on_call(whole, "night", now, ZONE)
    assert all(one.end <= other.start for one, other in pairwise(listed))


def test_a_hand_over_holds_for_its_time_alone():
    whole = settings()
    kept = hand_over(whole, None, "main", "lead", T0, T0 + DAY, "duty-1")["handed"]
    assert on_call(whole, "main", T0 + 1, ZONE, kept) == "lead"
    assert on_call(whole, "main", T0 + DAY, ZONE, kept) != "lead"
    with pytest.raises(NotFound):
        hand_over(whole, None, "main", "nobody", T0, T0 + 1, "x")
    with pytest.raises(WrongUse):
        hand_over(whole, None, "main", "lead", T0, T0, "x")


def test_quiet_hours_end_in_the_morning_and_hold_up_nothing_critical():
    quiet = Quiet(begins="22:00", ends="07:00")
    night, early = at("2026-01-05T23:30"), at("2026-01-06T03:00")
    assert quiet_until(quiet, "high", night, ZONE) == at("2026-01-06T07:00") == quiet_until(quiet, "high", early, ZONE)
    assert quiet_until(quiet, "critical", night, ZONE) == night
    assert quiet_until(quiet, "high", at("2026-01-05T12:00"), ZONE) == at("2026-01-05T12:00")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("rota:main", "rota:other"), "policies.ladder"),
        (("cover: main", "cover: night"), "circle"),
        (("turn: 1d", "turn: 5m"), "turn"),
        (("kind: webhook", "kind: pigeon"), "channels"),
        (("after: 10m", "after: ten"), "after"),
        (("starttls: false", "password: secret"), "password"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(change: tuple[str, str], field: str):
    with pytest.raises(BadConfiguration, match=field):
        settings(FILE.replace(*change))


def climbed(found: page.Page, now: int) -> tuple[page.Page, list[page.Delivery]]:
    return page.turn(found, settings(), now, ZONE)


def test_a_page_climbs_until_somebody_answers():
    found, told = climbed(page.open_page(subject(), "ladder", T0), T0)
    assert [one["person"] for one in told] == [on_call(settings(), "main", T0, ZONE)]
    assert climbed(found, T0 + 9 * MINUTE)[1] == []
    found, told = climbed(found, T0 + 10 * MINUTE)
    assert {(one["person"], one["channel"]) for one in told} == {("lead", "mail"), ("", "group")}
    answered = page.acknowledge(found, "lead", "link", T0 + 11 * MINUTE)
    assert climbed(answered, T0 + DAY)[1] == []
    with pytest.raises(WrongUse):
        page.acknowledge(answered, "duty-1", "link", T0)


def test_a_page_nobody_answers_goes_round_again_and_then_stands_there_unanswered():
    found, everything = page.open_page(subject("critical"), "ladder", T0), []
    for minute in range(0, 200):
        found, told = climbed(found, T0 + minute * MINUTE)
        everything += told
    assert found["state"] == page.EXHAUSTED
    assert [one["at"] for one in found["log"]][-1] - T0 >= 2 * 30 * MINUTE
    assert len(everything) == len({one["id"] for one in everything}) == 6
    assert page.acknowledge(found, "lead", "console", T0 + DAY)["state"] == page.ACKNOWLEDGED


def test_the_same_turn_gives_the_same_deliveries():
    found = page.open_page(subject(), "ladder", T0)
    assert climbed(found, T0) == climbed(found, T0)


def test_where_a_rung_reaches_nobody_the_next_one_is_climbed_at_once():
    whole = settings(
        FILE.replace('tell: ["rota:main"]', 'tell: ["rota:days"]').replace(
            "rotas:", 'rotas:\n  days: {people: [duty-1], hours: ["03:00", "03:01"]}'
        )
    )
    _, told = page.turn(page.open_page(subject(), "ladder", T0), whole, T0, ZONE)
    assert {one["channel"] for one in told} == {"mail", "group"}


def test_the_holder_of_a_post_is_told_first_and_has_some_minutes():
    found, told = climbed(page.open_page(subject(), "ladder", T0, first="person:lead"), T0)
    assert [one["person"] for one in told] == ["lead"]
    assert [one["person"] for one in climbed(found, T0 + page.FIRST_MS)[1]] == [
        on_call(settings(), "main", T0 + page.FIRST_MS, ZONE)
    ]


def test_a_way_that_has_failed_for_good_gives_way_to_the_next():
    whole = settings()
    first = page.delivery_of(
        page.open_page(subject(), "ladder", T0), whole, "duty-1", whole.people["duty-1"].reach[0], T0, ZONE
    )
    second = page.fall_back(first, whole, T0)
    assert second
    assert (second["channel"], second["state"]) == ("group", "waiting")
    assert page.fall_back(second, whole, T0) is None


def waiting(number: int = 0) -> page.Delivery:
    whole = settings()
    about = subject()
    about = page.Subject(about.kind, f"a{number}", about.level, about.title, about.body)
    return page.delivery_of(page.open_page(about, "ladder", T0), whole, "lead", whole.people["lead"].reach[0], T0, ZONE)


@given(st.integers(1, 60))
def test_back_off_grows_and_is_never_longer_than_five_minutes(tries: int):
    assert outbox.FIRST_WAIT_MS / 2 <= outbox.back_off(tries, "x") <= outbox.LONGEST_WAIT_MS


def test_a_delivery_that_fails_for_an_hour_is_tried_until_it_arrives_and_then_never_again():
    one, now, tries = waiting(), T0, 0
    while one["state"] == "waiting":
        now = max(now, one["wakes"])
        tries += 1
        outcome = SENT if now - T0 > 3_600_000 else Outcome(False, "refused")
        one = outbox.settled(outbox.taken(one, now), outcome, now)
    assert one["state"] == "sent"
    assert now - T0 < 3_600_000 + outbox.LONGEST_WAIT_MS + 1
    assert 10 < tries < 40
    assert outbox.settled(one, Outcome(False, "late answer"), now) == one


def test_after_a_day_it_is_given_up_and_can_be_put_back():
    one = outbox.settled(outbox.taken(waiting(), T0), Outcome(False, "refused"), T0 + DAY + 1)
    assert (one["state"], one["wakes"]) == ("failed", None)
    assert outbox.again(one, T0 + DAY)["state"] == "waiting"


@given(st.integers(0, 120), st.integers(0, 30))
def test_what_a_crowded_channel_tells_together_is_everything_once(count: int, free: int):
    found = outbox.bundles([waiting(n) for n in range(count)], free)
    assert sorted(one["id"] for bundle in found for one in bundle) == sorted(waiting(n)["id"] for n in range(count))
    assert all(len(bundle) <= outbox.MOST_TOGETHER for bundle in found)


def test_a_channel_sends_no_more_than_its_limit_and_rests_when_it_fails():
    limit = Limit(count=3, within=60)
    state = outbox.channel_after(None, limit, "group", [SENT, SENT], T0)
    assert outbox.free_slots(state, limit, T0 + 1) == 1
    assert outbox.free_slots(state, limit, T0 + 60_000) == 3
    failed = outbox.channel_after(state, limit, "group", [Outcome(False, "busy", wait=90_000)], T0 + 1)
    assert outbox.free_slots(failed, limit, T0 + 60_000) == 0
    assert outbox.free_slots(failed, limit, T0 + 90_001) == 3


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_a_drills_message_says_so_in_both_languages_whatever_it_speaks(language: str):
    one = {**waiting(), "drill": "drill-1", "language": language}
    message = outbox.message_of([one], {}, T0)
    assert message.marked.startswith("【演练 DRILL】")
    assert "演练" in message.body
    assert "drill" in message.body
    assert outbox.message_of([one, {**one, "id": "other"}], {}, T0).marked.startswith("【演练 DRILL】")


def test_a_link_is_good_for_its_page_person_and_day_alone():
    token = token_of(b"key", "page", "duty-1", T0 + VALID_MS)
    assert read_token(b"key", token, T0) == ("page", "duty-1")
    for bad in (token.replace("page", "pagf"), token[:-2], f"{token}.x", "", "a.b.c.d", "a" * 5000):
        with pytest.raises(WrongUse):
            read_token(b"key", bad, T0)
    with pytest.raises(WrongUse, match="too old"):
        read_token(b"key", token, T0 + VALID_MS + 1)
    with pytest.raises(WrongUse):
        read_token(b"other", token, T0)
