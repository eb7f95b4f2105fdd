"""Isolation forest over the hours of actors: an hour that is easily told apart from those of the account's others.

An actor's memory gathers its hour; when the hour is over it goes on, as a vector, to the memory of the account, which
holds the latest 21 for each hour of the day, so that mornings are known as mornings. The first day is not judged.
The forest is a function of those rows and of a fixed seed, so it is no state. At most 16 forests are fitted for one
account and hour: further hours that stand out are learned from, not judged.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest

from detectors.entity import account_of, actor_key, entity_of, source_in
from detectors.first_seen import CLASSES
from detectors.hours import FEATURES, HOUR_MS, added, as_count, begun, summary_of, vector_of
from detectors.spec import ISOLATION
from yunshao.model.event import Event, EventRef
from yunshao.model.finding import Finding, Observation, Step

GRACE_MS = 600_000
FORGET_MS = 30 * 24 * HOUR_MS
QUIET_MS = 24 * HOUR_MS
MAX_OPERATIONS = 512
MAX_OPEN = 4
PER_HOUR = 21
MIN_HISTORY = 64
LEARN_MS = 24 * HOUR_MS
MIN_EVENTS = 10
MIN_Z = 3.5
MAX_JUDGED = 16
CIRCUMSTANCES = ("off_hours", "write_share")
MAX_QUIET = 512
THRESHOLD = 0.65
TOP_SHARE = 0.005
TREES = 100
SAMPLE = 256
SEED = 20984
EULER = 0.5772156649
ACTOR, ACCOUNT = "actor|", "account|"
SHOWN = 3

Vector = list[float]
TITLE = {"zh": "账号行为偏离同群", "en": "An account behaves unlike its peers"}
NAMES = {
    "events": {"zh": "事件数", "en": "events"},
    "operations": {"zh": "不同操作数", "en": "different operations"},
    "services": {"zh": "不同服务数", "en": "different services"},
    "resources": {"zh": "不同资源数", "en": "different resources"},
    "addresses": {"zh": "不同来源地址数", "en": "different source addresses"},
    "regions": {"zh": "不同地域数", "en": "different regions"},
    "error_share": {"zh": "失败占比", "en": "share of failures"},
    "write_share": {"zh": "变更占比", "en": "share of changes"},
    "new_operations": {"zh": "首次操作数", "en": "operations never used before"},
    "bytes_out": {"zh": "流出字节", "en": "bytes out"},
    "off_hours": {"zh": "非工作时段", "en": "outside working hours"},
}
TRIAGE: dict[str, tuple[str, ...]] = {
    "zh": ("按时间线查看该账号这一小时的操作。", "与责任人核实是否有计划内任务。", "如异常，冻结凭据并排查来源地址。"),
    "en": (
        "Read what the account did in this hour, in order.",
        "Ask who answers for it whether a job was planned.",
        "If not, freeze the credential and look into the source addresses.",
    ),
}


def path_scale(n: int) -> float:
    """c(n): the mean number of cuts that set one of `n` rows apart."""
    if n <= 1:
        return 0.0
    return 1.0 if n == 2 else 2 * (math.log(n - 1) + EULER) - 2 * (n - 1) / n


def score_of(mean_cuts: float, n: int) -> float:
    """s = 2 ^ (-E[h] / c(n)): near 1 for what is cut off at once."""
    return float(2 ** (-mean_cuts / path_scale(n)))


def cuts_of(score: float, n: int) -> float:
    """The mean number of cuts behind a score."""
    return -math.log2(score) * path_scale(n)


class Isolation:
    """Gathers hours, compares them with those of peers."""

    def __init__(self, zone_hours: int = 8) -> None:
        """`zone_hours`: hours that local time is ahead of UTC, for what counts as outside working hours."""
        self._zone_hours = zone_hours

    @property
    def name(self) -> str:
        """`isolation`."""
        return ISOLATION

    @property
    def learns(self) -> bool:
        """Yes."""
        return True

    def observe(self, event: Event) -> Sequence[Observation]:
        """What an action of an actor adds to its hour; nothing for events without an actor."""
        ocsf = event.ocsf
        if ocsf.get("class_uid") not in CLASSES:
            return ()
        actor = actor_key(event)
        if not actor:
            return ()
        values = {"did": summary_of(ocsf), "entity": entity_of(event), "account": account_of(event)}
        return (Observation(ISOLATION, f"{ACTOR}{actor}", event.time, event.ref, event.owner, values),)

    def place(self, seen: Observation) -> str:
        """The account: its actors go on to its memory."""
        return f"{ACCOUNT}{seen.values['account']}"

    def hears(self, key: str) -> tuple[str, ...]:
        """The source that the actor or the account was seen in."""
        return source_in(key)

    def step(self, memory: Any, seen: Observation) -> Step:
        """An actor's memory closes hours; an account's judges them."""
        if seen.key.startswith(ACTOR):
            return self._gather(memory, seen)
        return self._judge(memory, seen)

    def _gather(self, memory: Any, seen: Observation) -> Step:
        if memory is None and seen.tick:
            return Step(None)
        held = memory or {"hours": {}, "known": [], "newest": seen.time, "closed": -1}
        newest = max(held["newest"], seen.time)
        hours: dict[str, Any] = dict(held["hours"])
        about = {key: held.get(key) for key in ("entity", "account", "owner")}
        if not seen.tick and seen.event is not None:
            about = {"entity": seen.values["entity"], "account": seen.values["account"], "owner": _owner_row(seen)}
            number = seen.time // HOUR_MS
            if number > held["closed"]:
                key = str(number)
                hours[key] = added(hours.get(key) or begun(), seen.values["did"], list(seen.event))
        over = sorted(int(key) for key in hours if _end(int(key)) + GRACE_MS <= newest)
        over += sorted(int(key) for key in hours if int(key) not in over)[:-MAX_OPEN]
        known = list(held["known"])
        onward = []
        for number in over:
            hour = hours.pop(str(number))
            new = [name for name in hour["operations"] if name not in known]
            known = [*known, *new][-MAX_OPERATIONS:]
            vector = vector_of(hour, number, len(new) if held["closed"] >= 0 else 0, self._zone_hours)
            onward.append(_closed(seen, about, hour, number, vector))
        closed = max([held["closed"], *over])
        if not hours and seen.tick and newest - held["newest"] >= FORGET_MS:
            return Step(None)
        kept = {
            **about,
            "hours": hours,
            "known": known,
            "newest": newest if not seen.tick else held["newest"],
            "closed": closed,
        }
        due = min((_end(int(key)) + GRACE_MS for key in hours), default=kept["newest"] + FORGET_MS)
        return Step(kept, (), due, tuple(onward))

    def _judge(self, memory: Any, seen: Observation) -> Step:
        if seen.tick or "vector" not in seen.values:
            return Step(memory)
        new: dict[str, Any] = {"rows": {}, "first": seen.time, "quiet": {}, "judged": [0, 0]}
        held: dict[str, Any] = memory if memory and "rows" in memory else new
        vector: Vector = seen.values["vector"]
        entity = seen.values["entity"]
        quiet = {name: time for name, time in held["quiet"].items() if seen.time - time < QUIET_MS}
        judged = held["judged"] if held["judged"][0] == seen.time else [seen.time, 0]
        findings: tuple[Finding, ...] = ()
        peers = [row for rows in held["rows"].values() for row in rows]
        warm = len(peers) >= MIN_HISTORY and seen.time - held["first"] >= LEARN_MS
        if warm and entity not in quiet and judged[1] < MAX_JUDGED and is_worth_a_look(vector, peers):
            judged = [seen.time, judged[1] + 1]
            score = isolation_score(vector, peers)
            if score >= THRESHOLD:
                findings = (_finding(seen, vector, peers, score),)
                quiet = dict([*quiet.items(), (entity, seen.time)][-MAX_QUIET:])
        part = str(seen.time // HOUR_MS % 24)
        rows = {**held["rows"], part: [*held["rows"].get(part, ()), vector][-PER_HOUR:]}
        return Step({"rows": rows, "first": held["first"], "quiet": quiet, "judged": judged}, findings)


def is_worth_a_look(vector: Vector, peers: Sequence[Vector]) -> bool:
    """Whether enough was done in the hour, and any figure but the time of day lies far above the peers' median.

    This keeps quiet hours from being told for one odd event, and keeps the forest, which costs a good part of a second,
    for the few that may deserve it.
    """
    if vector[FEATURES.index("events")] < math.log1p(MIN_EVENTS) - 1e-3:
        return False
    columns = zip(*peers, strict=True)
    return any(
        value > max(0.0, min(column)) and robust_z(value, column) >= MIN_Z
        for name, value, column in zip(FEATURES, vector, columns, strict=True)
        if name not in CIRCUMSTANCES
    )


def isolation_score(vector: Vector, peers: Sequence[Vector]) -> float:
    """How easily the vector is told apart from its peers; 0 unless it is among the highest 0.5 % of them.

    The forest is fitted with the vector among the rows: one fitted without it files a value beyond all that it has seen
    with the outermost one it knows, and scores both alike.
    """
    rows = np.asarray([*peers, vector])
    together = -_fitted(rows).score_samples(rows)
    score = float(together[-1])
    return score if int((together[:-1] >= score).sum()) <= TOP_SHARE * len(peers) else 0.0


def _fitted(rows: np.ndarray[Any, Any]) -> IsolationForest:
    return IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE, len(rows)), random_state=SEED).fit(rows)


def _end(number: int) -> int:
    return (number + 1) * HOUR_MS


def _owner_row(seen: Observation) -> list[str]:
    return [seen.owner.unit, seen.owner.system, seen.owner.cloud]


def _closed(seen: Observation, about: dict[str, Any], hour: dict[str, Any], number: int, vector: Vector) -> Observation:
    owner = type(seen.owner)(*about["owner"])
    last = EventRef(*max(hour["refs"], key=lambda ref: (ref[2], ref[1])))
    values = {"vector": vector, "entity": about["entity"], "hour": number, "refs": hour["refs"]}
    return Observation(ISOLATION, f"{ACCOUNT}{about['account']}", _end(number), last, owner, values)


def standing_out(vector: Vector, training: list[Vector]) -> list[tuple[str, float, float, float]]:
    """The features furthest from the peers' median: name, value, median, robust z, furthest first."""
    found = []
    for place, name in enumerate(FEATURES):
        column = [row[place] for row in training]
        median = statistics.median(column)
        found.append((name, vector[place], median, robust_z(vector[place], column)))
    return sorted(found, key=lambda each: (-abs(each[3]), FEATURES.index(each[0])))


