"""What was seen, as proposals that a person accepts, adjusts or declines; the machine's figure stays visible.

A figure that nobody decided on counts as the machine proposed it, and says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yunshao.errors import WrongUse
from yunshao.model.register import MAX_TEXT, Change

Row = dict[str, Any]
FIELDS = {"threat": "frequency", "weakness": "severity", "measure": "effectiveness", "asset": "value"}
VERDICTS = ("accept", "adjust", "decline")
MAX_SHOWN = 50


def propose(
    assets: Sequence[Row], threats: Sequence[Row], weaknesses: Sequence[Row], measures: Sequence[Row]
) -> list[Row]:
    """Every figure that comes from what was seen, with explanation, inputs and evidence; ids are made of content."""
    found = [
        *(_threat(row) for row in threats if row["basis"] == "measured"),
        *(_weakness(row) for row in weaknesses if row["basis"] != "declared"),
        *(_measure(row) for row in measures if row.get("tested") and row["deployed"] > 0),
        *(_asset(row) for row in assets if (row.get("mlps_level") or 0) > row["value"]),
    ]
    # A measure that many systems share is proposed once.
    return list({one["id"]: one for one in found}.values())


def _threat(row: Row) -> Row:
    inputs = {key: row[key] for key in ("episodes", "window_days", "precision", "per_year")}
    why = {
        "zh": "{window_days} 天内 {episodes} 次事件，告警准确率 {precision}，折合每年 {per_year} 次。",
        "en": "{episodes} episodes in {window_days} days, precision of the alerts {precision}: {per_year} a year.",
    }
    return _proposal("threat", row, row["frequency"], row["baseline"], inputs, why, row["alerts"], "per_year")


_SHOWN_BY = {
    "alert": {"zh": "由告警证明", "en": "Shown by alerts"},
    "finding": {"zh": "由导入的发现证明", "en": "Shown by imported findings"},
}


def _weakness(row: Row) -> Row:
    inputs = {key: row[key] for key in ("basis", "exposed", "cvss", "epss", "kev") if row.get(key) is not None}
    scores = [f"{key.upper()} {inputs[key]:g}" for key in ("cvss", "epss") if key in inputs]
    scores += ["KEV"] if inputs.get("kev") else []
    open_ = bool(inputs.get("exposed"))
    why = {
        "zh": "，".join([_SHOWN_BY[row["basis"]]["zh"], *(["可从外部到达"] if open_ else []), *scores]) + "。",
        "en": ", ".join([_SHOWN_BY[row["basis"]]["en"], *(["reached from outside"] if open_ else []), *scores]) + ".",
    }
    evidence = [*row["alerts"], *row.get("findings", [])]
    return _proposal("weakness", row, row["severity"], None, inputs, why, evidence, "severity")


def _measure(row: Row) -> Row:
    inputs = {key: row[key] for key in ("deployed", "health", "efficacy")}
    why = {
        "zh": "部署 {deployed} × 健康 {health} × 演练检出 {efficacy}。",
        "en": "Deployed {deployed} x healthy {health} x detected in drills {efficacy}.",
    }
    return _proposal("measure", row, row["effectiveness"], 0.0, inputs, why, row.get("drills", []), "effectiveness")


def _asset(row: Row) -> Row:
    inputs = {"mlps_level": row["mlps_level"], "value": row["value"]}
    why = {
        "zh": "定级为第 {mlps_level} 级，资产价值却为 {value}。",
        "en": "Graded at protection level {mlps_level}, yet valued at {value}.",
    }
    return _proposal("asset", row, row["mlps_level"], row["value"], inputs, why, [], "classification")


def _proposal(
    kind: str,
    row: Row,
    value: float,
    before: float | None,
    inputs: Row,
    why: Mapping[str, str],
    evidence: list[str],
    way: str,
) -> Row:
    key, field = _key(row), FIELDS[kind]
    # The name is not part of the id, and neither is what evidence is shown of much.
    said = json.dumps([kind, key, field, value, inputs], sort_keys=True)
    return {
        "id": f"p-{hashlib.sha256(said.encode()).hexdigest()[:16]}",
        "kind": kind,
        "key": key,
        "name": row["name"],
        "field": field,
        "proposed": value,
        "before": before,
        "inputs": inputs,
        "why": {language: text.format(**inputs) for language, text in why.items()},
        "method": way,
        "evidence": evidence[:MAX_SHOWN],
    }


def decide(proposal: Mapping[str, Any], verdict: str, by: str, value: float | None = None, reason: str = "") -> Change:
    """A person's word on a proposal.

    Raises WrongUse: adjusting needs a value on its scale and a reason, declining a reason.
    """
    if verdict not in VERDICTS:
        raise WrongUse(f"no verdict {verdict!r}", f"one of {', '.join(VERDICTS)}")
    if verdict != "accept" and not reason.strip():
        raise WrongUse(f"to {verdict} needs a reason", "--reason")
    if (verdict == "adjust") != (value is not None):
        raise WrongUse("a value belongs to adjusting, and to nothing else", "--value")
    share = proposal["field"] == "effectiveness"
    if value is not None and not (0 <= value <= 1 if share else value in (1, 2, 3, 4, 5)):
        raise WrongUse(f"{value:g} is off the scale", "0 to 1" if share else "1 to 5")
    body = {
        "kind": proposal["kind"],
        "key": proposal["key"],
        "field": proposal["field"],
        "proposal": proposal["id"],
        "proposed": proposal["proposed"],
        "verdict": verdict,
        "value": value,
        "reason": reason[:MAX_TEXT],
        "by": by,
    }
    return Change("decision", subject(proposal), body, by, reason[:MAX_TEXT])


def subject(proposal: Mapping[str, Any]) -> str:
    """What a proposal is about: a decision holds for it until the next one."""
    return f"{proposal['kind']}/{proposal['key']}/{proposal['field']}"


def settled(
    kind: str, rows: Iterable[Row], proposals: Mapping[str, Row], decisions: Mapping[str, Row]
) -> tuple[list[Row], list[Row]]:
    """The rows as people decided, each with what the machine `proposed` and who `decided`; and the overrides."""
    field = FIELDS[kind]
    found, overrides = [], []
    for row in rows:
        name = f"{kind}/{_key(row)}/{field}"
        proposal, decision = proposals.get(name), decisions.get(name)
        if (proposal is None and decision is None) or row.get("deployed") == 0:
            found.append(row)
            continue
        machine = proposal["proposed"] if proposal else row[field]
        before = proposal["before"] if proposal else row[field]
        verdict = decision["verdict"] if decision else "open"
        # An asset's value is what the register says until somebody accepts the proposal.
        value = before if kind == "asset" and verdict == "open" else machine
        if decision and verdict == "adjust":
            value = decision["value"] if field == "effectiveness" else int(decision["value"])
        elif verdict == "decline":
            value = before
        kept = {
            **row,
            field: value,
            "proposed": machine,
            "proposal": proposal["id"] if proposal else "",
            "decision": verdict,
        }
        if decision and value != machine:
            kept["basis"] = "judged"
            overrides.append(_override(name, machine, value, decision))
        # A declined weakness that was never declared is none.
        if value is not None:
            found.append(kept)
    return found, list({one["on"]: one for one in overrides}.values())


def _key(row: Row) -> str:
    """What a decision is about: the row, or what many rows share."""
    return str(row.get("shared") or row["id"])


def _override(name: str, machine: Any, value: Any, decision: Row) -> Row:
    return {
        "on": name,
        "from": machine,
        "to": "—" if value is None else value,
        "by": decision["by"],
        "at": decision.get("at"),
        "reason": decision["reason"],
    }
