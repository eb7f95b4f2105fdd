"""A drill dies before every writing and goes on in another process: nothing is sent or done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from small_city import HandClock, SmallCity, small_city

from console.roles.drills import KIND, Drills
from console.roles.notices import Notices
from console.wiring import Workspace
from playbooks.drill.run import LEASE_MS
from yunshao.model.alert import AlertQuery, acknowledge
from yunshao.model.drill import Document
from yunshao.model.event import EventRef

NINE = 1_795_054_800_000
PLAYBOOK = """
id: small_drill
kind: drill
version: "1"
title: {zh: 小演练, en: A small drill}
summary: {zh: 小演练, en: A small drill}
forms: {method: practical, scope: internal, content: special}
objectives: [{zh: 发现, en: Notice}]
story: audit_switched_off
run:
  - {at: 0s, send: aws.cloudtrail, part: trail, title: {zh: 一, en: one}}
  - {at: 30s, send: aws.cloudtrail, part: others, title: {zh: 二, en: two}}
  - {at: 40s, tell: business, title: {zh: 告知, en: tell}}
  - {at: 50s, ask: on_call, does: contain, title: {zh: 处置, en: contain}}
expect:
  - {alert: audit_log_switched_off, within: 2m}
  - {alert: flow_log_deleted, within: 2m}
  - {acknowledged_by: on_call, within: 2m}
revert: [{close: alerts_of_this_drill}]
"""
ONCALL = """
channels: {hook: {kind: webhook, url: "http://127.0.0.1:1"}}
people: {duty: {reach: [{channel: hook}]}}
posts: {on_call: "person:duty", business: "person:duty"}
"""
WRITES = ("change", "change_due", "change_alert", "put", "register")


class Died(BaseException):
    """What stands for a death: nothing catches it, and nothing of the process is used afterwards."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    folder = tmp_path_factory.mktemp("kills")
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "small_drill.yml").write_text(PLAYBOOK, encoding="utf-8")
    (folder / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
    return small_city(folder, HandClock(NINE))


class Life:
    """One process that conducts a drill, in all but name: it dies at its `left`-th writing (0: never)."""

    def __init__(self, town: SmallCity, left: int) -> None:
        self.town, self.left = town, left
        place = Workspace(town.place.folder, town.place.clock)
        for name in ("settings", "estate", "rules", "playbooks"):
            object.__setattr__(place, name, getattr(town.place, name))
        for name in WRITES:
            setattr(place.store, name, self._dying(getattr(place.store, name)))
        place.spool.append = self._dying(place.spool.append)  # type: ignore[method-assign]
        self.drills = Drills(place, place.spool, Notices(place, place.clock))

    def _dying(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def write_or_die(*words: Any, **more: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Died
            return write(*words, **more)

        return write_or_die

    def goes_on(self, drill: str) -> bool:
        """Whether it lived to see the end."""
        clock = self.town.place.clock
        assert isinstance(clock, HandClock)
        try:
            for _ in range(300):
                document = self.drills.advance(drill)
                if document["phase"] == "over":
                    return True
                self.town.up.pipeline.drain()
                clock.goes(1)
                for alert in self.town.place.store.alerts(AlertQuery(drill=drill, status=("new",), limit=10)):
                    self.town.place.store.change_alert(alert.id, lambda one: acknowledge(one, "duty", clock()))
                for step in document["steps"]:
                    if step["state"] == "asked":
                        self.drills.answer(drill, step["index"], "duty")
        except Died:
            return False
        raise AssertionError(document["state"])


def held_once(town: SmallCity, drill: str) -> Document:
    """The drill is over, and everything in it happened once."""
    document = town.place.store.get(KIND, drill)
    assert (document["state"], document["phase"]) == ("done", "over")
    injected = [one for step in document["steps"] for one in step["injected"]]
    assert len(injected) >= 3
    for one in injected:
        assert town.place.store.drill_of([EventRef(one["source"], one["uid"], 0)], {}) == drill
    kinds = Counter(line["kind"].removesuffix("_again") for line in document["timeline"])
    assert [kinds[name] for name in ("sent", "told", "asked", "answered", "closed", "done")] == [2, 1, 1, 1, 1, 1]
    alerts = town.place.store.alerts(AlertQuery(drill=drill, limit=50))
    assert len(alerts) >= 2
    for one in alerts:
        assert [deed.did for deed in one.deeds] == ["acknowledge", "close"]
    metrics = document["metrics"]
    assert (metrics["mttd"]["errors"], metrics["mttd"]["n"], metrics["mttd"]["unfinished"]) == (0, 2, 0)
    return document


def begun(town: SmallCity) -> str:
    return town.up.drills.start("small_drill", "operator", 10)


@pytest.mark.slow
def test_killed_at_every_boundary_a_drill_is_held_once(town: SmallCity) -> None:
    # To die before a writing is to die after the one before it: nothing else outlives the process.
    boundaries = again = 0
    uids: list[str] = []
    for left in range(1, 120):
        drill = begun(town)
        whole = Life(town, left).goes_on(drill)
        if not whole:
            boundaries += 1
            # Longer than anybody else would be at it.
            town.place.clock.goes(LEASE_MS / 1000 + 1)  # type: ignore[attr-defined]
            assert Life(town, 0).goes_on(drill)
        document = held_once(town, drill)
        again += any(line["kind"] == "sent_again" for line in document["timeline"])
        uids += [one["uid"] for step in document["steps"] for one in step["injected"]]
        if whole:
            break
    assert boundaries >= 15
    assert again >= 2, "somebody died between the door and the note of it"
    rows = town.place.store.hunt("SELECT uid, count(*) AS n FROM events GROUP BY uid", 100_000)
    assert {row["n"] for row in rows if row["uid"] in uids} == {1}


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_beginning_that_dies_has_sent_nothing(town: SmallCity, left: int) -> None:
    before = town.place.spool.waiting()
    known = {one["id"] for one in town.place.store.find(KIND, 500)}
    with pytest.raises(Died):
        Life(town, left).drills.start("small_drill", "operator")
    assert {one["id"] for one in town.place.store.find(KIND, 500)} == known
    assert town.place.spool.waiting() == before


def test_two_who_conduct_one_drill_send_its_records_once(town: SmallCity) -> None:
    drill, other = begun(town), Life(town, 0)

    class Slow:
        """A door at which the other one comes by while somebody stands in it."""

        sent = 0

        def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
            self.sent += 1
            other.drills.advance(drill)
            town.place.spool.append(source, records, received, hint)

    door = Slow()
    Drills(town.place, door, town.up.notices).advance(drill)
    other.drills.advance(drill)
    assert door.sent == 1
    assert town.place.store.get(KIND, drill)["steps"][0]["state"] == "done"
    town.up.drills.abort(drill, "operator")
    town.up.drills.advance(drill)


def test_every_drill_that_runs_has_its_turn_however_many_there_are(town: SmallCity) -> None:
    drills = town.up.drills
    many = [begun(town) for _ in range(60)]
    assert drills.tick() == 60
    waits = [town.place.store.get(KIND, one)["steps"][0]["state"] for one in many]
    assert set(waits) == {"done"}
    assert sorted(drills.abort_all("operator")) == sorted(many)
    while drills.tick():
        pass
    assert {town.place.store.get(KIND, one)["phase"] for one in many} == {"over"}
