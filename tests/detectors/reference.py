"""A second reading of the Sigma specification: plain, slow, and nothing of the engine's in it.

It is written from the documents (rules 2.1, modifiers appendix 2.1, filters 2.1), evaluates a rule by walking over what
YAML gave, and keeps no index. Where the documents leave a choice, the choice is named beside the line that makes it.
"""

from __future__ import annotations

import base64
import ipaddress
import itertools
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import yaml

ABSENT = object()
MANY, ONE = object(), object()
DASHES = "-/\u2013\u2014\u2015"
NUMERIC = {
    "lt": lambda held, wanted: held < wanted,
    "lte": lambda held, wanted: held <= wanted,
    "gt": lambda held, wanted: held > wanted,
    "gte": lambda held, wanted: held >= wanted,
}
PARTS = {
    "minute": lambda moment: moment.minute,
    "hour": lambda moment: moment.hour,
    "day": lambda moment: moment.day,
    "week": lambda moment: moment.isocalendar().week,
    "month": lambda moment: moment.month,
    "year": lambda moment: moment.year,
}
FLAGS = {"i": re.I, "ignorecase": re.I, "m": re.M, "multiline": re.M, "s": re.S, "dotall": re.S}
WIDE = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf16": "utf-16-le"}


class Unreadable(Exception):
    """The rule asks for something that the specification does not give."""


def nested(record: dict[str, Any], name: str) -> Any:
    """A field by its name: as a key, else the part before the first dot and the rest inside; lists give any element."""
    if name in record:
        return record[name]
    head, dot, rest = name.partition(".")
    return inside(record[head], rest) if dot and head in record else ABSENT


