"""What a site decides over rules that it did not write: stage, level, grouping, on or off. Upgrades leave it alone."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from detectors.sigma.document import Mapping, read_documents
from detectors.sigma.grouping import grouping_text, read_grouping
from detectors.sigma.model import Correlation, Loaded, Rule
from yunshao.errors import BadConfiguration, BadContent
from yunshao.model.finding import LEVELS, PRODUCTION, STAGED, STAGES, TEST, Grouping

AnyRule = TypeVar("AnyRule", Rule, Correlation)
LIVE = (STAGED, PRODUCTION)
OFFLINE = (TEST, STAGED, PRODUCTION)
MAX_ENTRIES = 10_000
HEADER = "# What this site decides over rules: stage, level, enabled, group. See docs/alert-hygiene.md.\n"
_KEYS = ("stage", "level", "enabled", "group", "reason")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided over the rule of this id or name; what is None is left to the rule."""

    rule: str
    stage: str | None = None
    level: str | None = None
    enabled: bool | None = None
    grouping: Grouping | None = None
    reason: str = ""


def parse_overlay(text: str, where: str) -> tuple[Decision, ...]:
    """The decisions of a file, in order. Raises BadConfiguration with the place of what cannot be used."""
    try:
        return tuple(
            _decision(name, given, where, document.value.lines[name])
            for document in read_documents(text, where)
            if document.value is not None
            for name, given in _entries(document.value, where).items()
        )
    except BadContent as error:
        raise BadConfiguration(error.what, error.mend or "see docs/alert-hygiene.md", error.where) from None


def _entries(value: Any, where: str) -> Mapping:
    if not isinstance(value, Mapping) or len(value) > MAX_ENTRIES:
        raise BadContent("an overlay is a map of rules, by id or name", "", where, 1)
    return value


def _decision(name: str, given: Any, where: str, line: int) -> Decision:
    if not isinstance(given, Mapping):
        raise BadContent(f"{name[:80]}: a map is wanted", f"some of {', '.join(_KEYS)}", where, line)
    for key in given:
        if key not in _KEYS:
            raise BadContent(f"{name[:80]}: unknown key {key[:40]!r}", f"one of {', '.join(_KEYS)}", where, line)
    for key, allowed in (("stage", STAGES), ("level", LEVELS), ("enabled", (True, False))):
        if key in given and given[key] not in allowed:
            words = ", ".join(str(each) for each in allowed)
            raise BadContent(f"{name[:80]}: {key} {str(given[key])[:40]!r}", f"one of {words}", where, line)
    try:
        grouping = read_grouping(given["group"]) if "group" in given else None
    except ValueError as error:
        raise BadContent(f"{name[:80]}: {error}", "", where, line) from None
    reason = str(given.get("reason") or "")[:2000]
    return Decision(name, given.get("stage"), given.get("level"), given.get("enabled"), grouping, reason)


def overlaid(loaded: Loaded, decisions: Sequence[Decision]) -> Loaded:
    """The rules as the site decided over them; of several decisions over one rule the last."""
    of = {decision.rule: decision for decision in decisions}
    return replace(
        loaded,
        rules=tuple(_decided(rule, of) for rule in loaded.rules),
        correlations=tuple(_decided(rule, of) for rule in loaded.correlations),
    )


def _decided(rule: AnyRule, of: dict[str, Decision]) -> AnyRule:
    decision = of.get(rule.id) or (of.get(rule.name) if rule.name else None)
    if decision is None:
        return rule
    return replace(
        rule,
        stage=decision.stage or rule.stage,
        level=decision.level or rule.level,
        enabled=rule.enabled if decision.enabled is None else decision.enabled,
        grouping=decision.grouping or rule.grouping,
    )


def strangers(loaded: Loaded, decisions: Sequence[Decision]) -> list[str]:
    """The decisions over rules that are not there."""
    known = loaded.by_name()
    return [decision.rule for decision in decisions if decision.rule not in known]


def judging(loaded: Loaded, stages: Collection[str]) -> Loaded:
    """The rules that judge at these stages; the others are not loaded."""

    def judges(rule: Rule | Correlation) -> bool:
        return rule.enabled and rule.stage in stages

    return replace(
        loaded,
        rules=tuple(filter(judges, loaded.rules)),
        correlations=tuple(filter(judges, loaded.correlations)),
    )


def with_decision(text: str, decision: Decision) -> str:
    """The file with this decision in the place of the one over the same rule; every other line stays as it is."""
    block = _written(decision)
    lines = text.splitlines(keepends=True)
    found = _place(lines, decision.rule)
    if found is None:
        body = text if not text or text.endswith("\n") else f"{text}\n"
        return f"{body or HEADER}{block}"
    start, end = found
    return "".join([*lines[:start], block, *lines[end:]])


def _place(lines: Sequence[str], rule: str) -> tuple[int, int] | None:
    """The lines of the entry of a rule: its key and what is indented below."""
    key = re.compile(rf"""["']?{re.escape(rule)}["']?\s*:""")
    start = next((number for number, line in enumerate(lines) if key.match(line)), None)
    if start is None:
        return None
    end = start + 1
    while end < len(lines) and lines[end][:1] in (" ", "\t"):
        end += 1
    return start, end


def _written(decision: Decision) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", decision.rule)
    lines = [f"{decision.rule if plain else json.dumps(decision.rule, ensure_ascii=False)}:"]
    if decision.stage is not None:
        lines.append(f"  stage: {decision.stage}")
    if decision.level is not None:
        lines.append(f"  level: {decision.level}")
    if decision.enabled is not None:
        lines.append(f"  enabled: {str(decision.enabled).lower()}")
    if decision.grouping is not None:
        lines.append(f"  group: {grouping_text(decision.grouping)}")
    if decision.reason:
        lines.append(f"  reason: {json.dumps(decision.reason, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
