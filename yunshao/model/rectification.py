"""Rectification items (整改): what was found wanting, who mends it until when, and how it was shown to be mended.

`open → done → verified`, back to `open` where it is returned, or `dropped` with a reason. Pure; times are ms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from yunshao.errors import WrongUse

Item = dict[str, Any]
KIND = "rectification"
STATES = ("open", "done", "verified", "dropped")
MAX_TEXT, MAX_EVIDENCE = 2000, 200
TREATED_FROM = 4


def item_id(origin: str, what: str) -> str:
    """The same for the same matter of the same origin."""
    return f"rect-{hashlib.sha256(f'{origin}|{what}'.encode()).hexdigest()[:12]}"


def new_item(
    origin: Mapping[str, str],
    key: str,
    action: Mapping[str, str],
    problem: Mapping[str, str],
    post: Mapping[str, str],
    unit: str,
    due: int,
    now: int,
) -> Item:
    """An item that nobody has begun with. `key` tells it from others of its origin."""
    return {
        "id": item_id(origin["key"], key),
        "origin": dict(origin),
        "action": dict(action),
        "problem": dict(problem),
        "post": dict(post),
        "unit": unit,
        "due": due,
        "created": now,
        "state": "open",
        "ended": None,
        "by": "",
        "evidence": [],
        "timeline": [{"at": now, "by": origin["kind"], "did": "opened", "note": origin["id"]}],
    }


def items_of_drill(drill: Mapping[str, Any], top: str, now: int) -> list[Item]:
    """One item for each improvement of a finished drill; the unit is that of most of its alerts, else the `top` one."""
    units = [str(one["unit"]) for one in drill.get("alerts", ()) if one.get("unit") not in {"", "unowned", None}]
    unit = max(sorted(set(units)), key=units.count, default=top)
    origin = {"kind": "drill", "id": str(drill["id"]), "key": str(drill["id"])}
    return [
        new_item(origin, one["problem"]["en"], one["action"], one["problem"], one["post"], unit, int(one["due"]), now)
        for one in drill.get("improvements", ())
    ]


def items_of_assessment(assessment: Mapping[str, Any], now: int) -> list[Item]:
    """One item for each risk that must be treated; the same risk in the next assessment is the same item."""
    names = {part: {one["id"]: one for one in assessment[part]} for part in ("assets", "threats")}
    found = []
    for risk in assessment["risks"]:
        if risk["current"]["level"] < TREATED_FROM or not risk.get("due"):
            continue
        asset = names["assets"].get(risk["asset"], {})
        threat = names["threats"].get(risk["threat"], {})
        said = {
            language: f"{asset.get('name', {}).get(language, risk['asset'])}"
            f"{'：' if language == 'zh' else ': '}{threat.get('name', {}).get(language, risk['threat'])}"
            for language in ("zh", "en")
        }
        action = {"zh": f"处置风险：{said['zh']}", "en": f"Treat the risk: {said['en']}"}
        problem = {
            "zh": f"{risk['current']['level']} 级风险：{said['zh']}",
            "en": f"Risk of level {risk['current']['level']}: {said['en']}",
        }
        origin = {"kind": "assessment", "id": str(assessment["id"]), "key": "risk"}
        post = risk.get("post") or {"zh": "", "en": ""}
        post = post if isinstance(post, Mapping) else {"zh": str(post), "en": str(post)}
        due = int(risk["due"])
        found.append(new_item(origin, str(risk["id"]), action, problem, post, str(asset.get("unit", "")), due, now))
    return found


def overdue(item: Mapping[str, Any], now: int) -> bool:
    """Whether it should have been shown mended by now."""
    return bool(item["state"] == "open" and now > item["due"])


def done(item: Item, evidence: Sequence[Mapping[str, Any]], by: str, now: int, note: str = "") -> Item:
    """Somebody says that it is mended, with evidence: words, or files by their hash. Raises WrongUse without either."""
    changed = _at(item, "open")
    if not evidence and not note.strip():
        raise WrongUse("an item is done with evidence", "a file, or words that say where to look")
    changed["evidence"] = [*changed["evidence"], *({**one, "at": now, "by": by} for one in evidence)]
    if len(changed["evidence"]) > MAX_EVIDENCE:
        raise WrongUse(f"an item holds at most {MAX_EVIDENCE} pieces of evidence", "")
    changed.update(state="done", ended=now, by=by)
    return _said(changed, now, by, "done", note)


def verify(item: Item, by: str, now: int, note: str = "") -> Item:
    """Somebody else has looked and agrees. Raises WrongUse for whoever did it, or where it is not done."""
    changed = _at(item, "done")
    if by == item["by"]:
        raise WrongUse("whoever mended it does not verify it", "somebody else does")
    changed["state"] = "verified"
    return _said(changed, now, by, "verified", note)


def give_back(item: Item, by: str, now: int, note: str) -> Item:
    """It is not mended after all: open again, and its deadline stays. Raises WrongUse without a reason."""
    if item["state"] not in {"done", "verified", "dropped"} or not note.strip():
        raise WrongUse(f"item {item['id']} is {item['state']}", "what is over is returned, with a reason")
    changed = deepcopy(item)
    changed.update(state="open", ended=None, by="")
    return _said(changed, now, by, "returned", note)


def drop(item: Item, by: str, now: int, note: str) -> Item:
    """It will not be done. Raises WrongUse without a reason."""
    changed = _at(item, "open")
    if not note.strip():
        raise WrongUse("an item is dropped with a reason", "")
    changed.update(state="dropped", ended=now, by=by)
    return _said(changed, now, by, "dropped", note)


def move_deadline(item: Item, due: int, by: str, now: int, note: str) -> Item:
    """Another deadline, with a reason; the old one stays in the timeline. Raises WrongUse."""
    changed = _at(item, "open")
    if not note.strip() or due <= now:
        raise WrongUse("a deadline moves to a later day, with a reason", "")
    changed["due"] = due
    return _said(changed, now, by, "moved", f"{item['due']} → {due}: {note}")


def counts(items: Iterable[Mapping[str, Any]], now: int) -> dict[str, int]:
    """How many are in each state, and how many are overdue."""
    found = dict.fromkeys((*STATES, "overdue"), 0)
    for one in items:
        found[one["state"]] += 1
        found["overdue"] += overdue(one, now)
    return found


def _at(item: Item, state: str) -> Item:
    if item["state"] != state:
        raise WrongUse(f"item {item['id']} is {item['state']}", f"only what is {state} can become that")
    return deepcopy(item)


def _said(item: Item, at: int, by: str, did: str, note: str) -> Item:
    item["timeline"] = [*item["timeline"], {"at": at, "by": by, "did": did, "note": note[:MAX_TEXT]}]
    return item
