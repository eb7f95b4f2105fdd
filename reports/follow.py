"""A sealed bundle followed from a figure to its events, and every figure in it recomputed, off-line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from reports.assessment.facts import in_order, labels_of
from reports.bundle import Problem, unpack
from reports.recheck import check_review
from reports.recompute import Difference, check_assessment, check_figures, read_field, used
from reports.shared.ledger import Ledger
from reports.shared.plain import mapping, mappings, number, say, strings, visible, whole
from yunshao.errors import NotFound

Row = Mapping[str, Any]
MOST_ROWS, MOST_LINES = 12, 100
MAX_RECORD = 4000
TIMES = ("time", "first", "last", "at", "due_at", "acknowledged")
LATEST = 253_402_300_800_000


@dataclass(frozen=True, slots=True)
class Inside:
    """What of a bundle figures are made of: the document, the figures by language, alerts and events."""

    document: Row
    figures: Mapping[str, Sequence[Row]]
    alerts: Sequence[Row]
    events: Sequence[Row]


def look_into(data: bytes) -> Inside | None:
    """What figures are made of; None where a bundle holds no document. Verify it first."""
    parts = unpack(data, [])
    names = [name for name in sorted(parts) if name.endswith(".json") and name.count(".") == 1 and "/" not in name]
    twin = next((_json(parts[name]) for name in names if name != "manifest.json"), None)
    if not isinstance(twin, Mapping) or not isinstance(twin.get("document"), Mapping):
        return None
    reports = mapping(twin, "reports")
    return Inside(
        twin["document"],
        {language: mappings(report, "figures") for language, report in reports.items() if isinstance(report, Mapping)},
        _rows(parts.get("evidence/alerts.ndjson", b"")),
        _rows(parts.get("evidence/events.ndjson", b"")),
    )


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _rows(content: bytes) -> list[Row]:
    return [row for line in content.splitlines() if isinstance(row := _json(line), Mapping)]


def recomputed(inside: Inside) -> tuple[int, list[Problem]]:
    """How many figures were recomputed, and those that do not follow from the evidence, by name."""
    alerts = [row for row in inside.alerts if row.get("id")]
    count, found = 0, []
    for language, figures in inside.figures.items():
        done, wrong = check_figures(figures, inside.document, alerts)
        count += done
        found += [Difference(f"{language} {one.name}", one.printed, one.found) for one in wrong]
    if inside.document.get("kind") == "assessment":
        done, wrong = check_assessment(inside.document, alerts)
        count, found = count + done, found + wrong
    done, wrong = check_review(inside.document, alerts)
    count, found = count + done, found + wrong
    return count, [_problem(one) for one in found]


def _problem(one: Difference) -> Problem:
    said = f"printed {_list(one.printed)}, from the evidence {_list(one.found)}"
    return Problem("figure_differs", visible(one.name), said)


def _list(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers[:40]) or "nothing"


def trail_of(inside: Inside, label: str) -> Iterator[str]:
    """One thing of a bundle in lines, and the labels under which to ask on: from a figure to its events.

    A figure (F-01) shows its rows; a risk (R-001, or its id) its steps and alerts; an alert (A-001, or its id) its
    events; an event (V-001, or its id) the record as its source wrote it. Raises NotFound.
    """
    names = _names(inside)
    figures = next(iter(inside.figures.values()), ())
    figure = next((one for one in figures if one.get("label") == label), None)
    risk = _pick(mappings(inside.document, "risks"), "id", label, names.risks)
    alert = _pick(inside.alerts, "id", label, names.alerts)
    event = _pick(inside.events, "uid", label, names.events)
    if figure is not None:
        yield from _figure(inside, names, figure)
    elif risk is not None:
        yield from _risk(inside, names, risk)
    elif alert is not None:
        yield from _alert(inside, names, alert)
    elif event is not None:
        yield from _event(names, event)
    else:
        known = ", ".join(str(one.get("label")) for one in figures)
        raise NotFound(f"no {label!r}", f"{known}; R-, A- and V- numbers, or ids, as printed")


@dataclass(frozen=True, slots=True)
class _Names:
    """The printed labels, by id."""

    risks: Mapping[str, str]
    alerts: Mapping[str, str]
    events: Mapping[str, str]


def _names(inside: Inside) -> _Names:
    risks = labels_of(in_order(inside.document)) if inside.document.get("kind") == "assessment" else {}
    ledger = Ledger(inside.document)
    return _Names(
        risks,
        {key: label for label, key, _ in ledger.printed_alerts()},
        {uid: label for label, _, uid, _ in ledger.printed_events()},
    )


def _pick(rows: Sequence[Row], field: str, label: str, labels: Mapping[str, str]) -> Row | None:
    return next((one for one in rows if label in (one.get(field), labels.get(visible(one.get(field) or "")))), None)


def _called(labels: Mapping[str, str], key: object) -> str:
    """`A-003 <id>`, or the id alone where the report gives it no number."""
    return " ".join(filter(None, (labels.get(visible(key)), visible(key))))


def _figure(inside: Inside, names: _Names, figure: Row) -> Iterator[str]:
    yield f"{figure.get('label')}: {visible(figure.get('name'))} = {visible(figure.get('value'))}"
    recipe = mapping(figure, "recipe")
    yield f"  recipe: {orjson.dumps(recipe).decode()}"

    def rows_of(name: str) -> Sequence[Row]:
        return inside.alerts if name == "alerts" else mappings(inside.document, name)

    for name, rows, fields in used(recipe, rows_of) if recipe else ():
        yield f"  takes in {len(rows)} of the {len(rows_of(name))} rows of {visible(name)}"
        for row in rows[:MOST_ROWS]:
            read = ", ".join(f"{field} {_value(field, read_field(row, field))}" for field in fields)
            yield f"    {_row_name(names, name, row)}{': ' if read else ''}{read}"
        if len(rows) > MOST_ROWS:
            yield f"    … {len(rows) - MOST_ROWS} more, in the document of the bundle"
    cited = strings(figure.get("evidence"))
    yield from _cited(inside, names, cited, "cites first")


def _row_name(names: _Names, of: str, row: Row) -> str:
    key = row.get("id")
    if of == "risks" and key:
        return _called(names.risks, key)
    if of == "alerts" and key:
        return _called(names.alerts, key)
    parts = [visible(row[name]) for name in ("id", "unit", "system", "indicator", "day", "key") if row.get(name)]
    return " ".join(parts) or say(row.get("name"), "en") or "row"


def _value(field: str, value: object) -> str:
    return _moment(value) if field in TIMES else visible(value)


def _moment(value: object) -> str:
    """A time of the estate (ms) as ISO 8601 in UTC."""
    found = number(value)
    if found is None or not 0 <= found < LATEST:
        return visible(value)
    return datetime.fromtimestamp(found / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _risk(inside: Inside, names: _Names, risk: Row) -> Iterator[str]:
    current = mapping(risk, "current")
    yield f"{_called(names.risks, risk.get('id'))}: level {whole(current.get('level'))}"
    for step in strings(current.get("way")):
        yield f"  {step}"
    for kind, part in (("assets", "asset"), ("threats", "threat"), ("weaknesses", "weakness")):
        row = next((one for one in mappings(inside.document, kind) if one.get("id") == risk.get(part)), {})
        kept = ("value", "frequency", "severity", "episodes", "precision", "per_year", "basis", "proposed", "decision")
        said = ", ".join(f"{key} {visible(row[key])}" for key in kept if key in row)
        yield f"  {part} {visible(risk.get(part))}: {said}"
    yield from _cited(inside, names, strings(risk.get("evidence")), "rests on")


def _cited(inside: Inside, names: _Names, keys: Sequence[str], how: str) -> Iterator[str]:
    """Alerts in a line each."""
    alerts = {str(row.get("id")): row for row in inside.alerts}
    for key in keys[:MOST_LINES]:
        row = alerts.get(key)
        said = f"{_moment(row.get('time'))} {visible(row.get('title'))}" if row else "not in the bundle"
        yield f"  {how} {_called(names.alerts, key)}: {said}"
    if len(keys) > MOST_LINES:
        yield f"  … {len(keys) - MOST_LINES} more alerts"


def _alert(inside: Inside, names: _Names, alert: Row) -> Iterator[str]:
    yield f"{_called(names.alerts, alert.get('id'))}: {visible(alert.get('title'))}"
    yield f"  rule {visible(alert.get('rule_id'))}, {visible(alert.get('level'))}, {_moment(alert.get('time'))}"
    if alert.get("why"):
        yield f"  {visible(alert.get('why'))}"
    events = {str(row.get("uid")): row for row in inside.events}
    wanted = strings(alert.get("event_ids"))
    found = [uid for uid in wanted if uid in events]
    yield f"  {len(wanted)} events, {len(found)} of them in the bundle"
    for uid in found[:MOST_LINES]:
        row = events[uid]
        yield f"  event {_called(names.events, uid)}: {_moment(row.get('time'))} {visible(row.get('source'))}"
    if len(found) > MOST_LINES:
        yield f"  … {len(found) - MOST_LINES} more, in evidence/events.ndjson"


def _event(names: _Names, event: Row) -> Iterator[str]:
    source, unit = visible(event.get("source")), visible(event.get("unit"))
    yield f"{_called(names.events, event.get('uid'))}: {_moment(event.get('time'))} {source}, unit {unit}"
    native = event.get("native")
    text = native if isinstance(native, str) else orjson.dumps(native).decode()
    yield f"  {visible(text[:MAX_RECORD])}{' …' if len(text) > MAX_RECORD else ''}"
