"""What becomes of the items of a bulk request, without a node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opensearchpy import exceptions as trouble

from yunshao.adapters.stores.search.bulk import CREATED, REFUSED, THERE, Settled, Write, settle


class FakeNode:
    """Answers each request with the next list of statuses; remembers how many items it was asked."""

    def __init__(self, *answers: list[int] | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[int] = []
        self.client = self

    def bulk(self, body: str) -> dict[str, Any]:
        self.asked.append(body.count("\n") // 2)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        error = {"type": "some_exception", "reason": "because"}
        return {"items": [{"create": {"status": status, "error": error}} for status in answer]}

    def wrote(self, index: str) -> None:
        pass

    @contextmanager
    def told(self) -> Iterator[None]:
        yield


def _settled(node: Any, count: int, patience: float = 60.0) -> list[Settled]:
    writes = [Write("events", str(number), {"n": number}) for number in range(count)]
    return settle(node, writes, patience, lambda _seconds: None)


def test_only_what_the_node_had_no_room_for_is_sent_again() -> None:
    node = FakeNode([201, 429, 409, 503, 400], [201, 201])
    assert [one.state for one in _settled(node, 5)] == [CREATED, CREATED, THERE, CREATED, REFUSED]
    assert node.asked == [5, 2]


def test_a_node_that_hangs_up_is_asked_again() -> None:
    node = FakeNode(trouble.ConnectionError("N/A", "gone", None), trouble.ConnectionTimeout("N/A", "slow", None), [201])
    assert [one.state for one in _settled(node, 1)] == [CREATED]
    assert node.asked == [1, 1, 1]


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_forbids_is_trouble_and_makes_no_dead_letters(status: int) -> None:
    node = FakeNode([201, status])
    with pytest.raises(trouble.TransportError, match="some_exception: because"):
        _settled(node, 2, patience=-1.0)
    assert [one.state for one in _settled(FakeNode([201, status], [201]), 2)] == [CREATED, CREATED]
