"""The risk register: entries that are never overwritten, so that any past moment can be looked at as it stood."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yunshao.errors import WrongUse

KINDS = (
    "business",
    "asset",
    "threat",
    "weakness",
    "measure",
    "risk",
    "treatment",
    "acceptance",
    "finding",
    "proposal",
    "decision",
    "answer",
)
ACTIONS = ("avoid", "reduce", "transfer", "accept")
MAX_KEY = 500
MAX_TEXT = 4000
MAX_BODY = 1 << 20
# From this level on a risk cannot be accepted: it is treated by a dated plan.
MUST_TREAT = 4


@dataclass(frozen=True, slots=True)
class Change:
    """What shall stand in the register under (kind, key) from now on; no body takes the entry out."""

    kind: str
    key: str
    body: Mapping[str, Any] | None
    by: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise WrongUse(f"the register holds no {self.kind!r}", f"one of {', '.join(KINDS)}")
        if not 0 < len(self.key) <= MAX_KEY or not self.key.isprintable():
            raise WrongUse("a key in the register is 1 to 500 printable characters", "")


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry as it stood from `at` (ms) until the next of its key. `number` grows with every change."""

    number: int
    id: str
    kind: str
    key: str
    body: Mapping[str, Any] | None
    at: int
    by: str
    reason: str

    def as_row(self) -> dict[str, Any]:
        """The revision as one JSON object."""
        return {
            "kind": self.kind,
            "key": self.key,
            "revision": self.id,
            "at": self.at,
            "by": self.by,
            "reason": self.reason,
            "body": None if self.body is None else dict(self.body),
        }


def body_text(body: Mapping[str, Any] | None) -> str | None:
    """A body as text that is the same for the same content. Raises WrongUse for one that is too large."""
    if body is None:
        return None
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    if len(text) > MAX_BODY:
        raise WrongUse(f"an entry of the register is larger than {MAX_BODY} bytes", "")
    return text


def revision_id(change: Change, text: str | None, previous: str) -> str:
    """32 hex digits of what is said, by whom and after which revision: a repeated write is the same revision."""
    parts = [change.kind, change.key, text, change.by, change.reason, previous]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def treatment(risk: str, action: str, post: str, due: int, by: str, *, expected: int = 0, note: str = "") -> Change:
    """A plan for a risk: what is done, by which post, until when (ms), and the level expected then (0: not said).

    Raises WrongUse for an unknown action.
    """
    if action not in ACTIONS:
        raise WrongUse(f"no treatment {action!r}", f"one of {', '.join(ACTIONS)}")
    if not 0 <= expected <= 5:
        raise WrongUse(f"the expected level is {expected}", "from 1 to 5")
    body = {"risk": risk, "action": action, "post": post, "due": due, "expected": expected, "note": note[:MAX_TEXT]}
    return Change("treatment", risk, body, by, note[:MAX_TEXT])


def acceptance(risk: Mapping[str, Any], approver: str, until: int, reason: str, by: str, now: int) -> Change:
    """A risk that is borne: who approved it, until when (ms), and why.

    Raises WrongUse without an approver or a reason, for a moment that is past, and from level 4 on.
    """
    level = risk["current"]["level"]
    if level >= MUST_TREAT:
        raise WrongUse(f"level {level} cannot be accepted", "treat it by a dated plan: `yunshao risk treat`")
    if not approver.strip() or not reason.strip():
        raise WrongUse("an acceptance needs an approver and a reason", "")
    if until <= now:
        raise WrongUse("an acceptance ends after it begins", "name a later day")
    body = {"risk": risk["id"], "level": level, "approver": approver[:200], "until": until, "reason": reason[:MAX_TEXT]}
    return Change("acceptance", str(risk["id"]), body, by, reason[:MAX_TEXT])
