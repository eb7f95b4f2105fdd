"""First seen: an actor succeeds from a network, with a service or in a region that it did not use before.

Two memories work together. An actor's own says what is new to it; it is silent while the actor is younger than seven
days. What is new goes on to the memory of the actor's account, which stays silent about what every fifth of the other
actors does too. Both forget what was not seen for thirty days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from detectors.entity import account_of, actor_key, entity_of, source_in
from detectors.spec import FIRST_SEEN
from detectors.words import visible
from yunshao.model.address import PLAIN_V4
from yunshao.model.event import Event, EventRef, Ocsf
from yunshao.model.finding import Finding, Observation, Step

DAY_MS = 86_400_000
WARM_UP_MS = 7 * DAY_MS
WINDOW_MS = 30 * DAY_MS
TELL_AGAIN_MS = 15 * DAY_MS
COMMON_SHARE = 0.2
MIN_OTHERS = 5
MAX_VALUES = 256
MAX_ACTORS = 2_000
MAX_HOLDERS = 400
CLASSES = frozenset({3001, 3002, 3003, 3004, 3005, 3006, 6003, 6005})
KINDS = ("network", "service", "region")
ACTOR, ACCOUNT = "actor|", "account|"
TECHNIQUES = {"network": "T1078", "service": "T1078.004", "region": "T1535"}
TITLE = {"zh": "账号首次出现的行为", "en": "An account does something for the first time"}
NAMES = {
    "network": {"zh": "来源网络", "en": "source network"},
    "service": {"zh": "服务", "en": "service"},
    "region": {"zh": "地域", "en": "region"},
}
TRIAGE: dict[str, tuple[str, ...]] = {
    "zh": ("向账号责任人核实该操作是否本人所为。", "查看该账号此后的操作。", "无法核实时冻结凭据。"),
    "en": (
        "Ask who answers for the account whether this was them.",
        "Look at what the account did next.",
        "Freeze the credential if nobody can tell.",
    ),
}


class FirstSeen:
    """Remembers what each actor uses, and what the actors of an account have in common."""

    @property
    def name(self) -> str:
        """`first_seen`."""
        return FIRST_SEEN

    @property
    def learns(self) -> bool:
        """Yes."""
        return True

    def observe(self, event: Event) -> Sequence[Observation]:
        """What a successful action of an actor used; nothing for anything else."""
        ocsf = event.ocsf
        if ocsf.get("class_uid") not in CLASSES or ocsf.get("status_id") != 1:
            return ()
        actor = actor_key(event)
        used = used_in(ocsf)
        if not actor or not used:
            return ()
        values = {"used": used, "entity": entity_of(event), "account": account_of(event)}
        return (Observation(FIRST_SEEN, f"{ACTOR}{actor}", event.time, event.ref, event.owner, values),)

    def place(self, seen: Observation) -> str:
        """The account: its actors go on to its memory."""
        return f"{ACCOUNT}{seen.values['account']}"

    def hears(self, key: str) -> tuple[str, ...]:
        """The source that the actor or the account was seen in."""
        return source_in(key)

    def step(self, memory: Any, seen: Observation) -> Step:
        """An actor's memory tells what is new; an account's decides whether that is worth an alert."""
        if seen.key.startswith(ACTOR):
            return _actor(memory, seen)
        return _account(memory, seen)


def used_in(ocsf: Ocsf) -> dict[str, str]:
    """The network, service and region of an event, as far as it names them."""
    source = ocsf.get("src_endpoint")
    cloud = ocsf.get("cloud")
    api = ocsf.get("api")
    service = api.get("service") if isinstance(api, dict) else ocsf.get("service")
    found = {
        "network": network_of(source.get("ip") if isinstance(source, dict) else None),
        "service": service.get("name") if isinstance(service, dict) else None,
        "region": cloud.get("region") if isinstance(cloud, dict) else None,
    }
    return {kind: visible(value, 128) for kind, value in found.items() if isinstance(value, str) and value}


def network_of(ip: Any) -> str | None:
    """The /24 of a v4 address, the /48 of a v6 one."""
    if ip.__class__ is str and PLAIN_V4.fullmatch(ip):
        return f"{ip.rpartition('.')[0]}.0/24"
    try:
        address = ip_address(ip) if isinstance(ip, str) else None
    except ValueError:
        return None
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False)) if address else None


def _actor(memory: Any, seen: Observation) -> Step:
    if seen.tick:
        return _forgotten_or_kept(memory, seen.time)
    held = memory or {"born": seen.time, "last": seen.time, "told": seen.time, "used": {}}
    born, last = min(held["born"], seen.time), max(held["last"], seen.time)
    used: dict[str, dict[str, int]] = held["used"]
    new = {}
    for kind, value in seen.values["used"].items():
        before = used.get(kind, {}).get(value)
        if before is None or seen.time - before > WINDOW_MS:
            new[kind] = value
    merged = {kind: _with(used.get(kind, {}), seen.values["used"].get(kind), seen.time, last) for kind in KINDS}
    tell = last - held["told"] >= TELL_AGAIN_MS
    told = last if tell or new else held["told"]
    kept = {"born": born, "last": last, "told": told, "used": merged}
    onward = (_onward(seen, new, merged if tell else {}, warm=seen.time - born >= WARM_UP_MS),) if new or tell else ()
    return Step(kept, (), _wake(last), onward)


def _with(values: dict[str, int], value: str | None, time: int, newest: int) -> dict[str, int]:
    """The values of one kind with this one, without what is older than the window; the newest where there are many."""
    kept = {each: at for each, at in values.items() if newest - at <= WINDOW_MS}
    if value is not None:
        kept[value] = max(time, kept.get(value, time))
    if len(kept) > MAX_VALUES:
        kept = dict(sorted(kept.items(), key=lambda item: (item[1], item[0]))[-MAX_VALUES:])
    return kept


def _onward(seen: Observation, new: dict[str, str], known: dict[str, dict[str, int]], *, warm: bool) -> Observation:
    values = {
        "actor": hashlib.sha256(seen.key.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        "entity": seen.values["entity"],
        "new": new,
        "known": {kind: list(held) for kind, held in known.items()},
        "warm": warm,
    }
    return Observation(FIRST_SEEN, f"{ACCOUNT}{seen.values['account']}", seen.time, seen.event, seen.owner, values)


def _wake(last: int) -> int:
    """When the memory may be forgotten, in whole days so that it seldom changes."""
    return (last // DAY_MS + 1) * DAY_MS + WINDOW_MS


def _forgotten_or_kept(memory: Any, now: int) -> Step:
    if not memory or now >= _wake(memory["last"]):
        return Step(None)
    return Step(memory, (), _wake(memory["last"]))


def _account(memory: Any, seen: Observation) -> Step:
    if seen.tick:
        return _forgotten_or_kept(memory, seen.time)
    held = memory or {"last": seen.time, "actors": {}, "holders": {}}
    actor, new = seen.values["actor"], seen.values["new"]
    last = max(held["last"], seen.time)
    rare = {kind: value for kind, value in new.items() if not _is_common(held, actor, kind, value)}
    findings = (_finding(seen, seen.event, rare),) if rare and seen.values["warm"] and seen.event else ()
    actors = _bounded({**held["actors"], actor: last}, last, MAX_ACTORS)
    holders = {}
    for kind in KINDS:
        values = [*seen.values["known"].get(kind, ()), *([new[kind]] if kind in new else [])]
        holders[kind] = _held_by(held["holders"].get(kind, {}), values, actor, last)
    kept = {"last": last, "actors": actors, "holders": holders}
    return Step(kept, findings, _wake(last))


def _bounded(times: dict[str, int], newest: int, limit: int) -> dict[str, int]:
    kept = {each: at for each, at in times.items() if newest - at <= WINDOW_MS}
    return kept if len(kept) <= limit else dict(sorted(kept.items(), key=lambda item: (item[1], item[0]))[-limit:])


def _held_by(
    holders: dict[str, dict[str, int]], values: Sequence[str], actor: str, now: int
) -> dict[str, dict[str, int]]:
    """Who of the account uses each value; the longest unused values go first where there are too many."""
    merged = dict(holders)
    for value in values:
        merged[value] = _bounded({**merged.get(value, {}), actor: now}, now, MAX_HOLDERS)
    if len(merged) > MAX_VALUES:
        ranked = sorted(merged.items(), key=lambda item: (max(item[1].values(), default=0), item[0]))
        merged = dict(ranked[-MAX_VALUES:])
    return merged


def _is_common(held: dict[str, Any], actor: str, kind: str, value: str) -> bool:
    """Whether more than a fifth of the other actors use it; with few others nothing is common."""
    others = len(held["actors"].keys() - {actor})
    if others < MIN_OTHERS:
        return False
    return len(held["holders"].get(kind, {}).get(value, {}).keys() - {actor}) > COMMON_SHARE * others


def _finding(seen: Observation, event: EventRef, rare: dict[str, str]) -> Finding:
    entity = seen.values["entity"]
    said = {
        language: joint.join(f"{NAMES[kind][language]} {value}" for kind, value in rare.items())
        for language, joint in (("zh", "、"), ("en", ", "))
    }
    return Finding(
        rule_id=FIRST_SEEN,
        rule_name=FIRST_SEEN,
        title=TITLE,
        level="medium" if len(rare) > 1 else "low",
        time=seen.time,
        entity=entity,
        events=(event,),
        owner=seen.owner,
        why={
            "zh": f"{entity} 在 30 天内首次使用：{said['zh']}",
            "en": f"{entity} used this for the first time in 30 days: {said['en']}",
        },
        kind="behaviour",
        techniques=tuple(dict.fromkeys(TECHNIQUES[kind] for kind in rare)),
        facts={"first_seen": rare},
        triage=TRIAGE,
    )
