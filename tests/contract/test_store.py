"""What every store gives: run over the fake and over SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract.samples import NOON, alert, event, finding

from yunshao.adapters.stores.memory import MemoryStore
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.errors import NotFound, WrongUse
from yunshao.model.alert import AlertQuery, acknowledge, assign, close, fold, raise_flood
from yunshao.model.event import EventRef, Owner, Rejected, native_digest
from yunshao.model.snooze import KEY, KIND, Snooze, snoozed, with_snooze
from yunshao.ports import Batch, Store

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path)
    yield made
    made.close()


# `tests/servers/test_search_store.py` runs all of these over OpenSearch as well, but for what lies in workers' tables.


def rejected(source: str = "syslog", raw: bytes = b"\xff{") -> Rejected:
    return Rejected(source, 7, "not_json", "unexpected end", raw, NOON, "file.log")


# The stream


def test_an_event_is_fresh_once(store: Store) -> None:
    first, again, other = event("a"), event("a"), event("b")
    assert store.fresh([first, again, other]) == [first, other]
    store.commit(Batch(events=[first]))
    assert store.fresh([again, other]) == [other]


def test_the_same_id_from_another_source_is_another_event(store: Store) -> None:
    store.commit(Batch(events=[event("a")]))
    assert len(store.fresh([event("a", source="okta.system")])) == 1


def test_a_batch_with_an_event_stored_before_is_refused_whole(store: Store) -> None:
    store.commit(Batch(events=[event("a")]))
    with pytest.raises(WrongUse):
        store.commit(Batch(events=[event("b"), event("a")], offsets={"file": "9"}))
    assert store.offset("file") == ""
    assert len(store.fresh([event("b")])) == 1


def test_an_event_that_was_taken_and_not_yet_committed_is_not_fresh_again(store: Store) -> None:
    taken: set[Any] = set()
    assert [each.uid for each in store.fresh([event("a"), event("b")], taken)] == ["a", "b"]
    assert [each.uid for each in store.fresh([event("b"), event("c")], taken)] == ["c"]
    assert len(store.fresh([event("b")])) == 1


def test_events_that_were_packed_are_stored_and_counted_as_the_others(store: Store) -> None:
    odd = event("\ud800 odd", time=NOON - DAY)
    packed = store.pack([event("b", owner=Owner("health", "sys", "cloud")), odd])
    assert packed.counts == {"aws.cloudtrail": 2}
    assert packed.newest == {"aws.cloudtrail": NOON}
    batch = Batch(events=[event("a")], packed=[packed, store.pack([event("c")])], received={"aws.cloudtrail": 4})
    store.commit(batch)
    assert store.fresh([event("a"), event("b"), event("c"), odd]) == []
    held = store.event(event("b").ref)
    assert (held.unit, held.system, held.cloud) == ("health", "sys", "cloud")
    assert store.event(odd.ref).native == odd.native
    assert store.count_events("unit", NOON - 2 * DAY, NOON + 1) == {"health": 1, "unowned": 3}
    (row,) = store.sources()
    assert (row["received"], row["processed"], row["last_event"]) == (4, 4, NOON)


def test_a_drills_record_that_was_packed_is_known_as_genuine(store: Store) -> None:
    sent = event("sent")
    forged = event("forged")
    listed = [(sent, native_digest(sent.native)), (forged, "0" * 64)]
    store.register("d1", [(each.source, each.uid, digest, NOON) for each, digest in listed])
    store.commit(Batch(packed=[store.pack([sent, forged])]))
    assert store.drill_of([sent.ref], {}) == "d1"
    assert store.drill_of([forged.ref], {}) == ""


def test_offsets_are_what_the_last_commit_said(store: Store) -> None:
    assert store.offset("file") == ""
    store.commit(Batch(offsets={"file": '{"a": 1}', "spool": "5"}))
    store.commit(Batch(offsets={"file": '{"a": 2}'}))
    assert (store.offset("file"), store.offset("spool")) == ('{"a": 2}', "5")


def test_memory_comes_back_as_it_was_and_none_forgets(store: Store) -> None:
    memory: dict[str, Any] = {"seen": ["a", 1, None, 2.5, True], "deep": {"键": "\ud800"}}
    store.commit(Batch(memories={("sigma", "k\udcff"): (memory, None)}))
    assert store.memory("sigma", "k\udcff") == memory
    asked = [("sigma", f"other{number}") for number in range(2_000)]
    assert store.memories([*asked, ("sigma", "k\udcff")]) == {("sigma", "k\udcff"): memory}
    store.commit(Batch(memories={("sigma", "k\udcff"): (None, None)}))
    assert store.memory("sigma", "k\udcff") is None


def test_memories_that_are_due_come_earliest_first(store: Store) -> None:
    due = {"b": 20, "a": 10, "c": 30}
    store.commit(Batch(memories={("sigma", key): ({}, at) for key, at in due.items()}))
    assert store.due(20) == [("sigma", "a", 10), ("sigma", "b", 20)]
    assert store.due(99, limit=1) == [("sigma", "a", 10)]
    store.commit(Batch(memories={("sigma", "a"): ({}, None)}))
    assert store.due(20) == [("sigma", "b", 20)]


def test_the_ledger_balances_per_source(store: Store) -> None:
    store.commit(
        Batch(
            events=[event("a"), event("b")],
            rejected=[rejected("aws.cloudtrail")],
            received={"aws.cloudtrail": 4},
            repeated={"aws.cloudtrail": 1},
        )
    )
    store.commit(Batch(rejected=[rejected()], received={"syslog": 1}))
    aws, syslog = store.sources()
    assert (aws["source"], aws["received"], aws["processed"], aws["rejected"], aws["repeated"]) == (
        "aws.cloudtrail",
        4,
        2,
        1,
        1,
    )
    assert aws["last_event"] == NOON
    assert aws["last_received"]
    assert (syslog["received"], syslog["rejected"], syslog["last_event"]) == (1, 1, None)


def test_dead_letters_keep_their_bytes_newest_first(store: Store) -> None:
    store.commit(Batch(rejected=[rejected(raw=b"\x00\xff"), rejected("zeek", b"z"), rejected(raw=b"last")]))
    assert [found.raw for _, found in store.rejects()] == [b"last", b"z", b"\x00\xff"]
    assert [found for _, found in store.rejects("zeek")] == [rejected("zeek", b"z")]
    assert len(store.rejects(limit=1)) == 1


# Alerts


def test_an_alert_comes_back_as_it_was_raised(store: Store) -> None:
    raised = alert(event("a"), facts={"n": 1, "deep": [{"x": None}], "lone": "\ud800"}, why={"zh": "\ud800", "en": "x"})
    assert store.commit(Batch(events=[event("a")], alerts=[raised])) == [raised]
    assert store.alert(raised.id) == raised


def test_parts_of_one_group_are_one_alert_with_its_count_and_it_is_new_once(store: Store) -> None:
    first, second, third = (alert(event(uid, time=NOON + n), detected=NOON + 9 - n) for n, uid in enumerate("abc"))
    assert store.commit(Batch(alerts=[first, second])) == [fold(first, second)]
    assert store.commit(Batch(alerts=[third])) == []
    kept = store.alert(first.id)
    assert kept == fold(fold(first, second), third)
    assert (kept.count, kept.first, kept.last, kept.detected) == (3, NOON, NOON + 2, NOON + 7)
    assert [event.uid for event in kept.events] == ["a", "b", "c"]


def test_a_part_that_is_earlier_leads_and_its_words_are_found(store: Store) -> None:
    late = alert(event("b", time=NOON + 5), why={"zh": "late", "en": "late words"}, techniques=("T1078",), level="low")
    store.commit(Batch(alerts=[late]))
    early = alert(event("a", time=NOON), why={"zh": "early", "en": "early words"}, techniques=("T1110",))
    store.commit(Batch(alerts=[early]))
    kept = store.alert(late.id)
    assert (kept.finding, kept.level) == (early.finding, "high")
    assert [store.alerts(AlertQuery(text=word)) for word in ("early words", "late words")] == [[kept], []]
    assert store.count_alerts(AlertQuery(), "technique") == {"T1110": 1}
    assert store.alerts(AlertQuery(level=("high",), since=NOON, until=NOON + 1)) == [kept]


def test_a_repeat_is_told_to_the_live_queue_and_keeps_its_place(store: Store) -> None:
    first, other = alert(event("a"), rule="a"), alert(event("b"), rule="b", detected=NOON + 6_000)
    store.commit(Batch(alerts=[first, other]))
    seen = store.last_sequence()
    store.commit(Batch(alerts=[alert(event("c"), rule="a", detected=NOON + 7_000)]))
    assert [found.count for _, found in store.alerts_after(seen)] == [2]
    assert [found.finding.rule_id for found in store.alerts(AlertQuery())] == ["b", "a"]


def test_what_people_did_stays_when_more_comes(store: Store) -> None:
    first = alert(event("a"))
    store.commit(Batch(alerts=[first]))
    store.change_alert(first.id, lambda found: acknowledge(found, "wang", NOON))
    store.commit(Batch(alerts=[alert(event("b"))]))
    kept = store.alert(first.id)
    assert (kept.status, kept.assignee, kept.count, len(kept.deeds)) == ("acknowledged", "wang", 2, 1)


@pytest.mark.parametrize("verdict", ["false_positive", "benign"])
def test_a_repeat_of_a_false_or_benign_alert_stays_closed_and_is_counted(store: Store, verdict: str) -> None:
    first = alert(event("a"))
    store.commit(Batch(alerts=[first]))
    store.change_alert(first.id, lambda found: close(found, verdict, "wang", NOON, "known"))
    for uid in "bc":
        store.commit(Batch(alerts=[alert(event(uid))]))
    kept = store.alert(first.id)
    assert (kept.status, kept.verdict, kept.count, kept.since_closed) == ("closed", verdict, 3, 2)


@pytest.mark.parametrize("verdict", ["true_positive", "duplicate"])
def test_a_repeat_of_any_other_closed_alert_opens_it_again(store: Store, verdict: str) -> None:
    first = alert(event("a"))
    store.commit(Batch(alerts=[first]))
    store.change_alert(first.id, lambda found: close(found, verdict, "wang", NOON, "handled"))
    store.commit(Batch(alerts=[alert(event("b"), detected=NOON + 9_000)]))
    kept = store.alert(first.id)
    assert (kept.status, kept.verdict, kept.count, kept.since_closed) == ("new", "", 2, 0)
    assert (kept.deeds[-1].by, kept.deeds[-1].did, kept.deeds[-1].at) == ("system", "reopen", NOON + 9_000)
    assert store.alerts(AlertQuery(status=("new",))) == [kept]


def test_a_drills_findings_never_meet_real_ones_nor_a_staged_rules(store: Store) -> None:
    parts = [alert(event("a")), alert(event("b"), drill="drill-1"), alert(event("c"), staged=True)]
    assert len(store.commit(Batch(alerts=parts))) == 3
    assert [found.count for found in store.alerts(AlertQuery(drill="any", staged="any"))] == [1, 1, 1]


def test_what_is_staged_is_asked_for(store: Store) -> None:
    real, staged = alert(event("a"), rule="a"), alert(event("b"), rule="b", staged=True)
    store.commit(Batch(alerts=[real, staged]))
    assert store.alerts(AlertQuery()) == [real]
    assert store.alerts(AlertQuery(staged="only")) == [staged]
    assert store.count_alerts(AlertQuery(staged="any"), "rule_id") == {"a": 1, "b": 1}


def test_a_flood_is_found_by_itself(store: Store) -> None:
    flood = raise_flood(finding(event("f"), rule="noisy"), NOON)
    store.commit(Batch(alerts=[flood, alert(event("a"))]))
    more = raise_flood(finding(event("g"), rule="noisy", entity="another"), NOON)
    store.commit(Batch(alerts=[more]))
    (kept,) = store.alerts(AlertQuery(flood=True))
    assert (kept.id, kept.count, kept.groups) == (flood.id, 2, 2)


def test_a_snoozed_alert_rests_until_its_moment(store: Store) -> None:
    first, other = alert(event("a"), rule="a"), alert(event("b"), rule="b")
    store.commit(Batch(alerts=[first, other]))
    store.change_alert(first.id, lambda found: snoozed(found, NOON + DAY, "wang", NOON, "a known test"))
    for at, resting in ((NOON, ["a"]), (NOON + DAY, [])):
        found = {
            asked: sorted(one.finding.rule_id for one in store.alerts(AlertQuery(snoozed=asked, at=at)))
            for asked in ("no", "only", "any")
        }
        assert found == {"no": sorted({"a", "b"} - set(resting)), "only": resting, "any": ["a", "b"]}
    assert store.count_alerts(AlertQuery(snoozed="only", at=NOON), "level") == {"high": 1}


@pytest.mark.parametrize(
    ("entity", "unit", "resting"),
    [("", "", ["a", "b"]), ("ops7", "", ["a"]), ("", "rural", ["b"]), ("ops7", "rural", []), ("nobody", "", [])],
)
def test_a_snooze_by_rule_covers_what_is_there_and_what_comes(
    store: Store, entity: str, unit: str, resting: list[str]
) -> None:
    snooze = Snooze("rule-1", entity, unit, NOON + DAY, "wang", NOON, "maintenance")
    store.commit(Batch(alerts=[alert(event("a"), entity="ops7")]))
    store.change(KIND, KEY, lambda held: with_snooze(held, snooze))
    coming = [alert(event("b"), entity="ops8", owner=Owner("rural")), alert(event("c"), rule="other", entity="ops7")]
    store.commit(Batch(alerts=coming))

    def asked(snoozed: str, at: int) -> list[str]:
        return sorted(one.events[0].uid for one in store.alerts(AlertQuery(snoozed=snoozed, at=at)))

    assert asked("only", NOON) == resting
    assert asked("no", NOON) == sorted({"a", "b", "c"} - set(resting))
    assert asked("only", NOON + DAY) == []


def test_what_exceptions_hid_is_counted_a_day(store: Store) -> None:
    store.commit(Batch(excepted={("backup", 20_454): 2, ("other", 20_454): 1}))
    store.commit(Batch(excepted={("backup", 20_454): 3, ("backup", -1): 1}))
    assert store.excepted() == [
        {"exception": "backup", "day": "1969-12-31", "count": 1},
        {"exception": "backup", "day": "2026-01-01", "count": 5},
        {"exception": "other", "day": "2026-01-01", "count": 1},
    ]


def test_an_unknown_alert_is_not_found(store: Store) -> None:
    for ask in (store.alert, store.evidence, lambda key: store.alerts(AlertQuery(before=key))):
        with pytest.raises(NotFound):
            ask("none")
    with pytest.raises(NotFound):
        store.change_alert("none", lambda found: found)


def test_a_page_is_newest_first_and_the_next_begins_after_it(store: Store) -> None:
    raised = [alert(event(f"e{n}"), detected=NOON + n, rule=f"r{n}") for n in range(5)]
    store.commit(Batch(alerts=[raised[1], raised[0]]))
    store.commit(Batch(alerts=raised[2:]))
    first = store.alerts(AlertQuery(limit=2))
    assert first == [raised[4], raised[3]]
    assert store.alerts(AlertQuery(limit=2, before=first[-1].id)) == [raised[2], raised[1]]
    assert store.alerts(AlertQuery(limit=9, before=raised[0].id)) == []


QUERIES: list[tuple[AlertQuery, set[str]]] = [
    (AlertQuery(), {"a", "b", "c"}),
    (AlertQuery(drill="any"), {"a", "b", "c", "d"}),
    (AlertQuery(drill="only"), {"d"}),
    (AlertQuery(drill="drill-1"), {"d"}),
    (AlertQuery(drill="drill-2"), set()),
    (AlertQuery(level=("low", "critical")), {"b", "c"}),
    (AlertQuery(unit=("metro",)), {"a", "c"}),
    (AlertQuery(unit=("metro", "rural"), level=("low",)), {"b"}),
    (AlertQuery(rule="b"), {"b"}),
    (AlertQuery(entity="10.0.0.1"), {"c"}),
    (AlertQuery(entity="none"), set()),
    (AlertQuery(assignee="wang"), {"a"}),
    (AlertQuery(status=("acknowledged",)), {"a"}),
    (AlertQuery(status=("new", "closed")), {"b", "c"}),
    (AlertQuery(since=NOON + DAY), {"c"}),
    (AlertQuery(until=NOON + DAY), {"a", "b"}),
    (AlertQuery(since=NOON, until=NOON), set()),
    (AlertQuery(since=-(1 << 70), until=1 << 70), {"a", "b", "c"}),
    (AlertQuery(text="LOGGING"), {"a", "b"}),
    (AlertQuery(text="审计日志"), {"a", "b"}),
    (AlertQuery(text="审计"), {"a", "b"}),
    (AlertQuery(text="桶 bucket"), {"c"}),
    (AlertQuery(text="bucket logging"), set()),
    (AlertQuery(text="100%_"), {"c"}),
    (AlertQuery(text="0%a"), set()),
    (AlertQuery(text="'\"\ud800"), set()),
    (AlertQuery(facts={"operation": "StopLogging"}), {"a", "b"}),
    (AlertQuery(facts={"count": "7"}), {"c"}),
    (AlertQuery(text="bucket", level=("critical",), unit=("metro",), status=("new",)), {"c"}),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=range(len(QUERIES)))
def test_a_query_gives_the_alerts_that_meet_all_of_it(store: Store, query: AlertQuery, expected: set[str]) -> None:
    title = {"zh": "桶公开", "en": "Bucket made public"}
    raised = [
        alert(event("a"), rule="a"),
        alert(event("b"), rule="b", level="low", owner=Owner("rural")),
        alert(
            event("c", time=NOON + DAY),
            rule="c",
            level="critical",
            entity="10.0.0.1",
            title=title,
            why={"zh": "100%_", "en": "100%_"},
            facts={"count": 7},
        ),
        alert(event("d"), rule="d", drill="drill-1"),
    ]
    store.commit(Batch(alerts=raised))
    store.change_alert(raised[0].id, lambda found: assign(acknowledge(found, "li", NOON), "wang", "li", NOON))
    assert {found.finding.rule_id for found in store.alerts(query)} == expected
    assert sum(store.count_alerts(query, "rule_id").values()) == len(expected)


def test_alerts_are_counted_by_what_they_say(store: Store) -> None:
    store.commit(
        Batch(
            alerts=[
                alert(event("a"), rule="a"),
                alert(event("b", time=NOON - 2 * DAY), rule="b", level="low", techniques=("T1078", "T1685.002")),
                alert(event("c", time=-1), rule="c", owner=Owner(), techniques=()),
            ]
        )
    )
    assert store.count_alerts(AlertQuery(), "level") == {"high": 2, "low": 1}
    assert store.count_alerts(AlertQuery(), "unit") == {"metro": 2, "unowned": 1}
    assert store.count_alerts(AlertQuery(), "technique") == {"T1078": 1, "T1685.002": 2}
    assert store.count_alerts(AlertQuery(), "day") == {"1969-12-31": 1, "2025-12-30": 1, "2026-01-01": 1}
    assert store.count_alerts(AlertQuery(level=("low",)), "status") == {"new": 1}
    with pytest.raises(WrongUse):
        store.count_alerts(AlertQuery(), "rule_id; DROP TABLE alert")


def test_a_change_is_kept_and_what_it_refuses_changes_nothing(store: Store) -> None:
    raised = alert(event("a"))
    store.commit(Batch(alerts=[raised]))
    changed = store.change_alert(raised.id, lambda found: acknowledge(found, "wang", NOON + 1))
    assert store.alert(raised.id) == changed
    assert changed.deeds[0].by == "wang"
    with pytest.raises(WrongUse):
        store.change_alert(raised.id, lambda found: close(found, "true_positive", "wang", NOON, " "))
    assert store.alert(raised.id) == changed


def test_the_live_queue_sees_what_was_raised_and_changed_in_order(store: Store) -> None:
    first, second = alert(event("a"), rule="a"), alert(event("b"), rule="b")
    store.commit(Batch(alerts=[first, second]))
    seen = store.alerts_after(0)
    assert [found for _, found in seen] == [first, second]
    changed = store.change_alert(first.id, lambda found: acknowledge(found, "wang", NOON))
    store.change_alert(second.id, lambda found: found)
    later = store.alerts_after(seen[-1][0])
    assert [found for _, found in later] == [changed]
    assert later[0][0] > seen[-1][0]
    assert len(store.alerts_after(0, limit=1)) == 1


def test_evidence_is_the_first_ten_and_last_ten_events_from_this_batch_and_earlier_ones(store: Store) -> None:
    events = [event(f"e{n:02}", n=n) for n in range(25)]
    store.commit(Batch(events=events[:10]))
    raised = alert(*events)
    store.commit(Batch(events=events[10:], alerts=[raised]))
    found = store.evidence(raised.id)
    assert [one.uid for one in found] == [f"e{n:02}" for n in (*range(10), *range(15, 25))]
    assert found[3].native == {"id": "e03", "n": 3}
    assert found[15].ocsf["class_uid"] == 6003


def test_evidence_moves_with_what_is_folded_in(store: Store) -> None:
    events = [event(f"e{n:02}", time=NOON + n) for n in range(40)]
    for start in (20, 0, 30, 10):
        part = events[start : start + 10]
        store.commit(Batch(events=part, alerts=[alert(one) for one in part]))
    (kept,) = store.alerts(AlertQuery())
    assert kept.count == 40
    assert [one.uid for one in store.evidence(kept.id)] == [f"e{n:02}" for n in (*range(10), *range(30, 40))]


# Events


def test_an_event_comes_back_with_any_content(store: Store) -> None:
    native = {"lone": "\ud800", "big": 1 << 80, "empty": None, "nest": [{"键": "值"}], "quote": "'\"\\\x00"}
    kept = event("uid'\"\x00", owner=Owner("metro", "tickets", "small"), **native)
    store.commit(Batch(events=[kept]))
    found = store.event(kept.ref)
    assert found.native == kept.native
    assert found.ocsf == kept.ocsf
    assert (found.unit, found.system, found.cloud, found.time) == ("metro", "tickets", "small", NOON)


def test_an_event_is_found_without_its_time(store: Store) -> None:
    store.commit(Batch(events=[event("a")]))
    assert store.event(EventRef("aws.cloudtrail", "a", 0)).uid == "a"


def test_an_unknown_event_is_not_found(store: Store) -> None:
    store.commit(Batch(events=[event("a")]))
    for ref in (EventRef("aws.cloudtrail", "b", NOON), EventRef("zeek", "a", NOON)):
        with pytest.raises(NotFound):
            store.event(ref)


def test_events_of_any_year_are_kept(store: Store) -> None:
    times = {"old": 0, "older": -62_135_596_800_000, "far": 253_402_300_799_000}
    store.commit(Batch(events=[event(uid, time=time) for uid, time in times.items()]))
    for uid, time in times.items():
        assert store.event(EventRef("aws.cloudtrail", uid, time)).time == time


def test_events_are_counted_by_hour_source_unit_and_class(store: Store) -> None:
    events = [
        event("a", time=NOON),
        event("b", time=NOON + 10, owner=Owner("metro")),
        event("c", time=NOON + HOUR, source="zeek"),
        event("d", time=NOON - 1),
        event("e", time=-1),
    ]
    store.commit(Batch(events=events))
    assert store.count_events("hour", NOON, NOON + 2 * HOUR) == {str(NOON): 2, str(NOON + HOUR): 1}
    assert store.count_events("hour", NOON - 1, NOON + 1) == {str(NOON - HOUR): 1, str(NOON): 1}
    assert store.count_events("source", NOON + 5, NOON + HOUR + 1) == {"aws.cloudtrail": 1, "zeek": 1}
    assert store.count_events("unit", NOON - 1, NOON + HOUR) == {"metro": 1, "unowned": 2}
    assert store.count_events("class_uid", -HOUR, NOON) == {"6003": 2}
    assert store.count_events("hour", -5, 5) == {str(-HOUR): 1}
    assert store.count_events("unit", NOON, NOON) == {}
    with pytest.raises(WrongUse):
        store.count_events("native", 0, 1)


# Documents, drills, the trail


def test_documents_are_written_whole_and_found_newest_first(store: Store) -> None:
    store.put("assessment", "a1", {"id": "a1", "n": 1})
    store.put("assessment", "a2", {"id": "a2"})
    store.put("drill", "a1", {"id": "other"})
    store.put("assessment", "a1", {"id": "a1", "lone": "\ud800"})
    assert store.get("assessment", "a1") == {"id": "a1", "lone": "\ud800"}
    assert [found["id"] for found in store.find("assessment")] == ["a1", "a2"]
    assert [found["id"] for found in store.find("assessment", limit=1)] == ["a1"]
    with pytest.raises(NotFound):
        store.get("assessment", "a3")


def test_a_document_is_changed_in_one_go(store: Store) -> None:
    assert store.change("drill", "d", lambda found: {"n": 1 if found is None else 0}) == {"n": 1}
    assert store.change("drill", "d", lambda found: {"n": (found or {})["n"] + 1}) == {"n": 2}

    def refuse(_found: object) -> dict[str, Any]:
        raise WrongUse("no")

    with pytest.raises(WrongUse):
        store.change("drill", "d", refuse)
    assert store.get("drill", "d") == {"n": 2}


def test_changing_what_was_given_does_not_change_the_store(store: Store) -> None:
    store.put("drill", "d", {"steps": []})
    store.get("drill", "d")["steps"].append(1)
    assert store.get("drill", "d") == {"steps": []}


def test_a_drills_records_are_in_no_figure_of_a_source(store: Store) -> None:
    sent, forged, real = event("sent", user="drill"), event("forged", user="attacker"), event("real")
    store.register("drill-1", [("aws.cloudtrail", "sent", native_digest(sent.native), NOON)])
    store.register("drill-1", [("aws.cloudtrail", "forged", native_digest({"user": "drill"}), NOON + 1)])
    other = event("other", source="okta.system")
    store.register("drill-1", [("okta.system", "other", native_digest(other.native), NOON)])
    events = [sent, forged, real, other]
    store.commit(Batch(events=events, received={"aws.cloudtrail": 3, "okta.system": 1}))
    rows = {row["source"]: (row["received"], row["processed"]) for row in store.sources()}
    assert rows == {"aws.cloudtrail": (2, 2)}
    assert store.count_events("source", 0, NOON + DAY) == {"aws.cloudtrail": 2}


def test_only_what_was_registered_and_is_genuine_is_a_drills(store: Store) -> None:
    sent, forged, real = event("sent", user="drill"), event("forged", user="attacker"), event("real")
    store.register("drill-1", [("aws.cloudtrail", "sent", native_digest(sent.native), NOON)])
    store.register("drill-1", [("aws.cloudtrail", "forged", native_digest({"user": "drill"}), NOON + 1)])
    batch = {(one.source, one.uid): one for one in (sent, forged, real)}
    assert store.drill_of([sent.ref], batch) == "drill-1"
    assert store.drill_of([forged.ref], batch) == ""
    assert store.drill_of([sent.ref, real.ref], batch) == ""
    assert store.drill_of([], batch) == ""
    store.commit(Batch(events=list(batch.values())))
    assert store.drill_of([sent.ref], {}) == "drill-1"
    assert store.drill_of([forged.ref], {}) == ""


def test_events_of_two_drills_are_neithers(store: Store) -> None:
    events = [event("a"), event("b")]
    for drill, one in zip(("drill-1", "drill-2"), events, strict=True):
        store.register(drill, [(one.source, one.uid, native_digest(one.native), NOON)])
    assert store.drill_of([one.ref for one in events], {(one.source, one.uid): one for one in events}) == ""


def test_registering_again_is_nothing_new_but_an_id_is_never_taken_over(store: Store) -> None:
    entry = ("zeek", "a", "d" * 64, NOON)
    store.register("drill-1", [entry])
    store.register("drill-1", [entry, ("zeek", "b", "e" * 64, NOON - 1)])
    assert store.injected("drill-1") == [("zeek", "b", NOON - 1), ("zeek", "a", NOON)]
    with pytest.raises(WrongUse):
        store.register("drill-2", [("zeek", "c", "f" * 64, NOON), entry])
    assert store.injected("drill-2") == []


def test_the_trail_is_newest_first(store: Store) -> None:
    store.note("wang", "log_in", "console")
    store.note("li\ud800", "close", "alert 1", "why")
    newest, oldest = store.trail()
    assert (newest["did"], newest["detail"], oldest["by"]) == ("close", "why", "wang")
    assert newest["at"] >= oldest["at"]
    assert len(store.trail(limit=1)) == 1


# Hunting


def hunted(store: Store, question: str, limit: int = 100) -> list[str]:
    return [row["uid"] for row in store.hunt(question, limit)]


@pytest.fixture
def full(store: Store) -> Store:
    fill(store)
    return store


def fill(store: Store) -> None:
    """Three events to be hunted."""
    store.commit(
        Batch(
            events=[
                event("a", op="DeleteTrail", ip="203.0.113.9"),
                event("b", time=NOON + 1, op="GetObject", user="wang li", ip="198.51.100.7"),
                event("c", time=NOON + DAY, op="DeleteBucket", source="zeek", owner=Owner("metro"), note="50%_off"),
            ]
        )
    )


WORDS = [
    ("operation:DeleteTrail", ["a"]),
    ("op:deletetrail", ["a"]),
    ("operation:Delete*", ["c", "a"]),
    ("src_ip:203.0.113.* operation:*", ["c", "a"]),
    ('actor:"wang li"', ["b"]),
    ("-operation:GetObject", ["c", "a"]),
    ("unit:metro", ["c"]),
    ("source:aws.cloudtrail", ["b", "a"]),
    ("uid:b", ["b"]),
    ("class_uid:6003 source:zeek", ["c"]),
    ("since:2026-01-02", ["c"]),
    (f"until:{NOON + 1}", ["a"]),
    ("native.note:50%_off", ["c"]),
    ("native.note:50__off", []),
    ("ocsf.api.operation:DeleteTrail", ["a"]),
    ("50%_off", ["c"]),
    ("resource:tickets", ["c", "b", "a"]),
    ("operation:'; DROP TABLE events; --'", []),
    ('operation:"x\' OR 1=1 --"', []),
    ("native.a'b:x", []),
    ("password:x", None),
    ("class_uid:many", None),
    ("since:yesterday", None),
    ('actor:"open', None),
    ("", None),
]


@pytest.mark.parametrize(("question", "expected"), WORDS)
def test_words_find_events(full: Store, question: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(WrongUse):
            full.hunt(question)
    else:
        assert hunted(full, question) == expected


def test_one_select_is_answered(full: Store) -> None:
    rows = full.hunt("SELECT source, count(*) AS n FROM events GROUP BY source ORDER BY n DESC;")
    assert rows == [{"source": "aws.cloudtrail", "n": 2}, {"source": "zeek", "n": 1}]
    assert full.hunt("WITH x AS (SELECT 1::DOUBLE / 0 AS inf) SELECT inf FROM x") == [{"inf": None}]
    assert len(full.hunt("select * from events", 2)) == 2


def test_an_empty_store_answers_too(store: Store) -> None:
    assert store.hunt("operation:x") == []
    assert store.hunt("SELECT count(*) AS n FROM events") == [{"n": 0}]


FORBIDDEN = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    "WITH x AS (SELECT * FROM read_blob('/proc/self/environ')) SELECT * FROM x",
    "SELECT * FROM query('COPY (SELECT 1) TO ''/tmp/out''')",
    "SELECT 1; COPY events TO '/tmp/out.csv'",
    "SELECT 1; SELECT 2",
    "COPY events TO '/tmp/out.csv'",
    "/* x */ COPY (SELECT 1) TO '/tmp/out.csv'",
    "ATTACH '/tmp/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET memory_limit='100GB'",
    "RESET memory_limit",
    "CREATE TABLE x AS SELECT 1",
    "INSERT INTO events SELECT * FROM events",
    "DELETE FROM events",
    "EXPORT DATABASE '/tmp/out'",
    "CALL pragma_version()",
    "EXPLAIN SELECT 1",
    "SELECT * FROM events WHERE",
    "SELECT * FROM statements",
    "SELECT * FROM sandbox",
    "select",
    "PIVOT events ON source",
]


@pytest.mark.parametrize("question", FORBIDDEN)
def test_a_question_that_is_more_than_a_question_is_refused(full: Store, question: str) -> None:
    with pytest.raises(WrongUse):
        full.hunt(question)
    assert not Path("/tmp/out.csv").exists()
    assert not Path("/tmp/out").exists()


# Looking back


def test_events_between_come_in_the_order_of_time_whatever_order_they_came_in(store: Store) -> None:
    late, early = event("late", time=NOON + DAY), event("early", time=NOON - DAY)
    twins = [event("b", time=NOON), event("a", time=NOON), event("a", time=NOON, source="zeek")]
    for each in (late, *twins, early):
        store.commit(Batch(events=[each]))
    found = list(store.events_between(NOON - 2 * DAY, NOON + 2 * DAY))
    assert [(each.source, each.uid) for each in found] == [
        ("aws.cloudtrail", "early"),
        ("aws.cloudtrail", "a"),
        ("aws.cloudtrail", "b"),
        ("zeek", "a"),
        ("aws.cloudtrail", "late"),
    ]


def test_events_between_keep_to_their_span_and_sources(store: Store) -> None:
    here = [event("first", time=NOON), event("last", time=NOON + HOUR), event("other", time=NOON, source="zeek")]
    store.commit(Batch(events=here))
    assert [each.uid for each in store.events_between(NOON, NOON + HOUR)] == ["first", "other"]
    assert [each.uid for each in store.events_between(NOON, NOON + 2 * HOUR, ["zeek"])] == ["other"]
    assert list(store.events_between(NOON + 2 * HOUR, NOON)) == []


def test_a_kept_event_has_its_owner_and_its_native_record(store: Store) -> None:
    store.commit(Batch(events=[event("a", owner=Owner("metro", "tickets", "small"), odd="\ud800", big=1 << 70)]))
    (kept,) = store.events_between(NOON, NOON + 1)
    assert (kept.time, kept.owner) == (NOON, Owner("metro", "tickets", "small"))
    assert kept.native["big"] == 1 << 70
    assert kept.native["odd"] == "\ud800"


def test_a_sample_holds_some_of_each_kind_of_event(store: Store) -> None:
    frequent = [event(f"f{number}", op="GetObject") for number in range(50)]
    rare = [event("rare", op="DeleteTrail"), event("other", source="zeek")]
    store.commit(Batch(events=[*frequent, *rare]))
    found = store.sample_events(NOON, NOON + 1, 3, 100)
    assert len(found) == 5
    assert {"rare", "other"} <= {each.uid for each in found}
    assert len(store.sample_events(NOON, NOON + 1, 50, 7)) == 7
    assert store.sample_events(NOON + 1, NOON + 2, 50, 7) == []


# Dead letters and the ledger


def test_dead_letters_are_paged_newest_first_and_found_by_number(store: Store) -> None:
    store.commit(Batch(rejected=[rejected(), rejected("zeek"), rejected(raw=b"third")]))
    found = store.letters()
    assert [one.record.source for one in found] == ["syslog", "zeek", "syslog"]
    assert [one.number for one in store.letters("", found[0].number, 1)] == [found[1].number]
    assert [one.record.raw for one in store.letters("syslog")] == [b"third", b"\xff{"]
    assert store.letter(found[1].number) == found[1]
    assert store.letters_ever() == {"syslog": 2, "zeek": 1, "": 3}
    for number in (0, -1, found[0].number + 1_000):
        with pytest.raises(NotFound):
            store.letter(number)


def test_the_ledger_counts_by_source_and_minute(store: Store) -> None:
    source = "aws.cloudtrail"
    store.commit(Batch(events=[event("a")], received={source: 2}, repeated={source: 1}))
    store.commit(Batch(rejected=[rejected()], received={"syslog": 1}))
    rows = store.ledger(0, 1 << 60)
    assert all(row["minute"] % 60_000 == 0 for row in rows)
    names = ("received", "processed", "rejected", "repeated")
    assert {row["source"]: tuple(row[name] for name in names) for row in rows} == {
        source: (2, 1, 0, 1),
        "syslog": (1, 0, 1, 0),
    }
    assert store.ledger(0, 60_000) == []
