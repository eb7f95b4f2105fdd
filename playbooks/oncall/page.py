"""A page: something that somebody must answer, going up its ladder until somebody does. A state machine; pure.

Times are ms. A page is kept as a document and wakes by itself at `wakes`; whoever wakes it twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.oncall.rota import MINUTE_MS, on_call, quiet_until
from playbooks.oncall.settings import OnCall, Policy, Reach, minutes
from yunshao.errors import WrongUse

Page = dict[str, Any]
Delivery = dict[str, Any]
KIND = "page"
OPEN, ACKNOWLEDGED, RESOLVED, EXHAUSTED = "open", "acknowledged", "resolved", "exhausted"
UNANSWERED = (OPEN, EXHAUSTED)
MAX_LOG = 500
FIRST_MS = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about: an alert, a drill's task, a playbook's question or a clock, and how to say it."""

    kind: str
    id: str
    level: str
    title: Mapping[str, str]
    body: Mapping[str, str]
    unit: str = ""
    drill: str = ""
    path: str = ""


def page_id(subject: Subject, turn: int = 0) -> str:
    """The same for the same subject; `turn` counts how often it came back."""
    return hashlib.sha256(f"{subject.kind}|{subject.id}|{turn}".encode()).hexdigest()[:20]


def open_page(subject: Subject, policy: str, now: int, turn: int = 0, first: str = "") -> Page:
    """A page that has told nobody yet. `first` is a target that is told before the ladder, as a post's holder."""
    return {
        "id": page_id(subject, turn),
        "about": {"kind": subject.kind, "id": subject.id, "path": subject.path},
        "level": subject.level,
        "title": dict(subject.title),
        "body": dict(subject.body),
        "unit": subject.unit,
        "drill": subject.drill,
        "policy": policy,
        "first": first,
        "created": now,
        "round": 0,
        "began": now,
        "rung": -1 if first else 0,
        "state": OPEN,
        "wakes": now,
        "by": "",
        "way": "",
        "ended": None,
        "told": [],
        "log": [{"at": now, "did": "opened", "who": "", "note": policy}],
    }


def turn(
    page: Page, whole: OnCall, now: int, zone: ZoneInfo, handed: Sequence[Mapping[str, Any]] = ()
) -> tuple[Page, list[Delivery]]:
    """The rung whose time has come: the page after it, and what is to be delivered. Doing it again delivers nothing."""
    changed = deepcopy(page)
    found: list[Delivery] = []
    policy = whole.policies.get(changed["policy"], Policy.model_construct(rungs=(), repeat=0, every="30m"))
    while changed["state"] == OPEN and changed["wakes"] is not None and changed["wakes"] <= now:
        made = [] if changed["rung"] >= len(policy.rungs) else _told(changed, policy, whole, now, zone, handed)
        found += made
        _climb(changed, policy, now, told=bool(made))
    changed["told"] = [*changed["told"], *([one["channel"], one["id"]] for one in found)]
    return changed, found


def _told(
    page: Page, policy: Policy, whole: OnCall, now: int, zone: ZoneInfo, handed: Sequence[Mapping[str, Any]]
) -> list[Delivery]:
    targets = (page["first"],) if page["rung"] < 0 else policy.rungs[page["rung"]].tell
    known = {one for _, one in page["told"]}
    found: list[Delivery] = []
    for target in targets:
        person, ways = ways_of(whole, target, now, zone, handed)
        if not ways:
            _log(page, now, "nobody", target)
            continue
        made = delivery_of(page, whole, person, ways[0], now, zone)
        if made["id"] not in known | {one["id"] for one in found}:
            found.append(made)
            held = " (quiet hours)" if made["wakes"] > now else ""
            _log(page, now, "told", person or target, f"{made['channel']}{held}")
    return found


def ways_of(
    whole: OnCall, target: str, now: int, zone: ZoneInfo, handed: Sequence[Mapping[str, Any]]
) -> tuple[str, tuple[Reach, ...]]:
    """Who a target is now, and by which ways; a channel as a whole is nobody in particular."""
    kind, _, name = target.partition(":")
    if kind == "channel":
        return "", (Reach(channel=name),) if name in whole.channels else ()
    person = on_call(whole, name, now, zone, handed) if kind == "rota" and name in whole.rotas else name
    return (person, whole.people[person].reach) if person in whole.people else ("", ())


