"""What is asked of pySigma, the reference library: its processing pipelines, and its validators.

Only this file imports it, and it takes half a second: `console/wiring.py` loads it late. A rule goes in as plain Sigma
and comes out as plain Sigma; what judges is our own reader. Nothing here reaches the network or another file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pyparsing import ParseBaseException
from sigma.conditions import ConditionAND, ConditionOR
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.policy.profiles import SafePolicy
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaLogSource, SigmaRule
from sigma.types import SigmaBool, SigmaCasedString, SigmaNull, SigmaNumber, SigmaString
from sigma.validation import SigmaValidator
from sigma.validators.base import SigmaValidationIssue
from sigma.validators.core import validators

from detectors.sigma.document import Document, read_documents
from detectors.sigma.document import Mapping as Map
from detectors.sigma.document import Sequence as List
from detectors.sigma.load import Reshape
from yunshao.errors import BadConfiguration, BadContent

MAX_ALTERNATIVES = 200
MAX_TEXT = 300
ODD = (
    *(SigmaError, ParseBaseException, RecursionError, ValueError, TypeError, KeyError, AttributeError, IndexError),
    *(NotImplementedError, AssertionError),
)
"""What the library raises on content that it does not expect."""
OURS = {"identifier_uniqueness"}
ONLINE = {"attacktag", "d3_fendtag"}
HALVES = {"tlpv1_tag", "tlpv2_tag"}
"""One of them always objects to the other's labels; `tlptag` knows both."""


def pipeline_of(texts: Iterable[tuple[str, str]]) -> Reshape:
    """What these pipelines (name, YAML), in order of priority, make of a rule. Raises BadConfiguration."""
    found = sorted((_pipeline(name, text) for name, text in texts), key=lambda pipeline: pipeline.priority)

    def reshape(document: Document, name: str) -> Document:
        if not isinstance(document.value, Map):
            return document
        try:
            return Document(_reshaped(document.value, found), document.line)
        except ODD as error:
            raise BadContent(f"pipeline: {_words(error)}", "", name, document.line) from None

    return reshape


def _pipeline(name: str, text: str) -> ProcessingPipeline:
    try:
        listed = [document.value for document in read_documents(text, name)]
        if len(listed) != 1 or not isinstance(listed[0], dict):
            raise BadConfiguration("is no processing pipeline", "one YAML map with `transformations`", name)
        return ProcessingPipeline.from_dict(_plain(listed[0]), policy=SafePolicy)
    except BadContent as error:
        raise BadConfiguration(error.what, error.mend, error.where) from None
    except ODD as error:
        raise BadConfiguration(
            f"is no processing pipeline: {_words(error)}", "see pySigma's documentation", name
        ) from None


