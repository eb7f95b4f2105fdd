"""`yunshao alerts snooze`: an alert, or what a rule says of somebody, rests until a moment, counted all the while."""

from __future__ import annotations

import getpass
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, moment, say, show, visible
from console.wiring import Workspace, open_workspace, wall_clock
from yunshao.errors import NotFound, WrongUse
from yunshao.model.snooze import KEY, KIND, Snooze, snoozed, snoozes_at, with_snooze, without_snooze, woken

UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
COLUMNS = ("until", "rule", "entity", "unit", "by", "reason")
AlertId = Annotated[str, typer.Argument(help="An alert id, or the first 8 or more characters of one.")]
Rule = Annotated[str, typer.Option("--rule", help="Instead of an id: every alert of this rule, by id or name.")]
Entity = Annotated[str, typer.Option("--entity", help="With --rule: about this entity alone.")]
Unit = Annotated[str, typer.Option("--unit", help="With --rule: of this unit alone.")]
By = Annotated[str, typer.Option("--by", help="Who does it; default: you.")]


def snooze(
    until: Annotated[str, typer.Option("--until", help="30m, 8h, 2d, a date, or a date and time; 30 days at most.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    alert_id: AlertId = "",
    workspace: WorkspaceOption = Path(),
    rule: Rule = "",
    entity: Entity = "",
    unit: Unit = "",
    by: By = "",
) -> None:
    """Let an alert rest, or every alert of a rule, until a moment."""
    place = open_workspace(workspace)
    _one_of(alert_id, rule, entity or unit)
    who, now = by or getpass.getuser(), wall_clock()
    end = moment_of(until, now, place.settings.timezone)
    if alert_id:
        found = place.store.change_alert(full_id(place, alert_id), lambda found: snoozed(found, end, who, now, reason))
        place.store.note(who, "alert.snooze", found.id, reason)
        say(f"{found.id[:12]} rests until {moment(end, place.settings.timezone)}")
        return
    new = Snooze(rule_id_of(place, rule), entity, unit, end, who, now, reason.strip())
    place.store.change(KIND, KEY, lambda held: with_snooze(held, new))
    place.store.note(who, "rule.snooze", rule, f"{entity} {unit} {reason}".strip())
    say(f"alerts of {rule} rest until {moment(end, place.settings.timezone)}")


def snoozes(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Snoozes by rule, with their end."""
    place = open_workspace(workspace)
    names = {rule.id: rule.name or rule.id for rule in (*place.rules.rules, *place.rules.correlations)}
    held = place.store.find(KIND, limit=1)
    rows = [
        {
            "rule_id": one.rule,
            "rule": names.get(one.rule, one.rule),
            "entity": one.entity,
            "unit": one.unit,
            "until": one.until if format_ is Format.ndjson else moment(one.until, place.settings.timezone),
            "by": one.by,
            "at": one.at,
            "reason": one.reason,
        }
        for one in snoozes_at(held[0] if held else None, wall_clock())
    ]
    show(rows, COLUMNS, format_, "no rule is snoozed")


def wake(
    alert_id: AlertId = "",
    workspace: WorkspaceOption = Path(),
    rule: Rule = "",
    entity: Entity = "",
    unit: Unit = "",
    by: By = "",
) -> None:
    """End a snooze before its time; one by rule is named as it was made."""
    place = open_workspace(workspace)
    _one_of(alert_id, rule, entity or unit)
    who, now = by or getpass.getuser(), wall_clock()
    if alert_id:
        found = place.store.change_alert(full_id(place, alert_id), lambda found: woken(found, who, now))
        place.store.note(who, "alert.wake", found.id)
        typer.echo(visible(f"{found.id[:12]}  {found.status}  {found.assignee}"))
        return
    place.store.change(KIND, KEY, lambda held: without_snooze(held, rule_id_of(place, rule), entity, unit, now))
    place.store.note(who, "rule.wake", rule, f"{entity} {unit}".strip())


def _one_of(alert_id: str, rule: str, narrowed: str) -> None:
    if bool(alert_id) == bool(rule):
        raise WrongUse("an alert id or --rule is wanted, and not both", "")
    if alert_id and narrowed:
        raise WrongUse("--entity and --unit go with --rule", "")


def rule_id_of(place: Workspace, rule: str) -> str:
    """The id of a rule by its name; what is no rule here (a detector that learns) stands for itself."""
    known = place.rules.by_name().get(rule)
    return known.id if known else rule


def moment_of(text: str, now: int, zone: str) -> int:
    """The moment (ms) that `8h`, `2026-12-01` or `2026-12-01T08:00` means. Raises WrongUse."""
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", text.strip())
    if found:
        return now + int(found[1]) * UNITS_MS[found[2]]
    try:
        named = datetime.fromisoformat(text.strip())
        return int((named if named.tzinfo else named.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise WrongUse(
            f"--until {text[:40]!r} is no moment", "such as 8h, 2d, 2026-12-01 or 2026-12-01T08:00"
        ) from None


def full_id(place: Workspace, start: str) -> str:
    """The id that begins so. Raises WrongUse where several do."""
    if len(start) >= 32:
        return start
    if len(start) < 8:
        raise WrongUse("an alert id has 32 characters", "give at least the first 8")
    found = place.store.ids_from(start)
    if len(found) != 1:
        raise NotFound(f"{'several alerts' if found else 'no alert'} with an id that begins {start!r}")
    return found[0]