def _climb(page: Page, policy: Policy, now: int, told: bool) -> None:
    """The next rung; where this one reached nobody, at once."""
    page["rung"] += 1
    if page["rung"] == 0:
        # The holder of a post has some minutes before the ladder is climbed.
        page["began"] = now + (FIRST_MS if told else 0)
    if page["rung"] < len(policy.rungs):
        planned = page["began"] + minutes(policy.rungs[page["rung"]].after) * MINUTE_MS
        page["wakes"] = planned if told else now
        return
    if page["round"] < policy.repeat and policy.rungs:
        page.update(round=page["round"] + 1, rung=0)
        page["began"] = page["wakes"] = max(now, page["began"]) + minutes(policy.every) * MINUTE_MS
        return
    if page["rung"] == len(policy.rungs) and told:
        # Whoever was told last has time to answer, too.
        page["wakes"] = now + minutes(policy.every) * MINUTE_MS
        return
    page.update(state=EXHAUSTED, wakes=None)
    _log(page, now, "exhausted", "")


def delivery_of(page: Page, whole: OnCall, person: str, way: Reach, now: int, zone: ZoneInfo) -> Delivery:
    """What is to be sent to one address for a page; held back to the end of the person's quiet hours."""
    quiet = whole.people[person].quiet if person in whole.people else None
    name = f"{page['id']}|{page['round']}|{page['rung']}|{person}|{way.channel}|{way.to}"
    setting = whole.channels[way.channel]
    language = whole.people[person].language if person in whole.people else setting.language
    return {
        "id": hashlib.sha256(name.encode()).hexdigest()[:24],
        "page": page["id"],
        "channel": way.channel,
        "to": way.to,
        "person": person,
        "language": language,
        "level": page["level"],
        "drill": page["drill"],
        "title": page["title"],
        "body": page["body"],
        "created": now,
        "state": "waiting",
        "tries": 0,
        "reason": "",
        "sent": None,
        "wakes": quiet_until(quiet, page["level"], now, zone),
    }


def fall_back(delivery: Delivery, whole: OnCall, now: int) -> Delivery | None:
    """The same message by the person's next way, where one is left."""
    person = whole.people.get(delivery["person"])
    ways = person.reach if person else ()
    here = next((i for i, way in enumerate(ways) if (way.channel, way.to) == (delivery["channel"], delivery["to"])), -1)
    if here < 0 or here + 1 >= len(ways) or ways[here + 1].channel not in whole.channels:
        return None
    way = ways[here + 1]
    key = hashlib.sha256(f"{delivery['id']}|{way.channel}|{way.to}".encode()).hexdigest()[:24]
    fresh = {"state": "waiting", "tries": 0, "reason": "", "sent": None, "wakes": now, "created": now}
    return {**delivery, **fresh, "id": key, "channel": way.channel, "to": way.to, "instead_of": delivery["id"]}


def acknowledge(page: Page, by: str, way: str, now: int) -> Page:
    """Somebody answers: nothing more is sent. Raises WrongUse where somebody has answered already."""
    if page["state"] not in UNANSWERED:
        raise WrongUse(f"page {page['id']} was answered by {page['by'] or 'nobody'}", "")
    changed = deepcopy(page)
    changed.update(state=ACKNOWLEDGED, by=by, way=way, ended=now, wakes=None)
    _log(changed, now, "acknowledged", by, way)
    return changed


def resolve(page: Page, now: int, note: str) -> Page:
    """What it was about is over; nothing happens to a page that was answered."""
    if page["state"] not in UNANSWERED:
        return page
    changed = deepcopy(page)
    changed.update(state=RESOLVED, ended=now, wakes=None)
    _log(changed, now, "resolved", "", note)
    return changed


def _log(page: Page, now: int, did: str, who: str, note: str = "") -> None:
    page["log"] = [*page["log"], {"at": now, "did": did, "who": who, "note": note}][-MAX_LOG:]