def _plain(value: Any) -> Any:
    """The same without lines, and each alias a copy of its own."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _reshaped(value: Map, pipelines: Sequence[ProcessingPipeline]) -> Map:
    if "correlation" in value:
        return _correlation(value, pipelines)
    key = "filter" if "filter" in value else "detection"
    block = value.get(key)
    if not isinstance(block, Map):
        return value
    kept = {name: block[name] for name in ("rules", "timeframe") if name in block}
    parts = {name: part for name, part in block.items() if name not in kept}
    head = {"title": "rule", "logsource": _plain(value.get("logsource"))}
    head.update({name: _plain(value[name]) for name in ("id", "name", "tags", "level", "status") if name in value})
    rule = SigmaRule.from_dict({**head, "detection": _plain(parts)})
    for pipeline in pipelines:
        pipeline.apply(rule)
    written = _detection(rule, parts)
    whole = {**value, key: {**written, **kept}, "logsource": rule.logsource.to_dict()}
    return _lined_map(whole, value, value.line)


def _detection(rule: SigmaRule, before: Mapping[str, Any]) -> dict[str, Any]:
    """The detection block. Selections that pipelines add have random names: they get steady ones here."""
    detections = rule.detection.detections
    added = [name for name in detections if name not in before]
    names = {name: f"_added_{number}" for number, name in enumerate(added, start=1)}
    written = {names.get(name, name): _selection(name, detection) for name, detection in detections.items()}
    conditions = [condition.condition for condition in rule.detection.parsed_condition]
    renamed = [re.sub(r"[A-Za-z0-9_]+", lambda word: names.get(word[0], word[0]), each) for each in conditions]
    written["condition"] = renamed[0] if len(renamed) == 1 else renamed
    return written


def _correlation(value: Map, pipelines: Sequence[ProcessingPipeline]) -> Map:
    """A correlation names fields in three places."""
    rule = SigmaCorrelationRule.from_dict(_plain(value))
    for pipeline in pipelines:
        pipeline.apply(rule)
    made = rule.to_dict()["correlation"]
    block = dict(value["correlation"])
    block.update({key: made[key] for key in ("group-by", "aliases") if key in made and key in block})
    condition, mapped = block.get("condition"), made.get("condition")
    if isinstance(condition, dict) and "field" in condition and isinstance(mapped, dict) and "field" in mapped:
        block["condition"] = {**condition, "field": mapped["field"]}
    return _lined_map({**value, "correlation": block}, value, value.line)


def _lined_map(value: Mapping[str, Any], like: Any, line: int) -> Map:
    """A plain map as one that knows its lines: those of `like`, where it has the same key."""
    mapping = Map(like.line if isinstance(like, Map) else line)
    for key, inner in value.items():
        known = isinstance(like, Map) and key in like.lines
        mapping.lines[key] = like.lines[key] if known else mapping.line
        mapping[key] = _lined(inner, like.get(key) if known else None, mapping.lines[key])
    return mapping


def _lined(value: Any, like: Any, line: int) -> Any:
    if isinstance(value, dict):
        return _lined_map(value, like, line)
    if isinstance(value, list):
        sequence = List(line)
        sequence.extend(_lined(inner, None, line) for inner in value)
        sequence.lines = [line] * len(value)
        return sequence
    return value


def _selection(name: str, detection: SigmaDetection) -> Any:
    found = _alternatives(detection)
    if not found:
        raise ValueError(f"nothing is left of {name}")
    return found[0] if len(found) == 1 else found


def _alternatives(detection: SigmaDetection) -> list[dict[str, Any]]:
    """The maps of which one must hold."""
    parts = [
        _alternatives(item) if isinstance(item, SigmaDetection) else [_item(item)] for item in detection.detection_items
    ]
    if detection.item_linking is ConditionOR:
        return [each for part in parts for each in part]
    joined: list[dict[str, Any]] = [{}] if parts else []
    for part in parts:
        joined = [_both(one, other) for one in joined for other in part]
        if len(joined) > MAX_ALTERNATIVES:
            raise ValueError(f"the fields of one selection stand for more than {MAX_ALTERNATIVES} alternatives")
    return joined


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(one)
    for key, value in other.items():
        if key not in joined or joined[key] == value:
            joined[key] = value
        elif isinstance(value, list) or isinstance(joined[key], list) or f"{key}|all" in joined:
            raise ValueError(f"two items of one selection are now about {key.partition('|')[0]!r}")
        else:
            joined[f"{key}|all"] = [joined.pop(key), value]
    return joined


def _item(item: SigmaDetectionItem) -> dict[str, Any]:
    """One line of a selection; where a pipeline changed its values, as what they are now."""
    if item.original_value is None:
        return _changed(item)
    plain = item.to_plain()
    return plain if isinstance(plain, dict) else {"|contains": plain}


def _changed(item: SigmaDetectionItem) -> dict[str, Any]:
    values = [_value(value) for value in item.value]
    if None in values and len(values) > 1:
        raise ValueError(f"the values of {item.field or 'keywords'} cannot be written as plain Sigma")
    key = item.field or "|contains"
    if any(isinstance(value, SigmaCasedString) for value in item.value):
        key += "|cased"
    if item.value_linking is ConditionAND and len(values) > 1:
        key += "|all"
    return {key: values if len(values) > 1 else values[0]}


def _value(value: Any) -> Any:
    if isinstance(value, SigmaString):
        return value.to_plain(escape_backslash=True)
    if isinstance(value, (SigmaNumber, SigmaBool)):
        return value.to_plain()
    if isinstance(value, SigmaNull):
        return None
    raise ValueError(f"a value of the kind {type(value).__name__} that a pipeline changed cannot be written back")


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class Issue:
    """What pySigma says against a rule: a stable code, words, and the place in the document."""

    code: str
    text: str
    path: tuple[str, ...] = ()


class Validation:
    """The core validators over a set of rules. Some only speak when they have seen every rule."""

    def __init__(self) -> None:
        chosen = [cls for name, cls in validators.items() if name not in OURS | ONLINE | HALVES]
        self._validator = SigmaValidator(chosen)
        self._known: dict[int, tuple[str, SigmaRule | SigmaCorrelationRule]] = {}

    def issues(self, key: str, value: Map) -> list[Issue]:
        """What is said against one rule document; `key` is what `finish` will call it."""
        try:
            whole = _plain({name: part for name, part in value.items() if name != "yunshao"})
            kind: Any = SigmaCorrelationRule if "correlation" in value else SigmaRule
            rule = kind.from_dict(whole)
            self._known[id(rule)] = (key, rule)
            found = self._validator.validate_rule(rule)
        except ODD as error:
            return [Issue("sigma.unreadable", f"pySigma cannot read it: {_words(error)}")]
        return sorted({_issue(each, value) for each in found}, key=lambda each: (each.code, each.text))

    def finish(self) -> dict[str, list[Issue]]:
        """What is said of rules together, by their keys."""
        found: dict[str, list[Issue]] = {}
        for each in self._validator.finalize():
            for rule in each.rules:
                if id(rule) in self._known:
                    found.setdefault(self._known[id(rule)][0], []).append(_issue(each, Map(0)))
        return found


def _issue(issue: SigmaValidationIssue, value: Map) -> Issue:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(issue).__name__.removesuffix("Issue")).lower()
    about = [(field.name, getattr(issue, field.name)) for field in fields(issue) if field.name != "rules"]
    said = ", ".join(filter(None, (_said(each) for _name, each in about)))
    text = f"{issue.description}: {said}" if said else issue.description
    return Issue(f"sigma.{name}", text[:MAX_TEXT], _path(dict(about), value))


def _said(about: Any) -> str:
    if isinstance(about, SigmaDetectionItem):
        return about.field or "keywords"
    if isinstance(about, SigmaLogSource):
        return "/".join(part or "*" for part in (about.product, about.category, about.service))
    if isinstance(about, (set, frozenset, list, tuple)):
        return ", ".join(sorted(map(_said, about)))
    return "" if about is None else str(about)


def _path(about: Mapping[str, Any], value: Map) -> tuple[str, ...]:
    """The place in the document that an issue is about, as far as it says."""
    if "tag" in about:
        return ("tags",)
    item = about.get("detection_item")
    detection = value.get("detection")
    if not isinstance(item, SigmaDetectionItem) or not isinstance(detection, Map):
        return ()
    for name, selection in detection.items():
        keys = selection if isinstance(selection, Map) else {}
        key = next((key for key in keys if key.split("|")[0] == (item.field or "")), None)
        if key is not None:
            return ("detection", name, key)
    return ("detection",)
