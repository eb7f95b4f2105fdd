"""Controls that are checked: what a requirement is, what is known of it, and what follows from all of them.

What nobody knows is never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yunshao.errors import WrongUse
from yunshao.model.register import MAX_TEXT, Change

FRAMEWORKS = ("mlps", "data")
STATES = ("met", "partly", "not_met", "unknown", "not_applicable")
SAID = ("met", "partly", "not_met", "not_applicable")
HOW = ("auto", "semi", "manual")
TEMPLATES = ("2025", "2021")
POINTS = {"met": 1.0, "partly": 0.5, "not_met": 0.0, "unknown": 0.0}
# GB/T 22239: level 2 has its general requirements in clause 7.1, level 3 in 8.1.
CLAUSE_OF_LEVEL = {2: "7.1", 3: "8.1"}


@dataclass(frozen=True, slots=True)
class Control:
    """One requirement: its place in the framework, how it can be checked, and what speaks for or against it."""

    id: str
    clause: str
    family: str
    side: str
    title: dict[str, str]
    how: str = "manual"
    by: str = ""
    against: tuple[str, ...] = ()
    weight: int = 1
    stage: str = ""
    personal: str = ""


def answer(
    control: str, system: str, state: str, by: str, reason: str, until: int | None = None, evidence: str = ""
) -> Change:
    """A person's word on a control of a system, until a moment (ms) where it ends by itself.

    Raises WrongUse: anything but `met` needs a reason.
    """
    if state not in SAID:
        raise WrongUse(f"no state {state!r}", f"one of {', '.join(SAID)}")
    if state != "met" and not reason.strip():
        raise WrongUse(f"{state} needs a reason", "--reason")
    body = {
        "control": control,
        "system": system,
        "state": state,
        "by": by,
        "reason": reason[:MAX_TEXT],
        "evidence": evidence[:MAX_TEXT],
        "until": until,
    }
    return Change("answer", f"{control}@{system}", body, by, reason[:MAX_TEXT])


def applicable(states: Iterable[str]) -> list[str]:
    """The states that count: all but those that do not apply."""
    return [state for state in states if state != "not_applicable"]


def pass_rate(states: Iterable[str], partly: float = 0.0) -> float | None:
    """Requirements that are met, of those that apply; None where none does.

    `partly` is what one that is partly met counts: the 2025 template's rule for it is not confirmed, so it is nothing.
    """
    counted = applicable(states)
    if not counted:
        return None
    return sum(1.0 if state == "met" else partly if state == "partly" else 0.0 for state in counted) / len(counted)


def conclusion_2025(rate: float | None, major: int) -> str:
    """met, basically_met or not_met by the template of 2025: pass rate, and how many major hidden dangers there are."""
    if rate is None:
        return "unknown"
    if rate < 0.6:
        return "not_met"
    return "met" if rate >= 0.9 and not major else "basically_met"


def score_2021(items: Sequence[tuple[str, str, int]], share: float = 0.5) -> float | None:
    """The score 0 to 100 of the template of 2021, over (side, state, weight): M = V_technical + V_managerial.

    Each side begins with its share of 100 and loses weight x (1 - x) x 100 / n for every item.
    """
    counted = [one for one in items if one[1] != "not_applicable"]
    if not counted:
        return None
    each = 100 / len(counted)
    total = 0.0
    for side, whole in (("technical", 100 * share), ("managerial", 100 * (1 - share))):
        lost = sum(weight * (1 - POINTS[state]) * each for place, state, weight in counted if place == side)
        total += max(0.0, whole - lost)
    return total


def conclusion_2021(score: float | None, high: int, medium: int) -> str:
    """excellent, good, fair or poor by the template of 2021: the score and how many high and medium risks there are."""
    if score is None:
        return "unknown"
    if high or score < 70:
        return "poor"
    if score >= 90 and not medium:
        return "excellent"
    return "good" if score >= 80 else "fair"


def counted_states(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many rows there are of each state."""
    found = dict.fromkeys(STATES, 0)
    for row in rows:
        found[row["state"]] += 1
    return found
