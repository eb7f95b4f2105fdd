"""Collecting: offsets move only after everything is acknowledged, and what waits is bounded."""

from __future__ import annotations

import pytest
from contract.streaming import FakeIntake, line

from streams.run_collect import Collecting
from yunshao.adapters.stores.memory import MemoryStore
from yunshao.errors import Unreachable


class Broker:
    """Takes what it is sent, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.sent: list[bytes] = []
        self.most = 0

    def send(self, _intake, items) -> int:
        self.most = max(self.most, len(items))
        if self.away:
            raise Unreachable("away")
        self.sent += [item.raw for item in items]
        return 1


def test_a_broker_that_was_away_gets_everything_in_order_and_nothing_piles_up():
    store, broker = MemoryStore(), Broker()
    lines = [line(str(n)) for n in range(950)]
    intake = FakeIntake("files", lines)
    collecting = Collecting(store, [intake], broker.send, lambda: 0, 100)
    assert collecting.turn() == 100
    broker.away = True
    for _ in range(5):
        with pytest.raises(Unreachable):
            collecting.turn()
    assert store.offset("files") == "100"
    broker.away = False
    while collecting.turn():
        pass
    assert broker.sent == lines
    assert broker.most == 100
    assert store.offset("files") == "950"


def test_a_collector_that_died_before_it_knew_sends_the_batch_again():
    store, broker = MemoryStore(), Broker()
    intake = FakeIntake("files", [line(str(n)) for n in range(30)])

    class Dies(MemoryStore):
        def commit(self, batch):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Collecting(Dies(), [intake], broker.send, lambda: 0, 10).turn()
    again = Collecting(store, [intake], broker.send, lambda: 0, 10)
    while again.turn():
        pass
    assert broker.sent == [*intake.lines[:10], *intake.lines]
