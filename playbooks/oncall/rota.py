"""Who is on call when: turns by the wall clock of the place, so that a change of clocks moves no hand-over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.oncall.settings import OnCall, Quiet, Rota, at_least, minutes
from yunshao.errors import NotFound, WrongUse

MINUTE_MS = 60_000
MAX_SHIFTS = 1000
MAX_HANDED = 200


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's time on call, [start, end) in ms; `handed` where somebody took it over."""

    start: int
    end: int
    person: str
    handed: bool = False


def on_call(whole: OnCall, rota: str, now: int, zone: ZoneInfo, handed: Sequence[Mapping[str, Any]] = ()) -> str:
    """The person on call at a time (ms); empty where nobody is. Raises NotFound for an unknown rota."""
    if rota not in whole.rotas:
        raise NotFound(f"no rota {rota!r}", f"known: {', '.join(sorted(whole.rotas))}")
    over = [one for one in handed if one["rota"] == rota and one["start"] <= now < one["end"]]
    if over and over[-1]["to"] in whole.people:
        return str(over[-1]["to"])
    chosen = whole.rotas[rota]
    local = datetime.fromtimestamp(now / 1000, zone).replace(tzinfo=None)
    if not _within(chosen, local):
        return on_call(whole, chosen.cover, now, zone, handed) if chosen.cover else ""
    return chosen.people[_turn(chosen, local) % len(chosen.people)]


def _within(rota: Rota, local: datetime) -> bool:
    """Inside the hours and days of a rota. A night shift belongs to the day on which it began."""
    if rota.hours is None:
        return local.isoweekday() in rota.weekdays
    begins, ends = (_clock(one) for one in rota.hours)
    here = local.time()
    if begins < ends:
        return begins <= here < ends and local.isoweekday() in rota.weekdays
    began = local if here >= begins else local - timedelta(days=1)
    return (here >= begins or here < ends) and began.isoweekday() in rota.weekdays


def _turn(rota: Rota, local: datetime) -> int:
    first = datetime.combine(date.fromisoformat(rota.starts), _clock(rota.at))
    return int((local - first) // timedelta(minutes=minutes(rota.turn)))


def _clock(text: str) -> time:
    return time(int(text[:2]), int(text[3:]))


def shifts(
    whole: OnCall, rota: str, since: int, until: int, zone: ZoneInfo, handed: Sequence[Mapping[str, Any]] = ()
) -> list[Shift]:
    """The shifts of [since, until) in order; times in which nobody is on call are left out."""
    found: list[Shift] = []
    edges = _edges(whole, rota, since, until, zone, handed)
    for start, end in pairwise(edges):
        person = on_call(whole, rota, start, zone, handed)
        taken = any(one["rota"] == rota and one["start"] <= start < one["end"] for one in handed)
        if found and found[-1].end == start and (found[-1].person, found[-1].handed) == (person, taken):
            found[-1] = Shift(found[-1].start, end, person, taken)
        elif person:
            found.append(Shift(start, end, person, taken))
    return found[:MAX_SHIFTS]


def _edges(
    whole: OnCall, rota: str, since: int, until: int, zone: ZoneInfo, handed: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Every moment at which the answer may change."""
    edges = {since, until}
    edges |= {one[end] for one in handed if one["rota"] == rota for end in ("start", "end")}
    chosen: str | None = rota
    while chosen:
        one = whole.rotas[chosen]
        edges |= set(_local_edges(one, since, until, zone))
        chosen = one.cover
    return sorted(edge for edge in edges if since <= edge <= until)


def _local_edges(rota: Rota, since: int, until: int, zone: ZoneInfo) -> list[int]:
    step = timedelta(minutes=minutes(rota.turn))
    first = datetime.combine(date.fromisoformat(rota.starts), _clock(rota.at))
    begin, end = (datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None) for at in (since, until))
    at = first + (begin - first) // step * step
    locals_: list[datetime] = []
    while at <= end and len(locals_) < MAX_SHIFTS:
        locals_.append(at)
        at += step
    marks = [_clock(one) for one in rota.hours] if rota.hours else [time(0)]
    day = begin.date() - timedelta(days=1)
    while day <= end.date() and len(locals_) < 4 * MAX_SHIFTS:
        locals_ += [datetime.combine(day, mark) for mark in marks]
        day += timedelta(days=1)
    return [_epoch(one, zone) for one in locals_]


def _epoch(local: datetime, zone: ZoneInfo) -> int:
    return int(local.replace(tzinfo=zone).astimezone(UTC).timestamp() * 1000)


def hand_over(
    whole: OnCall, kept: Mapping[str, Any] | None, rota: str, to: str, start: int, end: int, by: str, note: str = ""
) -> dict[str, Any]:
    """The kept hand-overs with one more: `to` takes a rota from `start` to `end` (ms). Raises WrongUse, NotFound."""
    if rota not in whole.rotas:
        raise NotFound(f"no rota {rota!r}", f"known: {', '.join(sorted(whole.rotas))}")
    if to not in whole.people:
        raise NotFound(f"no person {to!r}", f"known: {', '.join(sorted(whole.people))}")
    if end <= start:
        raise WrongUse("a hand-over ends after it begins", "say until when")
    before = list((kept or {}).get("handed", ()))
    entry = {"rota": rota, "to": to, "start": start, "end": end, "by": by, "note": note[:1000]}
    return {"handed": [*before, entry][-MAX_HANDED:]}


def quiet_until(quiet: Quiet | None, level: str, now: int, zone: ZoneInfo) -> int:
    """Until when (ms) a person is left alone at a time and level; `now` itself where they are not."""
    if quiet is None or at_least(level, quiet.unless):
        return now
    local = datetime.fromtimestamp(now / 1000, zone).replace(tzinfo=None)
    begins, ends = _clock(quiet.begins), _clock(quiet.ends)
    here = local.time()
    inside = begins <= here < ends if begins < ends else here >= begins or here < ends
    if not inside:
        return now
    day = local.date() if here < ends else local.date() + timedelta(days=1)
    return max(now, _epoch(datetime.combine(day, ends), zone))
