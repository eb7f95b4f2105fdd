"""A source, detectors and an intake small enough to reason about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from streams.enrich import by_claim
from streams.pipeline import Rooms
from yunshao.errors import Rejection
from yunshao.model.event import Event, EventRef, Identity, Native, Ocsf, Record, Rejected
from yunshao.model.finding import Finding, Observation, Step

T0 = 1_767_268_800_000
MINUTE = 60_000


class FakeParser:
    """`{"id": "a", "t": 5}`; anything else is rejected, and `boom` is a bug."""

    source = "fake"

    def decode(self, raw: bytes, hint: str) -> Native:
        if raw == b"boom":
            raise ZeroDivisionError("a bug in decode")
        try:
            native = json.loads(raw)
        except (ValueError, RecursionError):
            raise Rejection("not_json", "no JSON object") from None
        if not isinstance(native, dict):
            raise Rejection("not_json", "no JSON object")
        return native

    def identify(self, native: Native) -> Identity:
        if type(native.get("t")) is not int or not isinstance(native.get("id"), str):
            raise Rejection("no_identity", "id or t is missing")
        return Identity(native["id"], native["t"])

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        return {"class_uid": 6003, "time": identity.time, "api": {"operation": native.get("op", "")}}


class Marked:
    """Fires on each event with `mark`; keeps no memory. `fail` makes it fail, `excepted` names an exception."""

    name = "marked"

    def observe(self, event: Event) -> Sequence[Observation]:
        if event.native.get("fail") == "observe":
            raise ZeroDivisionError("a bug in observe")
        if "mark" not in event.native:
            return ()
        values = {name: event.native.get(name, "") for name in ("fail", "excepted")}
        return [Observation(self.name, str(event.native["mark"]), event.time, event.ref, event.owner, values)]

    def step(self, memory: Any, seen: Observation) -> Step:
        if seen.values.get("fail") == "step":
            raise ZeroDivisionError("a bug in step")
        return Step(None, (replace(finding("marked", seen), excepted=seen.values["excepted"]),))


class Quiet:
    """Counts events of `who` and concludes when a minute of event time has passed since the first of them.

    A conclusion goes onward to `quiet` of the same name with `+`, which only counts it.
    """

    name = "quiet"

    def observe(self, event: Event) -> Sequence[Observation]:
        if "who" not in event.native:
            return ()
        return [Observation(self.name, event.native["who"], event.time, event.ref, event.owner)]

    def step(self, memory: Any, seen: Observation) -> Step:
        if seen.tick:
            if memory.get("fail"):
                raise ZeroDivisionError("a bug in a tick")
            closed = Observation(self.name, f"{seen.key}+", seen.time, None, seen.owner, {"count": memory["count"]})
            events = tuple(EventRef(*ref) for ref in memory["events"])
            found = finding("quiet", seen, events, {"count": memory["count"]})
            return Step(None, (found,), None, (closed,))
        if seen.event is None:
            return Step({"closed": (memory or {}).get("closed", 0) + 1})
        memory = memory or {"count": 0, "due": seen.time + MINUTE, "events": []}
        kept = {
            "count": memory["count"] + 1,
            "due": memory["due"],
            "events": [*memory["events"], list(seen.event)],
            "fail": seen.key == "fails",
        }
        return Step(kept, (), memory["due"])


class Echo:
    """Sends each observation onward for ever, to show that somebody stops it."""

    name = "echo"

    def observe(self, event: Event) -> Sequence[Observation]:
        return [Observation(self.name, "0", event.time, event.ref, event.owner)] if "echo" in event.native else ()

    def step(self, memory: Any, seen: Observation) -> Step:
        onward = Observation(self.name, str(int(seen.key) + 1), seen.time, seen.event, seen.owner)
        return Step({"n": 1}, (), None, (onward, onward))


class Restless:
    """Wants a tick at a time that has passed, again and again."""

    name = "restless"

    def observe(self, event: Event) -> Sequence[Observation]:
        return [Observation(self.name, "k", event.time, event.ref, event.owner)] if "restless" in event.native else ()

    def step(self, memory: Any, seen: Observation) -> Step:
        return Step({"ticks": (memory or {"ticks": 0})["ticks"] + int(seen.tick)}, (), seen.time)


def finding(rule: str, seen: Observation, events: tuple[Any, ...] = (), facts: dict[str, Any] | None = None) -> Finding:
    from_events = events or ((seen.event,) if seen.event else ())
    return Finding(
        rule_id=rule,
        rule_name=rule,
        title={"zh": rule, "en": rule},
        level="high",
        time=seen.time,
        entity=seen.key,
        events=tuple(from_events),
        owner=seen.owner,
        why={"zh": rule, "en": rule},
        facts=facts or {},
    )


def rooms(*detectors: Any, **more: Any) -> Rooms:
    return Rooms({"fake": FakeParser()}, detectors or (Marked(), Quiet()), more.pop("own", by_claim), **more)


def line(uid: str, minutes: float = 0, **more: Any) -> bytes:
    return json.dumps({"id": uid, "t": T0 + int(minutes * MINUTE), **more}).encode()


class FakeIntake:
    """Lines of a list; its offset is how many were read. `broken` makes it fail."""

    def __init__(self, name: str, lines: Iterable[bytes | Rejected], source: str = "fake") -> None:
        self.name = name
        self.lines = list(lines)
        self.source = source
        self.broken = False
        self.asked = 0

    def read(self, offset: str, limit: int) -> tuple[list[Record | Rejected], str]:
        self.asked += 1
        if self.broken:
            raise OSError(5, "input/output error")
        start = int(offset or 0)
        part = self.lines[start : start + limit]
        found = [
            raw if isinstance(raw, Rejected) else Record(self.source, raw, number, T0, self.name)
            for number, raw in enumerate(part, start + 1)
        ]
        return found, str(start + len(part))


class FakeClock:
    """Stands still until somebody moves it."""

    def __init__(self, at: int = T0 + 60 * MINUTE) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class GuardMemories(dict[tuple[str, str], Any]):
    """What the guard against floods remembers, in a dictionary."""

    def remembered(self, key: tuple[str, str]) -> Any:
        return self.get(key)

    def remember(self, key: tuple[str, str], memory: Any, due: int) -> None:
        self[key] = memory


Make = Callable[..., Any]


class Breaking:
    """What it says of an event with `break` cannot be carried on: it fails the stage of that name, outside of any
    detector."""

    name = "breaking"

    def observe(self, event: Event) -> Sequence[Observation]:
        stage = event.native.get("break")
        if not stage:
            return ()
        owner: Any = None if stage == "work" else event.owner
        return [Observation(self.name, stage, event.time, event.ref, owner, {"stage": stage})]

    def step(self, memory: Any, seen: Observation) -> Step:
        made = finding("breaking", seen)
        if seen.values["stage"] == "judge":
            broken: Any = None
            return Step(None, (replace(made, triage=broken),))
        facts: Any = ["no", "mapping"]
        return Step(None, (replace(made, facts=facts),))
