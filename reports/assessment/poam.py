"""The treatment plan of an assessment as an OSCAL plan of action and milestones 1.1.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from reports.assessment.oscal import ACCEPTANCE, OSCAL_VERSION, SYSTEM, identity, named, shaped_risk, time_text
from reports.shared.plain import is_time, mappings, pick, say, visible, whole


def plan_of_action(document: Mapping[str, Any]) -> bytes:
    """Every risk that is to be treated, with who does what until when; the same document gives the same bytes."""
    key = visible(document.get("id") or "assessment")
    open_ = [risk for risk in mappings(document, "risks") if whole(pick(risk, "current", "level")) >= ACCEPTANCE]
    title = say(pick(document, "playbook", "title"), "en") or "Risk assessment"
    plan: dict[str, Any] = {
        "uuid": identity(key, "poam"),
        "metadata": {
            "title": f"Plan of action: {title}",
            "last-modified": time_text(document.get("as_of")),
            "version": visible(document.get("version") or "1.0"),
            "oscal-version": OSCAL_VERSION,
        },
        "system-id": {"identifier-type": SYSTEM, "id": key},
        "poam-items": [_item(key, document, risk) for risk in open_] or [_nothing(key)],
    }
    if open_:
        plan["risks"] = [_planned(key, document, risk) for risk in open_]
    return orjson.dumps({"plan-of-action-and-milestones": plan}, option=orjson.OPT_INDENT_2) + b"\n"


def _item(document: str, whole_document: Mapping[str, Any], risk: Mapping[str, Any]) -> dict[str, Any]:
    key = visible(risk.get("id", ""))
    post = say(risk.get("post"), "en") or "not named"
    action = visible(risk.get("treatment") or "not decided")
    return {
        "uuid": identity(document, "item", key),
        "title": named(whole_document, risk)[:300],
        "description": f"Treatment: {action}. Responsible: {post}.",
        "related-risks": [{"risk-uuid": identity(document, "risk", key)}],
    }


def _nothing(document: str) -> dict[str, Any]:
    """The schema wants at least one item."""
    return {
        "uuid": identity(document, "item", "none"),
        "title": "No risk above the acceptance line",
        "description": "The assessment found no risk of level 3 or above; nothing is to be treated.",
    }


def _planned(document: str, whole_document: Mapping[str, Any], risk: Mapping[str, Any]) -> dict[str, Any]:
    """The risk as in the assessment results, with its deadline and milestone."""
    shaped = shaped_risk(document, whole_document, risk)
    key, due = visible(risk.get("id", "")), risk.get("due")
    if not is_time(due):
        return shaped
    milestone = {
        "uuid": identity(document, "milestone", key),
        "type": "milestone",
        "title": f"Treated: {visible(risk.get('treatment') or 'not decided')}",
        "timing": {"on-date": {"date": time_text(due)}},
    }
    response = {
        "uuid": identity(document, "response", key),
        "lifecycle": "planned",
        "title": "Treatment",
        "description": f"By {say(risk.get('post'), 'en') or 'a post that is not named'}.",
        "tasks": [milestone],
    }
    return {**shaped, "deadline": time_text(due), "remediations": [response]}
