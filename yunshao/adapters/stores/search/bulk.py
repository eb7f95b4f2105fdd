"""Bulk writes settled item by item: done, there already, to be tried again, or refused for good."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from opensearchpy import exceptions as trouble

from yunshao.adapters.stores.search.connect import Node
from yunshao.wire.text import dumps

MAX_BYTES = 12 << 20
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
AGAIN = (429, 500, 502, 503, 504)
# A role that forbids: the operator's trouble. As dead letters all events would be gone from the pipeline.
FORBIDDEN = (401, 403)
CREATED, THERE, REFUSED = "created", "there", "refused"


class Write(NamedTuple):
    """One document to be written. `head` has what the action line says beside index and id."""

    place: str
    key: str
    body: dict[str, Any]
    action: str = "create"
    head: dict[str, Any] = {}


class Settled(NamedTuple):
    """What became of a write: `created` (or written), `there` (409: an id that is taken, or another version), `refused`
    with its reason."""

    state: str
    why: str = ""


def settle(
    node: Node, writes: Sequence[Write], patience: float = 60.0, sleep: Callable[[float], object] = time.sleep
) -> list[Settled]:
    """Write them all; gives what became of each, in order. What the node has no room for now is tried again, ever
    slower, for `patience` seconds. Raises Unreachable after that."""
    done: list[Settled | None] = [None] * len(writes)
    waiting = list(range(len(writes)))
    pause, end = FIRST_PAUSE, time.monotonic() + patience
    while waiting:
        again, error = _round(node, writes, waiting, done)
        if error and time.monotonic() > end:
            with node.told():
                raise error
        if again:
            sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - so that writers do not come back together
            pause = min(LONGEST_PAUSE, pause * 2)
        waiting = again
    return [one for one in done if one is not None]


def _round(
    node: Node, writes: Sequence[Write], waiting: Sequence[int], done: list[Settled | None]
) -> tuple[list[int], Exception | None]:
    again: list[int] = []
    last: Exception | None = None
    for part in _parts(writes, waiting):
        lines = [line for place in part for line in _lines(writes[place])]
        try:
            answer = node.client.bulk(body="\n".join(lines) + "\n")
        except (trouble.ConnectionError, trouble.TransportError) as error:
            status = error.status_code
            if isinstance(error, trouble.SSLError) or (isinstance(status, int) and status not in AGAIN):
                if status == 413 and len(part) == 1:
                    done[part[0]] = Settled(REFUSED, "413: larger than the node takes")
                    continue
                with node.told():
                    raise
            again += part
            last = error
            continue
        for place, item in zip(part, answer["items"], strict=True):
            node.wrote(writes[place].place)
            outcome = next(iter(item.values()))
            settled = _settled(outcome)
            if settled is None:
                again.append(place)
                last = last or trouble.TransportError(outcome["status"], _why(outcome), None)
            else:
                done[place] = settled
    return again, last


def _parts(writes: Sequence[Write], waiting: Sequence[int]) -> list[list[int]]:
    """In requests of a bounded size."""
    parts: list[list[int]] = [[]]
    size = 0
    for place in waiting:
        here = sum(len(value) for value in writes[place].body.values() if isinstance(value, str)) + 500
        if parts[-1] and size + here > MAX_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(place)
        size += here
    return parts


def _lines(write: Write) -> tuple[str, str]:
    head = {write.action: {"_index": write.place, "_id": write.key, **write.head}}
    return dumps(head), dumps(write.body)


def _settled(outcome: dict[str, Any]) -> Settled | None:
    """None for what is to be tried again."""
    status = outcome["status"]
    if status < 300:
        return Settled(CREATED)
    if status == 409:
        return Settled(THERE)
    if status in AGAIN or status in FORBIDDEN:
        return None
    return Settled(REFUSED, f"{status}: {_why(outcome)}")


def _why(outcome: dict[str, Any]) -> str:
    error = outcome.get("error") or {}
    cause = error.get("caused_by") or {}
    return f"{error.get('type')}: {error.get('reason')} {cause.get('reason', '')}"[:900]
