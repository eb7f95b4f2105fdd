"""Which message, or which record of one, a worker fails on: found by the pure stages alone.

Where they fail on it, it is its fault, and will be for ever. Where they do not, it was the weather: a disk, a broker, a
store. Only what is guilty is taken out of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from streams.journal import Journal
from streams.pipeline import Rooms
from streams.queueing import Queue
from streams.shard import Shard
from streams.working import counted, shares, work
from yunshao.model.event import Rejected
from yunshao.ports import Kept
from yunshao.wire.envelope import Item
from yunshao.wire.forms import finding_form
from yunshao.wire.hops import PULSE, Found, Observed, sealed_observed

REASON = "worker_failed"
# What a program's own mistakes raise, and no disk, broker or store.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
MAX_DETAIL = 500


def said(error: Exception) -> str:
    """An error for a dead letter."""
    return f"{type(error).__name__}: {error}"[:MAX_DETAIL]


def try_records(rooms: Rooms, items: Sequence[Item], shards: int, now: int) -> None:
    """The first stage without its store. Raises what fails."""
    done = work(rooms, items)
    for message in shares(rooms, done.events, done.seen, shards, 0, 0, False):
        sealed_observed(message)
    counted({}, done, [Kept(True)] * len(done.events), now)


def guilty_records(rooms: Rooms, items: Sequence[Item], shards: int, now: int) -> dict[int, str]:
    """By place, the records on which the first stage fails, with its words; all of them where it fails on none alone
    and yet on all together; none where it does not fail."""
    found: dict[int, str] = {}
    for place, item in enumerate(items):
        try:
            try_records(rooms, [item], shards, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            found[place] = said(error)
    left = [item for place, item in enumerate(items) if place not in found]
    try:
        try_records(rooms, left, shards, now)
    except Exception as error:  # noqa: BLE001 - as above
        return {place: found.get(place, said(error)) for place in range(len(items))}
    return found


def without(items: Sequence[Item], guilty: Mapping[int, str]) -> list[Item]:
    """The items with the guilty as what could not be taken, at their places."""
    found: list[Item] = []
    for place, item in enumerate(items):
        if place in guilty and not isinstance(item, Rejected):
            found.append(
                Rejected(item.source, item.position, REASON, guilty[place], item.raw, item.received, item.hint)
            )
        else:
            found.append(item)
    return found


def try_judging(rooms: Rooms, shards: int, journal: Journal, messages: Sequence[Observed], now: int) -> None:
    """The second stage over what is remembered, changing nothing of it: all of these messages, whatever else they would
    wait for. Raises what fails."""
    shard = Shard(rooms, shards, journal.recall, journal.state, (), now)
    for number, message in enumerate(messages):
        if not message.kind:
            shard.receive(message, number, now)
    shard.receive(Observed(-1, -1, kind=PULSE, clock=now, idle=range(shards)), -1, now)
    while True:
        step = shard.take(now)
        for group in step.findings:
            for one in group:
                finding_form(one)
        if not step.entries:
            return


def guilty_message(messages: Mapping[int, Observed], attempt: Callable[[Sequence[Observed]], None]) -> tuple[int, str]:
    """The offset of the first with which an attempt at it and all before it fails, and how; (-1, "") where all pass,
    and where it fails with none of them: then it is what is remembered."""
    offsets = sorted(messages)

    def failing(count: int) -> str:
        try:
            attempt([messages[at] for at in offsets[:count]])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            return said(error)
        return ""

    if failing(0) or not failing(len(offsets)):
        return -1, ""
    passes, fails = 0, len(offsets)
    while fails - passes > 1:
        half = (passes + fails) // 2
        if failing(half):
            fails = half
        else:
            passes = half
    return offsets[fails - 1], failing(fails)


def failing_fold(rooms: Rooms, flood: int, journal: Journal, message: Found, now: int) -> str:
    """How the third stage fails on a message; empty where it does not."""
    try:
        Queue(rooms, flood, journal.recall, journal.state, ()).take(message, now, lambda _events: "")
    except Exception as error:  # noqa: BLE001 - as above
        return said(error)
    return ""
