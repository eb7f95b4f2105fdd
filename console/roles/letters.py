"""Dead letters once more through the intake: each by one person, once, and what came of it is known."""

from __future__ import annotations

import importlib
from typing import Any

from console.roles.shared import door
from console.wiring import Workspace, wall_clock
from yunshao.errors import NotFound, WrongUse
from yunshao.model.event import Record
from yunshao.ports import Letter

KIND = "replay"
SENT = "sent"
MAX_RAW = 1 << 20
MOST = 10_000
ENVELOPE, INTERNAL = "envelope", "internal"
SHOWN_BYTES = 2000


def replayed(place: Workspace) -> dict[int, dict[str, Any]]:
    """What was told again, by number: who, when (ms), and whether it has reached the intake."""
    return {int(one["number"]): one for one in place.store.find(KIND, MOST)}


def row_of(letter: Letter, told: dict[str, Any] | None) -> dict[str, Any]:
    """A dead letter as one row."""
    record = letter.record
    where = f"{letter.topic}/{letter.partition}/{letter.offset}" if letter.topic else ""
    return {
        "number": letter.number,
        "source": record.source,
        "reason": record.reason,
        "detail": record.detail,
        "hint": record.hint,
        "position": record.position,
        "where": where,
        "received": record.received,
        "size": len(record.raw),
        "replayed": told["at"] if told and told["state"] == SENT else None,
        "by": told["by"] if told else "",
    }


def check_replay(letter: Letter) -> None:
    """Raises WrongUse for what cannot go through the intake again."""
    record = letter.record
    if record.source == INTERNAL:
        raise WrongUse("this letter tells of a detector, there is no record in it", "mend the detector")
    if letter.topic.endswith((".observed", ".found")):
        raise WrongUse(
            "what workers tell each other stands in the order of time and is not told again",
            "`yunshao rules backtest` judges the stored events of that time",
        )
    if not record.raw:
        raise WrongUse("nothing of the record was kept", "read its source again")
    if record.source != ENVELOPE and (record.reason == "too_large" or len(record.raw) >= MAX_RAW):
        raise WrongUse("only its beginning was kept", "read its source again")


def replay(place: Workspace, number: int, by: str, again: bool = False) -> None:
    """Hand a dead letter to the intake, once: a second time only where that is asked for.

    Whoever dies in the middle may do it again; the event is stored once, because its id is known. Raises NotFound,
    WrongUse, Unreachable.
    """
    letter = place.store.letter(number)
    check_replay(letter)
    now = wall_clock()

    def claim(kept: dict[str, Any] | None) -> dict[str, Any]:
        if kept and kept["state"] == SENT and not again:
            raise WrongUse(f"letter {number} was told again already, by {kept['by']}", "--again does it once more")
        return {"number": number, "state": "sending", "by": by, "at": now}

    claimed = place.store.change(KIND, str(number), claim)
    _send(place, letter)
    place.store.put(KIND, str(number), {**claimed, "state": SENT})
    place.store.note(by, "deadletter.replay", str(number), letter.record.reason)


def _send(place: Workspace, letter: Letter) -> None:
    record = letter.record
    if place.settings.cluster is None:
        place.spool.append(record.source, [record.raw], record.received, record.hint)
        return
    taking: Any = door(place)
    try:
        if record.source == ENVELOPE:
            taking.send_message(importlib.import_module("console.roles.retold").message_of(place, letter))
            return
        origin = f"{letter.partition}/{letter.offset}/{letter.place}" if letter.topic.endswith(".raw") else ""
        made = Record(record.source, record.raw, max(1, record.position), record.received, record.hint)
        taking.send_again(made, origin)
    finally:
        taking.close()


def whole_or_refused(place: Workspace, number: int) -> Letter:
    """One letter. Raises NotFound with how to find one."""
    try:
        return place.store.letter(number)
    except NotFound:
        raise NotFound(f"no dead letter {number}", "`yunshao deadletter list` shows them") from None