def inside(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return nested(value, name)
    if isinstance(value, list):
        found = [each for each in (inside(element, name) for element in value) if each is not ABSENT]
        return found or ABSENT
    return ABSENT


def elements(value: Any) -> list[Any]:
    """A list is any of its elements, at every depth."""
    if not isinstance(value, list):
        return [value]
    return [each for element in value for each in elements(element)]


def printed(value: Any) -> str | None:
    """How a value of the log reads as text; null reads as nothing at all."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return None


def number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*", value, re.A):
        return None
    return float(value)


def moment(value: Any) -> datetime | None:
    """A date as it is written: ISO 8601, or a count since 1970 in s, ms, us or ns, whichever is of our age."""
    held = number(value)
    if held is not None:
        while abs(held) >= 1e11:
            held /= 1000
        return datetime.fromtimestamp(held, UTC)
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def wildcards(text: str) -> list[Any]:
    """Characters and the two wildcards. A backslash counts only in front of a wildcard or a backslash."""
    found: list[Any] = []
    rest = text
    while rest:
        if len(rest) > 1 and rest[0] == "\\" and rest[1] in "*?\\":
            found.append(rest[1])
            rest = rest[2:]
        else:
            found.append({"*": MANY, "?": ONE}.get(rest[0], rest[0]))
            rest = rest[1:]
    return found


def spelled(tokens: list[Any]) -> str:
    if any(token in (MANY, ONE) for token in tokens):
        raise Unreadable("wildcards where there may be none")
    return "".join(tokens)


def fits(tokens: list[Any], text: str, cased: bool) -> bool:
    """Whether the whole text is what the tokens say, tried place by place."""
    if not cased:
        text = text.casefold()
        tokens = [part for token in tokens for part in (token.casefold() if isinstance(token, str) else [token])]
    places = {0}
    for token in tokens:
        if token is MANY:
            places = set(range(min(places), len(text) + 1)) if places else places
        elif token is ONE:
            places = {place + 1 for place in places if place < len(text)}
        else:
            places = {place + 1 for place in places if text[place : place + 1] == token}
    return len(text) in places


@dataclass
class Value:
    """One value of a detection item while its modifiers are applied, in order."""

    tokens: list[Any] = field(default_factory=list)
    kind: str = "text"
    cased: bool = False
    octets: bool = False
    raw: Any = None
    more: Any = None
    opened: tuple[bool, bool] = (False, False)


def octets_of(value: Value) -> bytes:
    text = spelled(value.tokens)
    return text.encode("latin-1") if value.octets else text.encode()


def with_base64(value: Value) -> list[Value]:
    return [Value(list(base64.b64encode(octets_of(value)).decode()), cased=True)]


def with_base64offset(value: Value) -> list[Value]:
    """What stays the same of the encoded form, whatever stands before and after: only whole groups of six bits."""
    data = octets_of(value)
    found = []
    for before in range(3):
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        encoded = base64.b64encode(b"\0" * before + data + b"\0\0").decode()
        if first >= last:
            raise Unreadable("too short: nothing of it stays the same")
        found.append(Value(list(encoded[first:last]), cased=True))
    return found


def with_wide(value: Value, name: str) -> list[Value]:
    tokens: list[Any] = list("\xff\xfe") if name == "utf16" else []
    for token in value.tokens:
        tokens += token.encode(WIDE[name]).decode("latin-1") if isinstance(token, str) else [token]
    return [Value(tokens, cased=value.cased, octets=True)]


def with_windash(value: Value) -> list[Value]:
    """A dash in front of a word, with no word before it, stands for each of the five."""
    choices = []
    for place, token in enumerate(value.tokens):
        before = value.tokens[place - 1] if place else " "
        after = value.tokens[place + 1] if place + 1 < len(value.tokens) else " "
        option = token in tuple(DASHES) and not is_word(before) and is_word(after)
        choices.append(DASHES if option else [token])
    return [Value(list(choice), cased=value.cased) for choice in itertools.product(*choices)]


def is_word(token: Any) -> bool:
    return isinstance(token, str) and re.fullmatch(r"\w", token) is not None


def with_placeholders(value: Value, known: dict[str, list[str]]) -> list[Value]:
    if not isinstance(value.raw, str):
        raise Unreadable("a placeholder is part of a text")
    pieces: list[list[list[Any]]] = []
    text, last = value.raw, 0
    for found in re.finditer(r"(?<!\\)%([\w.-]+)%", text):
        if found[1] not in known:
            raise Unreadable(f"no value for {found[1]}")
        pieces += [[plain_percent(text[last : found.start()])], [wildcards(each) for each in known[found[1]]]]
        last = found.end()
    pieces.append([plain_percent(text[last:])])
    return [Value([token for part in choice for token in part]) for choice in itertools.product(*pieces)]


def plain_percent(text: str) -> list[Any]:
    return wildcards(text.replace("\\%", "%"))


def opened(value: Value, start: bool, end: bool) -> list[Value]:
    """Anything before, after, or both."""
    if value.kind == "fieldref":
        value.opened = (start, end)
        return [value]
    tokens = ([MANY] if start else []) + value.tokens + ([MANY] if end else [])
    return [Value(tokens, cased=value.cased, octets=value.octets)]


def of_kind(value: Value, name: str) -> Value:
    return Value(kind=name, raw=value.raw, tokens=value.tokens, cased=value.cased)


def modified(value: Value, name: str, known: dict[str, list[str]]) -> list[Value]:
    """The value after one more modifier: none, one or several in its place."""
    if name in ("contains", "startswith", "endswith"):
        if value.kind not in ("text", "fieldref"):
            raise Unreadable(f"{name} of a {value.kind}")
        return opened(value, name != "startswith", name != "endswith")
    if name == "base64":
        return with_base64(value)
    if name == "base64offset":
        return with_base64offset(value)
    if name in WIDE:
        return with_wide(value, name)
    if name == "windash":
        return with_windash(value)
    if name == "expand":
        return with_placeholders(value, known)
    if name == "cased":
        value.cased = True
        return [value]
    return [typed(value, name)]


def typed(value: Value, name: str) -> Value:
    """The value as something else than a text."""
    made = of_kind(value, name)
    if name == "re":
        made.more = re.A
    elif name in FLAGS and value.kind == "re":
        made.kind, made.more = "re", value.more | FLAGS[name]
    elif name == "cidr":
        made.more = ipaddress.ip_network(str(value.raw))
    elif name == "fieldref":
        made.raw = spelled(value.tokens)
    elif name == "exists":
        if not isinstance(value.raw, bool):
            raise Unreadable("exists takes true or false")
    elif name in PARTS or name in NUMERIC:
        if value.kind != "text" and value.kind not in PARTS:
            raise Unreadable(f"{name} of a {value.kind}")
        made.more = number(value.raw)
        if made.more is None:
            raise Unreadable(f"{name} takes a number")
        if value.kind in PARTS:
            made.kind, made.opened = name, (value.kind,)
    else:
        raise Unreadable(f"unknown modifier {name}")
    return made


def lookup_in(record: dict[str, Any]):
    return lambda name: nested(record, name)


@dataclass
class Item:
    """One line of a selection: a field (None: the whole event), its modifiers and its values."""

    name: str | None
    values: list[list[Value]]
    every: bool = False
    negated: bool = False

    def holds(self, record: dict[str, Any], look) -> bool:
        held = every_text(record) if self.name is None else look(self.name)
        answers = [any(says(one, held, look) for one in expansion) for expansion in self.values]
        found = all(answers) if self.every else any(answers)
        return found is not self.negated


def every_text(value: Any) -> list[Any]:
    """The event as a list of everything that it says: values, not names."""
    if isinstance(value, dict):
        return [each for inner in value.values() for each in every_text(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in every_text(inner)]
    return [value]


def says(value: Value, held: Any, look) -> bool:
    """Whether what the event holds in the field is what the value asks for."""
    if value.kind == "exists":
        return (held is not ABSENT) is value.raw
    if value.kind == "null":
        # The field has no value: it is not there, is null, or is a list of nothing else.
        return held is ABSENT or held is None or (bool(elements(held)) and all(each is None for each in elements(held)))
    if held is ABSENT:
        return False
    if value.kind == "fieldref":
        other = look(value.raw)
        return other is not ABSENT and any(
            refers(value, mine, theirs) for mine in elements(held) for theirs in elements(other)
        )
    return any(says_one(value, each) for each in elements(held))


def refers(value: Value, mine: Any, theirs: Any) -> bool:
    mine, theirs = printed(mine), printed(theirs)
    if mine is None or theirs is None:
        return False
    start, end = value.opened
    tokens = ([MANY] if start else []) + list(theirs) + ([MANY] if end else [])
    return fits(tokens, mine, value.cased)


def says_one(value: Value, held: Any) -> bool:
    if value.kind in NUMERIC:
        figure = part_of(held, value.opened[0]) if len(value.opened) == 1 else number(held)
        return figure is not None and NUMERIC[value.kind](figure, value.more)
    if value.kind in PARTS:
        return part_of(held, value.kind) == value.more
    if value.kind == "cidr":
        return within(held, value.more)
    text = printed(held)
    if text is None:
        return False
    if value.kind == "re":
        return re.search(str(value.raw), text, value.more) is not None
    return fits(value.tokens, text, value.cased)


def part_of(held: Any, name: str) -> float | None:
    found = moment(held)
    return None if found is None else float(PARTS[name](found))


def within(held: Any, network: Any) -> bool:
    try:
        address = ipaddress.ip_address(held.strip()) if isinstance(held, str) else None
    except ValueError:
        return False
    if address is None:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address in network


def read_item(key: str, wanted: Any, known: dict[str, list[str]]) -> Item:
    name, *modifiers = key.split("|")
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values:
        raise Unreadable("an empty list")
    every = "all" in modifiers
    if every and len(values) < 2:
        raise Unreadable("all of a single value")
    # A placeholder stands for its values wherever `expand` is in the chain: what comes before it only adds around it.
    chain = sorted((each for each in modifiers if each not in ("all", "neq")), key=lambda each: each != "expand")
    if not name and not any(each in ("contains", "re") for each in chain):
        chain.append("contains")
    return Item(name or None, [read_value(each, chain, known) for each in values], every, "neq" in modifiers)


def read_value(raw: Any, chain: list[str], known: dict[str, list[str]]) -> list[Value]:
    if isinstance(raw, (dict, list)):
        raise Unreadable("a map or a list as a value")
    if raw is None:
        return [Value(kind="null")]
    text = raw.isoformat() if isinstance(raw, date) else printed(raw)
    forms = dict.fromkeys([text, str(raw)] if isinstance(raw, float) else [text])
    found = [Value(wildcards(form), raw=text if isinstance(raw, date) else raw) for form in forms]
    for name in chain:
        found = [each for value in found for each in modified(value, name, known)]
    return found


class Selection:
    """A search identifier: a map (each item), a list of maps (any), or keywords (any)."""

    def __init__(self, given: Any, known: dict[str, list[str]]) -> None:
        if isinstance(given, dict):
            given = [given]
        if not isinstance(given, list) or not given:
            given = [given]
        self.any_of: list[list[Item]] = []
        keywords = [each for each in given if not isinstance(each, dict)]
        if keywords:
            self.any_of.append([read_item("", keywords, known)])
        for each in given:
            if isinstance(each, dict):
                self.any_of.append([read_item(str(key), wanted, known) for key, wanted in each.items()])

    def holds(self, record: dict[str, Any], look) -> bool:
        return any(all(item.holds(record, look) for item in items) for items in self.any_of)


class Condition:
    """`or` binds least, then `and`, then `not`, then `1 of`."""

    def __init__(self, text: str, names: list[str]) -> None:
        self.words = re.findall(r"[()]|[^\s()]+", text)
        self.names = names
        self.at = 0
        self.tree = self.either()
        if self.at != len(self.words):
            raise Unreadable(f"left over: {self.words[self.at :]}")

    def peek(self) -> str:
        return self.words[self.at].lower() if self.at < len(self.words) else ""

    def take(self) -> str:
        if self.at >= len(self.words):
            raise Unreadable("the condition ends too early")
        self.at += 1
        return self.words[self.at - 1]

    def either(self) -> Any:
        parts = [self.both()]
        while self.peek() == "or":
            self.take()
            parts.append(self.both())
        return ("or", parts)

    def both(self) -> Any:
        parts = [self.negation()]
        while self.peek() == "and":
            self.take()
            parts.append(self.negation())
        return ("and", parts)

    def negation(self) -> Any:
        if self.peek() == "not":
            self.take()
            return ("not", [self.negation()])
        return self.operand()

    def operand(self) -> Any:
        word = self.take()
        if word == "(":
            inner = self.either()
            if self.take() != ")":
                raise Unreadable("a bracket that is not closed")
            return inner
        if word.lower() in ("1", "any", "all") and self.peek() == "of":
            self.take()
            return ("and" if word.lower() == "all" else "or", [("name", name) for name in self.matching(self.take())])
        if word not in self.names:
            raise Unreadable(f"no selection {word}")
        return ("name", word)

    def matching(self, pattern: str) -> list[str]:
        wanted = ".*" if pattern.lower() == "them" else ".*".join(map(re.escape, pattern.split("*")))
        found = [name for name in self.names if re.fullmatch(wanted, name) and not name.startswith("_")]
        if not found:
            raise Unreadable(f"nothing is called {pattern}")
        return found

    def holds(self, ask) -> bool:
        def says(node: Any) -> bool:
            kind, inner = node
            if kind == "name":
                return ask(inner)
            if kind == "not":
                return not says(inner[0])
            return (all if kind == "and" else any)(says(each) for each in inner)

        return says(self.tree)


class Detection:
    """A detection block: selections by name, and the conditions over them, any of which is enough."""

    def __init__(self, block: dict[str, Any], known: dict[str, list[str]]) -> None:
        given = block.get("condition")
        texts = given if isinstance(given, list) else [given]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise Unreadable("no condition")
        self.selections = {
            name: Selection(each, known)
            for name, each in block.items()
            if name not in ("condition", "timeframe", "rules")
        }
        self.conditions = [Condition(text, list(self.selections)) for text in texts]

    def holds(self, record: dict[str, Any], look) -> bool:
        return any(
            condition.holds(lambda name: self.selections[name].holds(record, look)) for condition in self.conditions
        )


@dataclass
class Rule:
    """A rule or, joined to it, the filters that name it."""

    id: str
    name: str
    logsource: dict[str, str]
    detection: Detection
    filters: list[Detection] = field(default_factory=list)

    def holds(self, record: dict[str, Any], look=None) -> bool:
        """Whether the rule fires on a record; `look` gives a field's value or `ABSENT`."""
        look = look or lookup_in(record)
        return self.detection.holds(record, look) and all(each.holds(record, look) for each in self.filters)


def read_rules(text: str | bytes, placeholders: dict[str, list[str]] | None = None) -> list[Rule]:
    """The rules of a file, its filters applied. Raises Unreadable."""
    known = placeholders or {}
    documents = [each for each in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if each]
    rules = [
        Rule(str(each.get("id")), str(each.get("name", "")), each["logsource"], Detection(each["detection"], known))
        for each in documents
        if "detection" in each
    ]
    for each in documents:
        if "filter" in each:
            join_filter(each, rules, known)
    return rules


def join_filter(document: dict[str, Any], rules: list[Rule], known: dict[str, list[str]]) -> None:
    """A filter is one more condition for each rule that it names and whose log source its own covers."""
    named = document["filter"].get("rules") or []
    named = [named] if isinstance(named, str) else named
    made = Detection(document["filter"], known)
    for rule in rules:
        covered = all(rule.logsource.get(part) == wanted for part, wanted in document["logsource"].items())
        if covered and (not named or named == ["any"] or {rule.id, rule.name} & set(named)):
            rule.filters.append(made)
