"""One YAML document as a rule, a correlation or a filter; refused with its line when it is none."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping as Mapped
from datetime import date
from typing import Any

import orjson

from detectors.sigma.attack import is_misshapen, techniques_of
from detectors.sigma.condition import ConditionError, parse_condition
from detectors.sigma.document import Document, Mapping
from detectors.sigma.grouping import read_grouping
from detectors.sigma.limits import MAX_CASES, MAX_SELECTIONS, MAX_VALUES, MAX_WEIGHT
from detectors.sigma.model import Case, Filter, LogSource, Rule, Words
from detectors.sigma.modifiers import ModifierError, Placeholders, keywords, make_item
from detectors.sigma.tree import Node, all_of, any_of, items, weight
from yunshao.errors import BadContent
from yunshao.model.finding import HOURLY, LEVELS, PRODUCTION, STAGES, Grouping

STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
_DATE = re.compile(r"[0-9]{4}([-/])[0-9]{2}\1[0-9]{2}\Z")
_TAG = re.compile(r"[^.\s]+\.\S+\Z")
_TEXTS = ("title_zh", "description_zh", "why", "why_zh", "gbt20986", "mlps")
_LISTS = ("triage", "triage_zh", "falsepositives_zh")
_WORD_KEYS = (*_TEXTS, *_LISTS, "weakness", "tests", "group", "stage")
_WEAKNESS_KEYS = ("id", "severity", "exposed", "name", "kind", "techniques")
DEFAULT_LEVEL = "medium"


class Reading:
    """The reading of one document: knows the file, and refuses with the line of the offending key."""

    def __init__(self, document: Document, where: str, placeholders: Placeholders) -> None:
        self.where = where
        self.line = document.line
        self.placeholders = placeholders
        if not isinstance(document.value, Mapping):
            raise BadContent("not a map of keys", "a rule has title, logsource, detection", where, document.line)
        self.value: Mapping = document.value

    def refuse(self, reason: str, *path: str, mend: str = "") -> BadContent:
        """The error to raise about the key at `path`."""
        return BadContent(reason, mend, self.where, self.value.line_of(*path) if path else self.line)

    def map_at(self, key: str) -> Mapping:
        """The map at a key; refused when something else stands there."""
        found = self.value.get(key)
        if not isinstance(found, Mapping):
            raise self.refuse(f"{key!r} is not a map" if key in self.value else f"{key!r} is missing", key)
        return found

    def text_at(self, *path: str, limit: int = 20_000) -> str:
        """The text at a path, empty where there is none."""
        found: Any = self.value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return ""
        if isinstance(found, (dict, list, bool)):
            raise self.refuse(f"{path[-1]!r} is not text", *path)
        text = str(found)
        if len(text) > limit:
            raise self.refuse(f"{path[-1]!r} is longer than {limit} characters", *path)
        return text

    def texts_at(self, *path: str) -> tuple[str, ...]:
        """The list of texts at a path; one text stands for a list of one."""
        found: Any = self.value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return ()
        listed = found if isinstance(found, list) else [found]
        if len(listed) > MAX_VALUES or any(isinstance(each, (dict, list)) for each in listed):
            raise self.refuse(f"{path[-1]!r} is not a list of texts", *path)
        return tuple(str(each) for each in listed if each is not None)


def read_head(reading: Reading) -> dict[str, Any]:
    """The keyword values of everything that rules and correlations share."""
    title = reading.text_at("title")
    if not title.strip():
        raise reading.refuse("the title is missing", "title")
    if len(title) > 256:
        raise reading.refuse("the title is longer than 256 characters", "title")
    level = reading.text_at("level") or DEFAULT_LEVEL
    if level not in LEVELS:
        raise reading.refuse(f"unknown level {level[:40]!r}", "level", mend=f"one of {', '.join(LEVELS)}")
    status = reading.text_at("status")
    if status and status not in STATUSES:
        raise reading.refuse(f"unknown status {status[:40]!r}", "status", mend=f"one of {', '.join(STATUSES)}")
    for key in ("date", "modified"):
        _check_date(reading, key)
    tags = _tags(reading)
    return {
        "id": _id(reading),
        "title": title,
        "level": level,
        "status": status,
        "name": reading.text_at("name", limit=256),
        "description": reading.text_at("description"),
        "author": reading.text_at("author"),
        "license": reading.text_at("license"),
        "tags": tags,
        "techniques": techniques_of(tags),
        "falsepositives": reading.texts_at("falsepositives"),
        "references": reading.texts_at("references"),
        "words": _words(reading),
        "cases": _cases(reading),
        "grouping": _grouping(reading),
        "stage": _stage(reading),
        "file": reading.where,
        "line": reading.line,
    }


def _id(reading: Reading) -> str:
    """The rule's own id, or one made from its content where it has none."""
    given = reading.text_at("id")
    if not given:
        content = orjson.dumps(reading.value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
        return str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4))
    try:
        return str(uuid.UUID(given))
    except ValueError:
        raise reading.refuse(f"id {given[:60]!r} is no UUID", "id") from None


