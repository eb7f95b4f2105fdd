"""Snoozing: an alert, or what a rule says of somebody, rests until a moment; it is counted and wakes by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from yunshao.errors import NotFound, WrongUse
from yunshao.model.alert import Alert, Deed

DAY_MS = 86_400_000
MAX_DAYS = 30
MAX_SNOOZES = 200
KIND, KEY = "snooze", "rules"
"""Where the store keeps the document of all snoozes by rule."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Alerts of a rule (about an entity, of a unit) rest until a moment: who said so, when, and why."""

    rule: str
    entity: str
    unit: str
    until: int
    by: str
    at: int
    reason: str

    def covers(self, alert: Alert) -> bool:
        """Whether it is about this alert."""
        finding = alert.finding
        return (
            finding.rule_id == self.rule
            and self.entity in ("", finding.entity)
            and self.unit in ("", finding.owner.unit)
        )


def snoozes_at(document: Mapping[str, Any] | None, at: int) -> tuple[Snooze, ...]:
    """The snoozes by rule that hold at a moment."""
    kept = (document or {}).get("snoozes", ())
    return tuple(Snooze(**one) for one in kept if one["until"] > at)


def rests(alert: Alert, snoozes: Iterable[Snooze], at: int) -> bool:
    """Whether the alert is snoozed at a moment."""
    return alert.snoozed > at or any(one.covers(alert) for one in snoozes)


def snoozed(alert: Alert, until: int, by: str, at: int, reason: str) -> Alert:
    """The alert rests until a moment. Raises WrongUse without a reason or a near end."""
    check_snooze(until, at, reason)
    return replace(alert, snoozed=until, deeds=(*alert.deeds, Deed(at, by, "snooze", reason.strip())))


def woken(alert: Alert, by: str, at: int, note: str = "") -> Alert:
    """The alert rests no longer."""
    if alert.snoozed <= at:
        raise WrongUse(f"alert {alert.id} is not snoozed by itself", "`yunshao alerts snoozes` lists those by rule")
    return replace(alert, snoozed=0, deeds=(*alert.deeds, Deed(at, by, "wake", note)))


def with_snooze(document: Mapping[str, Any] | None, new: Snooze) -> dict[str, Any]:
    """The document with one more; those that are over are left out, one about the same takes its place."""
    check_snooze(new.until, new.at, new.reason)
    others = [one for one in snoozes_at(document, new.at) if not _same(one, new)]
    if len(others) >= MAX_SNOOZES:
        raise WrongUse(f"more than {MAX_SNOOZES} snoozes", "a rule that is never wanted takes an exception or a stage")
    return _document([*others, new])


def without_snooze(document: Mapping[str, Any] | None, rule: str, entity: str, unit: str, at: int) -> dict[str, Any]:
    """The document without the snooze of this rule, entity and unit. Raises NotFound."""
    held = snoozes_at(document, at)
    others = [one for one in held if (one.rule, one.entity, one.unit) != (rule, entity, unit)]
    if len(others) == len(held):
        raise NotFound("no such snooze", "`yunshao alerts snoozes` lists them")
    return _document(others)


def check_snooze(until: int, at: int, reason: str) -> None:
    """Raises WrongUse for an end that has passed or lies too far, or for no reason."""
    if not reason.strip():
        raise WrongUse("a snooze has a reason", "say why in a few words")
    if until <= at:
        raise WrongUse("the end of the snooze has passed", "")
    if until > at + MAX_DAYS * DAY_MS:
        raise WrongUse(f"a snooze lasts at most {MAX_DAYS} days", "")


def _same(one: Snooze, other: Snooze) -> bool:
    return (one.rule, one.entity, one.unit) == (other.rule, other.entity, other.unit)


def _document(snoozes: Sequence[Snooze]) -> dict[str, Any]:
    return {"snoozes": [asdict(one) for one in snoozes]}
