"""The fake beside the real store: the same contract over dictionaries, for tests and for thinking."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from yunshao.adapters.stores.alerts import DAY, GROUPS, day_name
from yunshao.adapters.stores.columns import COLUMNS, row_of, table_of
from yunshao.adapters.stores.database import now
from yunshao.adapters.stores.events import COUNTED
from yunshao.adapters.stores.hunting import hunt
from yunshao.adapters.stores.ledger import MINUTE, class_uid, hour_of
from yunshao.adapters.stores.memory_register import MemoryRegister
from yunshao.adapters.stores.packing import everything, whole
from yunshao.errors import NotFound, WrongUse
from yunshao.model.alert import Alert, AlertQuery, repeated, shown_events
from yunshao.model.event import Event, EventRef, Rejected, native_digest
from yunshao.model.snooze import KEY, KIND, Snooze, rests, snoozes_at
from yunshao.ports import Batch, KeptEvent, Letter, Packed, StoredEvent

Document = dict[str, Any]


class MemoryStore(MemoryRegister):
    """`ports.Store` without a disk. What it gives is a copy wherever a caller could change it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._events: dict[tuple[str, str], Event] = {}
        self._alerts: dict[str, Alert] = {}
        self._sequence: dict[str, int] = {}
        self._memories: dict[tuple[str, str], tuple[Any, int | None]] = {}
        self._offsets: dict[str, str] = {}
        self._sources: dict[str, dict[str, Any]] = {}
        self._rejects: list[Rejected] = []
        self._ledger: dict[tuple[int, str], dict[str, int]] = {}
        self._documents: dict[tuple[str, str], Document] = {}
        self._injected: dict[tuple[str, str], tuple[str, str, int]] = {}
        self._trail: list[dict[str, Any]] = []
        self._excepted: Counter[tuple[str, int]] = Counter()

    def fresh(self, events: Sequence[Event], taken: set[Any] | None = None) -> list[Event]:
        taken = set() if taken is None else taken
        found = []
        for event in events:
            key = (event.source, event.uid)
            if key not in self._events and key not in taken:
                taken.add(key)
                found.append(event)
        return found

    def pack(self, events: Sequence[Event]) -> Packed:
        return whole(events)

    def memory(self, detector: str, key: str) -> Any:
        return copy.deepcopy(self._memories.get((detector, key), (None, None))[0])

    def memories(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        return {key: memory for key in keys if (memory := self.memory(*key)) is not None}

    def due(self, watermark: int, limit: int = 1000, after: int = -(1 << 62)) -> list[tuple[str, str, int]]:
        asked = ((due, key) for key, (_, due) in self._memories.items() if due is not None)
        waiting = [(due, *key) for due, key in asked if after < due <= watermark]
        return [(detector, key, due) for due, detector, key in sorted(waiting)[:limit]]

    def drill_of(self, events: Sequence[EventRef], batch: Mapping[tuple[str, str], Event]) -> str:
        drills: set[str] = set()
        for ref in events:
            drill, digest, _ = self._injected.get((ref.source, ref.uid), ("", "", 0))
            event = batch.get((ref.source, ref.uid)) or self._events.get((ref.source, ref.uid))
            drills.add(drill if event and native_digest(event.native) == digest else "")
        return drills.pop() if len(drills) == 1 else ""

    def _rehearsed(self, event: Event) -> bool:
        return bool(self.drill_of([event.ref], {}))

    def commit(self, batch: Batch) -> list[Alert]:
        with self._lock:
            events = everything(batch)
            if len(self.fresh(events)) != len(events):
                raise WrongUse("the batch holds an event that was stored before", "ask `fresh` first")
            self._events.update({(event.source, event.uid): event for event in events})
            for key, kept in batch.memories.items():
                self._memories[key] = copy.deepcopy(kept)
                if kept[0] is None:
                    del self._memories[key]
            self._offsets.update(batch.offsets)
            self._rejects += batch.rejected
            self._count(batch, events)
            self._excepted.update(batch.excepted)
            fresh: dict[str, None] = {}
            for alert in sorted(batch.alerts, key=lambda alert: alert.detected):
                if alert.id not in self._alerts:
                    fresh[alert.id] = None
                self._keep(alert)
            return [self._alerts[key] for key in fresh]

    def _keep(self, alert: Alert) -> None:
        kept = self._alerts.get(alert.id)
        self._alerts[alert.id] = repeated(kept, alert) if kept else alert
        self._sequence[alert.id] = max(self._sequence.values(), default=0) + 1

    def _count(self, batch: Batch, events: Sequence[Event]) -> None:
        counts = {
            "received": Counter(batch.received),
            "processed": Counter(event.source for event in events),
            "rejected": Counter(record.source for record in batch.rejected),
            "repeated": Counter(batch.repeated),
        }
        drilled = Counter(event.source for event in events if self._rehearsed(event))
        for source in {source for part in counts.values() for source in part}:
            row = self._sources.setdefault(
                source, {"source": source, **dict.fromkeys(counts, 0), "last_event": None, "last_received": None}
            )
            minute = now() // MINUTE * MINUTE
            kept = self._ledger.setdefault((minute, source), dict.fromkeys(counts, 0))
            for name, part in counts.items():
                row[name] += part[source]
                kept[name] += part[source]
            if counts["received"][source] > drilled[source]:
                row["last_received"] = max(row["last_received"] or 0, now())
        for event in (one for one in events if not self._rehearsed(one)):
            row = self._sources[event.source]
            row["last_event"] = event.time if row["last_event"] is None else max(row["last_event"], event.time)

    def offset(self, name: str) -> str:
        return self._offsets.get(name, "")

    def alert(self, alert_id: str) -> Alert:
        if alert_id not in self._alerts:
            raise NotFound(f"no alert {alert_id!r}")
        return self._alerts[alert_id]

    def alerts(self, query: AlertQuery) -> list[Alert]:
        found = [alert for alert in reversed(self._alerts.values()) if self._asked(alert, query)]
        if query.before:
            order = list(self._alerts)
            place = order.index(self.alert(query.before).id)
            older = set(order[:place])
            found = [alert for alert in found if alert.id in older]
        return found[: max(1, query.limit)]

    def _asked(self, alert: Alert, query: AlertQuery) -> bool:
        finding = alert.finding
        words = "\n".join(
            [
                *finding.title.values(),
                finding.rule_name,
                *finding.why.values(),
                finding.entity,
                finding.rule_id,
                alert.id,
            ]
        ).lower()
        return (
            (not query.status or alert.status in query.status)
            and (not query.level or alert.level in query.level)
            and (not query.unit or finding.owner.unit in query.unit)
            and query.rule in ("", finding.rule_id)
            and query.entity in ("", finding.entity)
            and query.assignee in ("", alert.assignee)
            and all(word in words for word in query.text.lower().split())
            and (query.since is None or finding.time >= query.since)
            and (query.until is None or finding.time < query.until)
            and (query.drill == "any" or query.drill == alert.drill or query.drill == ("only" if alert.drill else "no"))
            and all(str(finding.facts.get(key)) == value for key, value in query.facts.items())
            and (alert.groups > 0 or not query.flood)
            and _marked(query.staged, lambda: finding.staged)
            and _marked(query.snoozed, lambda: rests(alert, self._snoozes(query.at), query.at))
        )

    def _snoozes(self, at: int) -> tuple[Snooze, ...]:
        return snoozes_at(self._documents.get((KIND, KEY)), at)

    def count_alerts(self, query: AlertQuery, by: str) -> dict[str, int]:
        if by not in GROUPS:
            raise WrongUse(f"alerts are not counted by {by!r}", f"one of {', '.join(GROUPS)}")
        counts: Counter[str] = Counter()
        for alert in self._alerts.values():
            if self._asked(alert, query):
                counts.update(_groups(alert, by))
        return dict(sorted(counts.items()))

    def change_alert(self, alert_id: str, change: Callable[[Alert], Alert]) -> Alert:
        with self._lock:
            before = self.alert(alert_id)
            after = change(before)
            if after != before:
                self._alerts[alert_id] = after
                self._sequence[alert_id] = max(self._sequence.values()) + 1
            return after

    def alerts_after(self, sequence: int, limit: int = 200) -> list[tuple[int, Alert]]:
        later = sorted((number, key) for key, number in self._sequence.items() if number > sequence)
        return [(number, self._alerts[key]) for number, key in later[:limit]]

    def last_sequence(self) -> int:
        """The newest sequence number."""
        return max(self._sequence.values(), default=0)

    def ids_from(self, start: str) -> list[str]:
        """The ids that begin so, at most two."""
        return sorted(key for key in self._alerts if key.startswith(start))[:2]

    def evidence(self, alert_id: str) -> list[StoredEvent]:
        refs = shown_events(self.alert(alert_id))
        return [self.event(ref) for ref in refs if (ref.source, ref.uid) in self._events]

    def excepted(self) -> list[dict[str, Any]]:
        return [
            {"exception": name, "day": day_name(day), "count": count}
            for (name, day), count in sorted(self._excepted.items())
        ]

    def event(self, ref: EventRef) -> StoredEvent:
        event = self._events.get((ref.source, ref.uid))
        if event is None:
            raise NotFound(f"no event {ref.uid!r} of {ref.source}")
        owner = event.owner
        return StoredEvent(
            event.source, event.uid, event.time, owner.unit, owner.system, owner.cloud, event.ocsf, event.native
        )

    def hunt(self, question: str, limit: int = 100) -> list[dict[str, Any]]:
        events = list(self._events.values())
        return hunt(table_of(events) if events else [], question, limit)

    def count_events(self, by: str, since: int, until: int) -> dict[str, int]:
        if by not in COUNTED:
            raise WrongUse(f"events are not counted by {by!r}", f"one of {', '.join(COUNTED)}")
        keys: dict[str, Callable[[Event], object]] = {
            "source": lambda event: event.source,
            "unit": lambda event: event.owner.unit,
            "hour": lambda event: hour_of(event.time),
            "class_uid": class_uid,
        }
        real = (event for event in self._events.values() if not self._rehearsed(event))
        found = Counter(str(keys[by](event)) for event in real if since <= event.time < until)
        return dict(sorted(found.items()))

    def events_between(self, since: int, until: int, sources: Sequence[str] = ()) -> Iterator[KeptEvent]:
        found = [event for event in self._events.values() if since <= event.time < until]
        for event in sorted(found, key=lambda event: (event.time, event.source, event.uid)):
            if not sources or event.source in sources:
                yield _kept(event)

    def sample_events(self, since: int, until: int, each: int, limit: int) -> list[KeptEvent]:
        taken: Counter[tuple[str, object]] = Counter()
        found: list[KeptEvent] = []
        for event in self._events.values():
            kind = (event.source, (class_uid(event), row_of(event)[COLUMNS.index("operation")]))
            if since <= event.time < until and taken[kind] < each and len(found) < limit:
                taken[kind] += 1
                found.append(_kept(event))
        return found

    def sources(self) -> list[dict[str, Any]]:
        drilled = Counter(event.source for event in self._events.values() if self._rehearsed(event))
        real = {
            name: row for name, row in self._sources.items() if row["received"] > drilled[name] or not drilled[name]
        }
        return [
            {**row, "received": row["received"] - drilled[name], "processed": row["processed"] - drilled[name]}
            for name, row in sorted(real.items())
        ]

    def rejects(self, source: str = "", limit: int = 100) -> list[tuple[int, Rejected]]:
        numbered = [(n, r) for n, r in enumerate(self._rejects, start=1) if source in ("", r.source)]
        return numbered[::-1][:limit]

    def letters(self, source: str = "", before: int = 0, limit: int = 100) -> list[Letter]:
        found = [Letter(*one) for one in self.rejects(source, len(self._rejects)) if not before or one[0] < before]
        return found[:limit]

    def letter(self, number: int) -> Letter:
        if not 0 < number <= len(self._rejects):
            raise NotFound(f"no dead letter {number}")
        return Letter(number, self._rejects[number - 1])

    def letters_ever(self) -> dict[str, int]:
        return {**Counter(record.source for record in self._rejects), "": len(self._rejects)}

    def ledger(self, since: int, until: int) -> list[dict[str, Any]]:
        found = sorted((minute, source) for minute, source in self._ledger if since <= minute < until)
        return [{"source": source, "minute": minute, **self._ledger[minute, source]} for minute, source in found]

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        with self._lock:
            self._documents.pop((kind, key), None)
            self._documents[kind, key] = copy.deepcopy(dict(document))

    def get(self, kind: str, key: str) -> Document:
        if (kind, key) not in self._documents:
            raise NotFound(f"no {kind} {key!r}")
        return copy.deepcopy(self._documents[kind, key])

    def find(self, kind: str, limit: int = 100) -> list[Document]:
        found = [document for (other, _), document in reversed(self._documents.items()) if other == kind]
        return copy.deepcopy(found[:limit])

    def forget(self, kind: str, keys: Sequence[str]) -> int:
        with self._lock:
            return sum(self._documents.pop((kind, key), None) is not None for key in keys)

    def change(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document:
        with self._lock:
            changed = change(copy.deepcopy(self._documents.get((kind, key))))
            self.put(kind, key, changed)
            return changed

    def change_due(
        self, kind: str, until: int, change: Callable[[Document], Document], limit: int = 100
    ) -> list[Document]:
        with self._lock:
            due = [(key, change(document)) for key, document in self._waking(kind, until)[:limit]]
            for key, document in due:
                self.put(kind, key, document)
        return [document for _, document in due]

    def waking(self, kind: str, until: int, limit: int = 1000) -> list[Document]:
        return [document for _, document in self._waking(kind, until)[:limit]]

    def _waking(self, kind: str, until: int) -> list[tuple[str, Document]]:
        found = [(key, one) for (other, key), one in self._documents.items() if other == kind]
        due = [(key, one) for key, one in found if type(one.get("wakes")) is int and one["wakes"] <= until]
        return copy.deepcopy(sorted(due, key=lambda pair: int(pair[1]["wakes"])))

    def register(self, drill: str, injected: Iterable[tuple[str, str, str, int]]) -> None:
        with self._lock:
            entered = {(source, uid): (drill, digest, planned) for source, uid, digest, planned in injected}
            for key, value in entered.items():
                if self._injected.get(key, value)[:2] != value[:2]:
                    raise WrongUse(
                        f"event {key[1]!r} of {key[0]} is registered already", "a drill makes its own event ids"
                    )
            self._injected = {**entered, **self._injected}

    def injected(self, drill: str) -> list[tuple[str, str, int]]:
        found = [(planned, *key) for key, (other, _, planned) in self._injected.items() if other == drill]
        return [(source, uid, planned) for planned, source, uid in sorted(found)]

    def note(self, by: str, did: str, on: str, detail: str = "") -> None:
        self._trail.append({"at": now(), "by": by, "did": did, "on": on, "detail": detail})

    def trail(self, limit: int = 200) -> list[dict[str, Any]]:
        return self._trail[::-1][:limit]

    def close(self) -> None:
        """Nothing to close."""


def _kept(event: Event) -> KeptEvent:
    return KeptEvent(event.source, event.uid, event.time, event.owner, event.native)


def _marked(asked: str, holds: Callable[[], bool]) -> bool:
    return asked == "any" or holds() == (asked == "only")


def _groups(alert: Alert, by: str) -> tuple[str, ...]:
    finding = alert.finding
    groups: dict[str, Callable[[], tuple[str, ...]]] = {
        "level": lambda: (alert.level,),
        "status": lambda: (alert.status,),
        "unit": lambda: (finding.owner.unit,),
        "rule_id": lambda: (finding.rule_id,),
        "entity": lambda: (finding.entity,),
        "day": lambda: (day_name(finding.time // DAY),),
        "technique": lambda: finding.techniques,
    }
    return groups[by]()
