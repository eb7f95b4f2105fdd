"""Deliveries on their way: taken with a lease, tried again with back-off, told together where a channel is crowded.

Nothing is dropped: a delivery ends as `sent`, `failed` (with its reason, and put back by hand) or `cancelled`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.drill.say import both
from playbooks.oncall.page import Delivery
from playbooks.oncall.say import told_together
from playbooks.oncall.settings import Limit
from yunshao.model.finding import LEVELS
from yunshao.model.notice import Link, Message, Outcome

KIND = "delivery"
FIRST_WAIT_MS = 5_000
LONGEST_WAIT_MS = 300_000
LEASE_MS = 90_000
DAY_MS = 86_400_000
GIVE_UP_MS = DAY_MS
MOST_TOGETHER = 50
MAX_REASON = 300


def kind_of(channel: str) -> str:
    """Deliveries of a channel are a kind of their own: one that stands still holds up no other."""
    return f"{KIND}/{channel}"


def taken(delivery: Delivery, now: int) -> Delivery:
    """On its way: if whoever takes it dies, it is due again when the lease is over."""
    return {**delivery, "state": "sending", "tries": delivery["tries"] + 1, "wakes": now + LEASE_MS}


def put_back(delivery: Delivery, now: int) -> Delivery:
    """Taken and not tried: as before."""
    if delivery["state"] != "sending":
        return delivery
    return {**delivery, "state": "waiting", "tries": delivery["tries"] - 1, "wakes": now}


def settled(delivery: Delivery, outcome: Outcome, now: int) -> Delivery:
    """After a try."""
    if delivery["state"] not in {"sending", "waiting"}:
        return delivery
    if outcome.sent:
        return {**delivery, "state": "sent", "sent": now, "wakes": None, "reason": ""}
    reason = " ".join(outcome.reason.split())[:MAX_REASON]
    if outcome.permanent or now - delivery["created"] > GIVE_UP_MS:
        return {**delivery, "state": "failed", "wakes": None, "reason": reason}
    wait = max(outcome.wait, back_off(delivery["tries"], delivery["id"]))
    return {**delivery, "state": "waiting", "wakes": now + wait, "reason": reason}


def back_off(tries: int, name: str) -> int:
    """How long to wait (ms) after so many failures: doubled each time up to five minutes, spread by the name."""
    longest = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(max(tries - 1, 0), 16))
    share = int(hashlib.sha256(f"{name}|{tries}".encode()).hexdigest()[:4], 16) / 0xFFFF
    return int(longest * (0.5 + share / 2))


def cancelled(delivery: Delivery, reason: str) -> Delivery:
    """No longer wanted; what has left has left."""
    if delivery["state"] != "waiting":
        return delivery
    return {**delivery, "state": "cancelled", "wakes": None, "reason": reason}


def again(delivery: Delivery, now: int) -> Delivery:
    """A failed one is put back by hand."""
    if delivery["state"] != "failed":
        return delivery
    return {**delivery, "state": "waiting", "tries": 0, "created": now, "wakes": now}


def outlived(delivery: Delivery, keep_days: int, now: int) -> bool:
    """Whether a delivery that has left, or was called off, has been kept for long enough; 0 days: never.

    What waits, and what failed and may be put back, stays.
    """
    settled = delivery["state"] in {"sent", "cancelled"}
    return settled and keep_days > 0 and now - (delivery["sent"] or delivery["created"]) > keep_days * DAY_MS


def free_slots(state: Mapping[str, Any] | None, limit: Limit, now: int) -> int:
    """How many messages a channel may send now; none while it rests after failures."""
    if state is None:
        return limit.count
    if state.get("rests_until", 0) > now:
        return 0
    recent = [at for at in state.get("sent", ()) if now - limit.within * 1000 < at <= now]
    return max(0, limit.count - len(recent))


def channel_after(
    state: Mapping[str, Any] | None, limit: Limit, name: str, outcomes: Sequence[Outcome], now: int
) -> dict[str, Any]:
    """What is remembered of a channel after some tries: when it sent, and how long it rests if it failed."""
    recent = [at for at in (state or {}).get("sent", ()) if at > now - limit.within * 1000]
    tried = [now for one in outcomes if one.sent]
    bad = [one for one in outcomes if not one.sent and not one.permanent]
    failures = int((state or {}).get("failures", 0)) + 1 if bad else 0 if tried else (state or {}).get("failures", 0)
    wait = max([one.wait for one in bad], default=0)
    rests = now + max(wait, back_off(failures, name)) if bad else (state or {}).get("rests_until", 0)
    reason = " ".join(bad[-1].reason.split())[:MAX_REASON] if bad else ""
    last = now if tried else (state or {}).get("last_sent")
    return {
        "name": name,
        "sent": (recent + tried)[-limit.count :],
        "failures": failures,
        "rests_until": rests,
        "reason": reason,
        "last_sent": last,
    }


def bundles(deliveries: Sequence[Delivery], free: int) -> list[list[Delivery]]:
    """What goes as one message each: alone while there is room for all, else together by address."""
    if len(deliveries) <= free:
        return [[one] for one in deliveries]
    groups: dict[tuple[str, str, bool], list[Delivery]] = {}
    for one in deliveries:
        groups.setdefault((one["to"], one["language"], bool(one["drill"])), []).append(one)
    return [group[at : at + MOST_TOGETHER] for group in groups.values() for at in range(0, len(group), MOST_TOGETHER)]


def message_of(bundle: Sequence[Delivery], links: Mapping[str, tuple[Link, ...]], now: int) -> Message:
    """One message of one or more deliveries to the same address."""
    first = bundle[0]
    language = first["language"]
    if len(bundle) == 1:
        key, title, body = first["id"], spoken(first["title"], language), spoken(first["body"], language, "\n\n")
        found = links.get(first["id"], ())
    else:
        key = hashlib.sha256("|".join(sorted(one["id"] for one in bundle)).encode()).hexdigest()[:24]
        title = spoken(told_together(len(bundle)), language)
        rows = [f"{n}. {spoken(one['title'], language)}" for n, one in enumerate(bundle, start=1)]
        body, found = "\n".join(rows), links.get("", ())
    if first["drill"]:
        body = f"{body}\n\n{spoken(both('page.drill_note'), 'both')}"
    level = max((one["level"] for one in bundle), key=lambda one: LEVELS.index(one) if one in LEVELS else len(LEVELS))
    return Message(key, first["to"], title, body, level, bool(first["drill"]), now, found)


def spoken(words: Mapping[str, str], language: str, between: str = " / ") -> str:
    """Words in one language, or in both, one after the other."""
    if language in words:
        return words[language]
    return between.join(dict.fromkeys(words[key] for key in ("zh", "en") if words.get(key)))
