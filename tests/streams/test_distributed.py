"""The distributed stages by themselves: any reading speed, any crash, one order and one result."""

from __future__ import annotations

import random
from typing import Any

import pytest
from contract.streaming import MINUTE, T0, Marked, Quiet, line, rooms

from streams.aligned import Aligned
from streams.journal import RING, Journal
from streams.shard import Shard
from streams.working import shares, work
from yunshao.model.event import Record
from yunshao.wire.hops import PULSE, SETTLE, Observed

ROOMS = rooms(Marked(), Quiet())


def envelopes(lanes: int, each: int, size: int) -> list[Observed]:
    """Envelopes of several lanes whose events interleave in time; one shard."""
    found = []
    for offset in range(each):
        for lane in range(lanes):
            at = [(offset * size + n) * 0.5 + lane * 0.1 for n in range(size)]
            raws = [
                line(f"{lane}-{offset}-{n}", minutes, who=f"w{n % 3}", mark=f"m{lane}") for n, minutes in enumerate(at)
            ]
            done = work(ROOMS, [Record("fake", raw, n, T0 + 90 * 24 * 60 * MINUTE) for n, raw in enumerate(raws)])
            found += shares(ROOMS, done.events, done.seen, 1, lane, offset, offset + 1 < each)
    return found


def delivered(messages: list[Observed], dice: random.Random) -> list[Observed]:
    """Each lane in its own order, the lanes at any speed."""
    lanes: dict[int, list[Observed]] = {}
    for one in messages:
        lanes.setdefault(one.lane, []).append(one)
    found = []
    while any(lanes.values()):
        lane = dice.choice([lane for lane, left in lanes.items() if left])
        found.append(lanes[lane].pop(0))
    return found


class Life:
    """A shard that may die at any moment; what is durable is a dictionary of single writes."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.table: dict[bytes, bytes] = {}
        self.told: dict[int, Any] = {}
        self.born()

    def born(self) -> None:
        self.journal = Journal(0, self.table.get)
        due = self.journal.load(list(self.table.items()))
        self.write(self.journal.spread() if self.journal.state is not None else [])
        self.journal.spread_done()
        self.tell()
        self.shard = Shard(ROOMS, self.lanes, self.journal.recall, self.journal.state, due, 0)

    def write(self, writes: Any, until: int | None = None) -> None:
        for key, value in writes[:until]:
            if value is None:
                self.table.pop(key, None)
            else:
                self.table[key] = value

    def tell(self) -> None:
        if self.journal.outbox:
            known = self.told.setdefault(self.journal.number, self.journal.outbox)
            assert known == self.journal.outbox

    def take(self, dice: random.Random | None = None) -> bool:
        """One step, then perhaps death in the middle of it; false where it died."""
        step = self.shard.take(0)
        if self.journal.full():
            writes = self.journal.spread()
            if dice and dice.random() < 0.3:
                self.write(writes, dice.randrange(len(writes)))
                return False
            self.write(writes)
            self.journal.spread_done()
        writes = self.journal.step(
            step.changed, step.state, [[one.rule_id, one.entity, one.time] for g in step.findings for one in g]
        )
        if dice and dice.random() < 0.1:
            return False
        self.write(writes)
        if dice and dice.random() < 0.1:
            return False
        self.tell()
        return True

    def found(self) -> list[Any]:
        return [one for _, group in sorted(self.told.items()) for one in group]


def lived(messages: list[Observed], lanes: int, dice: random.Random | None) -> list[Any]:
    life = Life(lanes)
    sent = [*messages, Observed(-1, -1, kind=PULSE, idle=list(range(lanes))), Observed(-1, -1, kind=SETTLE)]
    place = 0
    while place < len(sent):
        life.shard.receive(sent[place], place, 0)
        place += 1
        if not life.take(dice):
            # What was not acknowledged is told again; here that is everything.
            life.born()
            place = 0
    while life.shard.take(0).entries:
        pass
    return life.found()


@pytest.mark.parametrize("seed", range(6))
def test_lanes_read_at_any_speed_are_judged_in_one_order(seed):
    messages = envelopes(3, 8, 5)
    expected = lived(sorted(messages, key=lambda one: (one.offset, one.lane)), 3, None)
    assert len(expected) > 100
    assert lived(delivered(messages, random.Random(seed)), 3, None) == expected


@pytest.mark.parametrize("seed", range(12))
def test_a_shard_that_dies_at_any_moment_finds_everything_once(seed):
    messages = envelopes(2, 12, 4)
    dice = random.Random(seed)
    assert lived(delivered(messages, dice), 2, dice) == lived(messages, 2, None)


def test_a_lane_with_more_behind_it_is_waited_for_and_one_at_its_end_is_not():
    aligned = Aligned(2, {}, 0)
    late, early = envelopes(2, 2, 2)[2], envelopes(2, 2, 2)[1]
    assert (late.lane, early.lane) == (0, 1)
    aligned.receive(late, "late", 0)
    assert aligned.next(0) is None
    aligned.receive(early, "early", 0)
    taken = aligned.next(0)
    assert taken is not None
    assert taken[0] == 1
    other = Aligned(2, {}, 0)
    other.receive(late, "late", 0)
    other.at_rest([1], 0)
    assert other.next(0) is not None


def test_a_silent_lane_is_waited_for_briefly_for_what_happens_now_and_longer_for_what_is_long_past():
    late = envelopes(2, 2, 2)[2]
    began = late.seen[0][0]
    patient = Aligned(2, {}, began)
    patient.receive(late, "late", began)
    assert patient.next(began + 10_000) is None
    assert patient.given_up == []
    assert patient.next(began + 25_000) is not None
    assert patient.given_up == [1]
    hours = 5 * 60 * MINUTE
    long_past = Aligned(2, {}, began + hours)
    long_past.receive(late, "late", began + hours)
    assert long_past.next(began + hours + 590_000) is None
    assert long_past.next(began + hours + 610_000) is not None


def test_the_ring_never_goes_over_what_stands_nowhere_else():
    table: dict[bytes, bytes] = {}
    journal = Journal(3, table.get)
    journal.load([])
    for number in range(5 * RING):
        if journal.full():
            table.update({key: value for key, value in journal.spread() if value is not None})
            journal.spread_done()
        table.update(dict(journal.step({("d", f"k{number}"): ({"n": number}, number)}, {"at": number}, None)))  # type: ignore[arg-type]
        again = Journal(3, table.get)
        due = again.load(list(table.items()))
        assert (again.number, again.state) == (number + 1, {"at": number})
        assert sorted(due) == sorted(("d", f"k{n}", n) for n in range(number + 1))
        assert all(again.recall("d", f"k{n}") == {"n": n} for n in range(number + 1))


def test_time_that_goes_on_in_a_silence_is_taken_back_so_that_what_comes_then_is_not_late():
    began = T0 + 90 * 24 * 60 * MINUTE
    shard = Shard(ROOMS, 1, lambda _detector, _key: None, None, [], began)
    shard.receive(envelopes(1, 1, 3)[0], "told", began)
    reached = shard.take(began).state["times"]
    assert reached
    for second in range(1, 120):
        shard.receive(Observed(-1, -1, kind=PULSE, idle=[0]), second, began + second * 1000)
        assert shard.take(began + second * 1000).state["times"] == reached