def _check_date(reading: Reading, key: str) -> None:
    given = reading.text_at(key)
    if not given:
        return
    try:
        if not _DATE.match(given):
            raise ValueError
        date.fromisoformat(given.replace("/", "-"))
    except ValueError:
        raise reading.refuse(f"{key} {given[:40]!r} is no date", key, mend="YYYY-MM-DD") from None


def _tags(reading: Reading) -> tuple[str, ...]:
    tags = reading.texts_at("tags")
    for tag in tags:
        if not _TAG.match(tag):
            raise reading.refuse(f"tag {tag[:60]!r} is not `namespace.value`", "tags")
        if is_misshapen(tag):
            raise reading.refuse(f"tag {tag[:60]!r} is no ATT&CK technique", "tags", mend="attack.t1234 or .t1234.001")
    return tags


def _words(reading: Reading) -> Words:
    if "yunshao" not in reading.value:
        return Words()
    block = reading.map_at("yunshao")
    for key in block:
        if key not in _WORD_KEYS:
            raise reading.refuse(f"unknown key {key!r}", "yunshao", key, mend=f"one of {', '.join(_WORD_KEYS)}")
    said: dict[str, Any] = {key: reading.text_at("yunshao", key) for key in _TEXTS}
    said.update({key: reading.texts_at("yunshao", key) for key in _LISTS})
    return Words(**said, weakness=_weakness(reading, block.get("weakness")))


def _grouping(reading: Reading) -> Grouping:
    block = reading.value.get("yunshao")
    given = block.get("group") if isinstance(block, Mapping) else None
    if given is None:
        return HOURLY
    try:
        return read_grouping(given)
    except ValueError as error:
        raise reading.refuse(str(error), "yunshao", "group") from None


def _stage(reading: Reading) -> str:
    given = reading.text_at("yunshao", "stage") or PRODUCTION
    if given not in STAGES:
        raise reading.refuse(f"unknown stage {given[:40]!r}", "yunshao", "stage", mend=f"one of {', '.join(STAGES)}")
    return given


def _weakness(reading: Reading, given: Any) -> dict[str, Any]:
    """The weakness that the rule shows to exist: its id alone, or `{id, severity, exposed, name: {zh, en}}`."""
    if given is None:
        return {}
    if isinstance(given, str):
        return {"id": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("id"), str):
        raise reading.refuse("weakness is an id, or a map with `id`", "yunshao", "weakness")
    for key in given:
        if key not in _WEAKNESS_KEYS:
            raise reading.refuse(f"unknown key {key!r} in weakness", "yunshao", "weakness", key)
    severity = given.get("severity", 3)
    if isinstance(severity, bool) or severity not in (1, 2, 3, 4, 5):
        raise reading.refuse("severity is 1 to 5", "yunshao", "weakness", "severity")
    return {**given}


def _cases(reading: Reading) -> tuple[Case, ...]:
    block = reading.value.get("yunshao")
    listed = block.get("tests") if isinstance(block, Mapping) else None
    if listed is None:
        return ()
    if not isinstance(listed, list) or len(listed) > MAX_CASES:
        raise reading.refuse(f"tests is a list of at most {MAX_CASES}", "yunshao", "tests")
    return tuple(_case(reading, each) for each in listed)


def _case(reading: Reading, case: Any) -> Case:
    line = case.line if isinstance(case, Mapping) else reading.value.line_of("yunshao", "tests")
    if not isinstance(case, Mapping) or not isinstance(case.get("fires"), bool):
        raise BadContent("a test says `fires: true` or `fires: false`", "", reading.where, line)
    unknown = set(case) - {"fires", "event", "events", "source", "hint"}
    if unknown:
        raise BadContent(f"unknown key {min(unknown)!r} in a test", "", reading.where, line)
    events = case.get("events") if "events" in case else [case.get("event")]
    if not isinstance(events, list) or not events or not all(isinstance(event, dict) for event in events):
        raise BadContent("a test has `event`, a native record, or `events`, a list of them", "", reading.where, line)
    return Case(case["fires"], tuple(events), str(case.get("source") or ""), str(case.get("hint") or ""), line)


def read_logsource(reading: Reading) -> LogSource:
    """The log source, in lower case."""
    block = reading.map_at("logsource")
    parts = {key: reading.text_at("logsource", key, limit=256).lower() for key in ("product", "category", "service")}
    if not any(parts.values()):
        raise reading.refuse("the log source names no product, category or service", "logsource")
    for key in block:
        if key not in (*parts, "definition") and isinstance(block[key], (dict, list)):
            raise reading.refuse(f"{key!r} in the log source is not text", "logsource", key)
    return LogSource(**parts)


