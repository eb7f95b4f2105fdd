"""An assessment as OSCAL assessment-results 1.1.3: risks, findings, observations, with ids that a re-export keeps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from reports.shared.plain import EARLIEST, ZONE, is_time, mapping, mappings, number, pick, say, strings, visible, whole

OSCAL_VERSION = "1.1.3"
SYSTEM = "urn:yunshao:risk"
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, SYSTEM)
ACCEPTANCE = 3


def assessment_results(document: Mapping[str, Any]) -> bytes:
    """The document as OSCAL JSON in English; arrays that would be empty are left out, as the schema wants."""
    key = visible(document.get("id") or "assessment")
    title = say(pick(document, "playbook", "title"), "en") or "Risk assessment"
    window = mapping(document, "window")
    as_of = document.get("as_of")
    alerts = {visible(row.get("id", "")): row for row in mappings(document, "alerts")}
    risks = mappings(document, "risks")
    cited = [name for name in dict.fromkeys(one for risk in risks for one in strings(risk.get("evidence"))) if name]
    result: dict[str, Any] = {
        "uuid": identity(key, "result"),
        "title": title,
        "description": f"Method {visible(document.get('method') or 'not stated')}; {len(risks)} risks.",
        "start": time_text(window.get("since") or as_of),
        "end": time_text(window.get("until") or as_of),
        "reviewed-controls": {"control-selections": [{"include-all": {}}]},
        "observations": [_observation(key, name, alerts.get(name, {}), as_of) for name in cited],
        "risks": [shaped_risk(key, document, risk) for risk in risks],
        "findings": [_finding(key, document, risk) for risk in risks],
    }
    whole_document = {
        "assessment-results": {
            "uuid": identity(key, "document"),
            "metadata": {
                "title": title,
                "last-modified": time_text(as_of),
                "version": visible(document.get("version") or "1.0"),
                "oscal-version": OSCAL_VERSION,
            },
            "import-ap": {"href": f"#{identity(key, 'plan')}"},
            "results": [{name: value for name, value in result.items() if value != []}],
        }
    }
    return orjson.dumps(whole_document, option=orjson.OPT_INDENT_2) + b"\n"


def identity(document: str, *parts: str) -> str:
    """A version-5 UUID of our own ids: the same on every export."""
    return str(uuid.uuid5(SPACE, "\n".join((document, *parts))))


def time_text(value: object) -> str:
    """Milliseconds as a date-time with its zone."""
    found = number(value) if is_time(value) else None
    moment = datetime.fromtimestamp((found if found is not None else EARLIEST) / 1000, UTC).astimezone(ZONE)
    return moment.isoformat(timespec="milliseconds")


def named(document: Mapping[str, Any], risk: Mapping[str, Any]) -> str:
    """A risk in one line of English."""
    names = []
    for part, key in (("asset", "assets"), ("threat", "threats"), ("weakness", "weaknesses")):
        wanted = visible(risk.get(part) or "")
        row = next((row for row in mappings(document, key) if visible(row.get("id", "")) == wanted), {})
        names.append(say(row.get("name"), "en") or wanted or "not known")
    return " × ".join(names)


def _observation(document: str, name: str, row: Mapping[str, Any], as_of: object) -> dict[str, Any]:
    return {
        "uuid": identity(document, "observation", name),
        "title": visible(row.get("title") or name),
        "description": visible(row.get("why") or row.get("title") or name),
        "methods": ["TEST"],
        "collected": time_text(row.get("time") or as_of),
    }


def shaped_risk(document: str, whole_document: Mapping[str, Any], risk: Mapping[str, Any]) -> dict[str, Any]:
    """A risk as both of our OSCAL documents hold it."""
    key = visible(risk.get("id", ""))
    name = named(whole_document, risk)
    level = whole(pick(risk, "current", "level"))
    shaped: dict[str, Any] = {
        "uuid": identity(document, "risk", key),
        "title": name[:300],
        "description": name,
        "statement": f"Current level {level} of 5; inherent level {whole(pick(risk, 'inherent', 'level'))}.",
        "status": "deviation-approved"
        if (risk.get("treatment") == "accept" and level < ACCEPTANCE) or risk.get("treatment") == "accepted"
        else "open",
        "characterizations": [
            {
                "origin": {"actors": [{"type": "tool", "actor-uuid": identity("yunshao", "tool")}]},
                "facets": [
                    {"name": f"{side}-{part}", "system": SYSTEM, "value": visible(pick(risk, side, part))}
                    for side in ("inherent", "current")
                    for part in ("L_level", "F_level", "level")
                    if pick(risk, side, part) is not None
                ]
                or [{"name": "current-level", "system": SYSTEM, "value": str(level)}],
            }
        ],
    }
    return shaped


def _finding(document: str, whole_document: Mapping[str, Any], risk: Mapping[str, Any]) -> dict[str, Any]:
    key = visible(risk.get("id", ""))
    name = named(whole_document, risk)
    met = whole(pick(risk, "current", "level")) < ACCEPTANCE
    shaped: dict[str, Any] = {
        "uuid": identity(document, "finding", key),
        "title": name[:300],
        "description": name,
        "target": {
            "type": "objective-id",
            "target-id": f"acceptance-{identity(document, 'objective', key)}",
            "status": {"state": "satisfied" if met else "not-satisfied"},
        },
        "related-risks": [{"risk-uuid": identity(document, "risk", key)}],
    }
    seen = [
        {"observation-uuid": identity(document, "observation", one)} for one in strings(risk.get("evidence")) if one
    ]
    if seen:
        shaped["related-observations"] = seen
    return shaped
