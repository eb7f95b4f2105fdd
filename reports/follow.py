"""A sealed bundle followed from a figure to its events, and every figure in it recomputed, off-line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reports.bundle import Problem, unpack
from reports.recheck import check_review
from reports.recompute import Difference, check_assessment, check_figures
from reports.shared.plain import mapping, mappings, strings, visible, whole
from yunshao.errors import NotFound

Row = Mapping[str, Any]
MAX_LINES = 200


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
    """One figure (F-01), or one risk by its id, in lines: how it was reckoned, from which rows, alerts and events.

    Raises NotFound.
    """
    figures = next(iter(inside.figures.values()), ())
    figure = next((one for one in figures if one.get("label") == label), None)
    risk = next((one for one in mappings(inside.document, "risks") if one.get("id") == label), None)
    if figure is not None:
        yield f"{label}: {visible(figure.get('name'))} = {visible(figure.get('value'))}"
        yield f"  recipe: {orjson.dumps(figure.get('recipe')).decode()}"
        yield from _evidence(inside, strings(figure.get("evidence")))
    elif risk is not None:
        yield from _risk(inside, risk)
        yield from _evidence(inside, strings(risk.get("evidence")))
    else:
        known = ", ".join(str(one.get("label")) for one in figures)
        raise NotFound(f"no figure {label!r}", f"{known}, or the id of a risk")


def _risk(inside: Inside, risk: Row) -> Iterator[str]:
    current = mapping(risk, "current")
    yield f"{visible(risk.get('id'))}: level {whole(current.get('level'))}"
    for step in strings(current.get("way")):
        yield f"  {step}"
    for kind, part in (("assets", "asset"), ("threats", "threat"), ("weaknesses", "weakness")):
        row = next((one for one in mappings(inside.document, kind) if one.get("id") == risk.get(part)), {})
        kept = ("value", "frequency", "severity", "episodes", "precision", "per_year", "basis", "proposed", "decision")
        said = ", ".join(f"{key} {visible(row[key])}" for key in kept if key in row)
        yield f"  {part} {visible(risk.get(part))}: {said}"


def _evidence(inside: Inside, keys: Sequence[str]) -> Iterator[str]:
    alerts = {str(row.get("id")): row for row in inside.alerts}
    events = {str(row.get("uid")): row for row in inside.events}
    lines = 0
    for key in keys:
        row = alerts.get(key)
        yield f"  alert {visible(key)}: {visible(row.get('title')) if row else 'not in the bundle'}"
        for uid in strings(row.get("event_ids")) if row else ():
            lines += 1
            if lines > MAX_LINES:
                yield "  … more events stand in evidence/events.ndjson"
                return
            event = events.get(uid)
            where = f"{visible(event.get('source'))} {visible(event.get('time'))}" if event else "not in the bundle"
            yield f"    event {visible(uid)}: {where}"