def read_rule(reading: Reading) -> Rule:
    """A detection rule. Raises BadContent."""
    head = read_head(reading)
    logsource = read_logsource(reading)
    tree, selections = _detection(reading, "detection", ("condition", "timeframe"))
    if weight(tree) > MAX_WEIGHT:
        raise reading.refuse(f"one event may cost more than {MAX_WEIGHT} tests", "detection", mend="split the rule")
    fields = tuple(dict.fromkeys(item.field for item in items(tree) if item.field))
    return Rule(
        **head,
        logsource=logsource,
        tree=tree,
        fields=fields,
        condition=_condition_text(reading),
        selections=selections,
    )


def _condition_text(reading: Reading) -> str:
    """The condition as it is written; several stand for any of them."""
    listed = reading.texts_at("detection", "condition")
    return listed[0] if len(listed) == 1 else " or ".join(f"({each})" for each in listed)


def read_filter(reading: Reading) -> Filter:
    """A filter: a condition that the rules it names must meet as well. Raises BadContent."""
    title = reading.text_at("title") or "filter"
    logsource = read_logsource(reading)
    block = reading.map_at("filter")
    tree, _selections = _detection(reading, "filter", ("condition", "rules"))
    named = block.get("rules")
    if named is None:
        raise reading.refuse("the filter does not say for which rules it is", "filter", mend="rules: any, or a list")
    anyone = isinstance(named, str) and named.lower() == "any"
    return Filter(
        title=title, logsource=logsource, tree=tree, rules=() if anyone else reading.texts_at("filter", "rules")
    )


def _detection(reading: Reading, key: str, reserved: tuple[str, ...]) -> tuple[Node, dict[str, Node]]:
    """The tree of a condition over its selections, and these by their names."""
    block = reading.map_at(key)
    if "condition" not in block:
        raise reading.refuse("the condition is missing", key)
    names = [name for name in block if name not in reserved]
    if not names:
        raise reading.refuse("there is no selection", key)
    if len(names) > MAX_SELECTIONS:
        raise reading.refuse(f"more than {MAX_SELECTIONS} selections", key)
    selections = {name: _selection(reading, key, name, block[name]) for name in names}
    return _condition(reading, key, block["condition"], selections), selections


def _condition(reading: Reading, key: str, condition: Any, selections: Mapped[str, Node]) -> Node:
    listed = condition if isinstance(condition, list) else [condition]
    if not listed or len(listed) > MAX_SELECTIONS or not all(isinstance(each, str) for each in listed):
        raise reading.refuse("the condition is not text", key, "condition")
    try:
        return any_of(tuple(parse_condition(each, selections) for each in listed))
    except ConditionError as error:
        raise reading.refuse(str(error), key, "condition") from None


def read_match(reading: Reading, key: str) -> Node:
    """A selection without a condition: a map, or a list of maps of which one must hold. Raises BadContent."""
    given = reading.value.get(key)
    maps = given if isinstance(given, list) else [given]
    if not maps or not all(isinstance(each, Mapping) for each in maps):
        raise reading.refuse(f"{key} is a Sigma selection: a map, or a list of maps", key)
    tree = _selection(reading, key, key, given)
    if weight(tree) > MAX_WEIGHT:
        raise reading.refuse(f"one event may cost more than {MAX_WEIGHT} tests", key)
    return tree


def _selection(reading: Reading, key: str, name: str, value: Any) -> Node:
    """A map, a list of maps (any of them), or keywords."""
    try:
        if isinstance(value, Mapping):
            return _map(reading, value)
        if isinstance(value, list):
            return _list(reading, value)
        return keywords([value], "", reading.placeholders)
    except ModifierError as error:
        raise reading.refuse(f"{name}: {error}", key, name) from None


def _list(reading: Reading, value: list[Any]) -> Node:
    if not value:
        raise ModifierError("an empty list matches nothing")
    maps = [each for each in value if isinstance(each, Mapping)]
    if any(isinstance(each, list) for each in value):
        raise ModifierError("a list inside a list")
    nodes: list[Node] = [_map(reading, each) for each in maps]
    words = [each for each in value if not isinstance(each, Mapping)]
    if words:
        nodes.append(keywords(words, "", reading.placeholders))
    return any_of(tuple(nodes))


def _map(reading: Reading, value: Mapping) -> Node:
    if not value:
        raise ModifierError("an empty map matches everything")
    nodes = []
    for key, wanted in value.items():
        try:
            nodes.append(_line(reading, key, wanted))
        except ModifierError as error:
            raise BadContent(f"{key[:80]}: {error}", "", reading.where, value.lines[key]) from None
    return all_of(tuple(nodes))


def _line(reading: Reading, key: str, wanted: Any) -> Node:
    if isinstance(wanted, dict):
        raise ModifierError("a map inside a selection")
    if key.split("|")[0] == "":
        return keywords(wanted if isinstance(wanted, list) else [wanted], key, reading.placeholders)
    return make_item(key, wanted, reading.placeholders)