def robust_z(value: float, column: Sequence[float]) -> float:
    """0.6745 (x - median) / MAD; by the mean absolute deviation where MAD is 0; 10 where that is 0 as well."""
    median = statistics.median(column)
    spread = statistics.median(abs(each - median) for each in column)
    if spread:
        return 0.6745 * (value - median) / spread
    mean_spread = statistics.fmean(abs(each - median) for each in column)
    if mean_spread:
        return (value - median) / (1.2533 * mean_spread)
    return 0.0 if value == median else math.copysign(10.0, value - median)


def _finding(seen: Observation, vector: Vector, training: list[Vector], score: float) -> Finding:
    outstanding = [each for each in standing_out(vector, training) if abs(each[3]) >= 1][:SHOWN]
    entity = seen.values["entity"]
    said = {language: _words(outstanding, language) for language in ("zh", "en")}
    sample = min(SAMPLE, len(training))
    return Finding(
        rule_id=ISOLATION,
        rule_name=ISOLATION,
        title=TITLE,
        level="medium",
        time=seen.time,
        entity=entity,
        events=tuple(EventRef(*ref) for ref in seen.values["refs"]),
        owner=seen.owner,
        why={
            "zh": f"{entity} 这一小时的行为得分 {score:.2f}（阈值 {THRESHOLD}）：{said['zh']}",
            "en": f"{entity} scored {score:.2f} in this hour (alert from {THRESHOLD}): {said['en']}",
        },
        kind="learning",
        techniques=("T1078",),
        facts={
            "score": round(score, 4),
            "cuts": round(cuts_of(score, sample), 2),
            "cuts_expected": round(path_scale(sample), 2),
            "peers": len(training),
            "features": {name: as_count(name, value) for name, value in zip(FEATURES, vector, strict=True)},
            "standing_out": [name for name, _value, _median, _z in outstanding],
        },
        triage=TRIAGE,
    )


def _words(outstanding: list[tuple[str, float, float, float]], language: str) -> str:
    if not outstanding:
        return {"zh": "各项组合少见", "en": "an unusual combination of ordinary figures"}[language]
    middle = {"zh": "同群中位数", "en": "peers' median"}[language]
    return {"zh": "；", "en": "; "}[language].join(
        f"{NAMES[name][language]} {as_count(name, value):,.6g} ({middle} {as_count(name, median):,.6g}, z {z:+.1f})"
        for name, value, median, z in outstanding
    )
