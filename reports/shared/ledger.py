"""What every figure rests on: labels that lead from a figure to its basis, and from there to alerts and events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reports.shared.plain import mappings, strings, visible

MAX_ALERTS = 300
MAX_EVENTS = 500
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Basis:
    """One figure: its label, value and n, how it was worked out from what, and the evidence below it."""

    label: str
    name: str
    value: str
    n: str
    method: str
    inputs: str
    evidence: tuple[str, ...]
    numbers: tuple[float, ...] = ()
    recipe: Mapping[str, Any] | None = None


def ndjson(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One object a line with sorted keys: the very bytes that a sealed bundle keeps as evidence."""
    return b"".join(orjson.dumps(clean(row), option=orjson.OPT_SORT_KEYS) + b"\n" for row in rows)


def clean(value: Any, depth: int = 24) -> Any:
    """JSON types alone, lone surrogates made visible, keys as text, nothing deeper than `depth`."""
    if depth == 0:
        return "…"
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {clean(str(key), 1): clean(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item, depth - 1) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    return visible(value)


class Ledger:
    """Numbers alerts, events and figures of one report, in the order of the document, the same way every time."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.alerts = _by_id(mappings(document, "alerts"))
        self.references = mappings(document, "evidence_refs")
        self.bases: list[Basis] = []
        self._alert_label: dict[str, str] = {}
        for key in self.alerts:
            self._label_alert(key)
        self._event_label = _label_events(self.references)

    def _label_alert(self, key: str) -> str:
        if key not in self._alert_label:
            self._alert_label[key] = f"A-{len(self._alert_label) + 1:03d}"
        return self._alert_label[key]

    def know(self, keys: object) -> None:
        """Number alerts that are referred to and not in the document, so that no reference leads nowhere."""
        for key in strings(keys):
            self._label_alert(key)

    def knows(self, key: str) -> bool:
        """Whether this is an alert that the report numbers."""
        return key in self._alert_label

    def cite(self, keys: object) -> tuple[tuple[str, ...], int]:
        """The labels of the first few printed alerts, and how many there are in all."""
        wanted = strings(keys)
        self.know(wanted)
        labels = [self._alert_label[key] for key in wanted]
        return tuple(label for label in labels if _place(label) <= MAX_ALERTS)[:SHOWN], len(labels)

    def basis(
        self,
        name: str,
        value: str,
        n: object,
        method: str,
        inputs: str,
        evidence: Sequence[str] = (),
        numbers: Sequence[float] = (),
        recipe: Mapping[str, Any] | None = None,
    ) -> tuple[str, ...]:
        """Enter one figure; gives its label as the references of what prints it.

        `numbers` are those of the printed value, and `recipe` says how they follow from the rows: `reports.recompute`.
        """
        label = f"F-{len(self.bases) + 1:02d}"
        self.bases.append(
            Basis(label, name, value, visible(n), method, inputs, tuple(evidence), tuple(numbers), recipe)
        )
        return (label,)

    def ids(self, labels: Sequence[str]) -> list[str]:
        """The ids of alerts by their labels."""
        wanted = set(labels)
        return [key for key, label in self._alert_label.items() if label in wanted]

    def printed_alerts(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(label, id, row) of the alerts that the appendix prints; the row is empty where only the id is known."""
        found = [(label, key, self.alerts.get(key, {})) for key, label in self._alert_label.items()]
        return found[:MAX_ALERTS]

    def printed_events(self) -> list[tuple[str, str, str, Any]]:
        """(label, source, uid, time) of the events that the appendix prints."""
        times = {_event_key(row): row.get("time") for row in reversed(self.references)}
        found = [(label, *key, times[key]) for key, label in self._event_label.items()]
        return found[:MAX_EVENTS]

    def event_labels(self, uids: object) -> tuple[tuple[str, ...], int]:
        """The labels of the first few printed events of an alert, and how many it has."""
        wanted = set(strings(uids))
        labels = [label for (_, uid), label in self._event_label.items() if uid in wanted]
        return tuple(label for label in labels if _place(label) <= MAX_EVENTS)[:SHOWN], len(wanted)

    @property
    def totals(self) -> tuple[int, int]:
        """How many alerts and events there are in all."""
        return len(self._alert_label), len(self._event_label)

    def digest(self) -> tuple[str, str]:
        """SHA-256 of the alert rows and of the event references, as lines of JSON."""
        alerts, events = ndjson(self.alerts.values()), ndjson(self.references)
        return hashlib.sha256(alerts).hexdigest(), hashlib.sha256(events).hexdigest()


def _place(label: str) -> int:
    return int(label[2:])


def _by_id(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {visible(row.get("id", "")): row for row in rows if row.get("id")}


def _event_key(row: Mapping[str, Any]) -> tuple[str, str]:
    return visible(row.get("source", "")), visible(row.get("uid", ""))


def _label_events(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    keys = dict.fromkeys(_event_key(row) for row in rows)
    return {key: f"V-{place:03d}" for place, key in enumerate(keys, start=1)}
