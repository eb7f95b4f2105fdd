"""What may be wrong with a rule that can be read: a warning each, with a code, the line and the words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from detectors.sigma.attack import RENUMBERED
from detectors.sigma.attack_ids import TACTICS, VERSION, is_known
from detectors.sigma.document import Document
from detectors.sigma.document import Mapping as Map
from detectors.sigma.expression import required_literal
from detectors.sigma.known import Known
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.pattern import Expression
from detectors.sigma.route import sources_of
from detectors.sigma.tree import Item, items, weight
from detectors.words import visible

COSTLY = 1_000
MAX_WARNINGS = 100
_TECHNIQUE = re.compile(r"[Tt][0-9]{4}(?:\.[0-9]{3})?\Z")
_OTHER_ID = re.compile(r"(?:[gsmc][0-9]{4}|ta[0-9]{4}|ds[0-9]{4})\Z", re.IGNORECASE)
_NAMED = re.compile(r"\{([^{}\s]{1,256})\}")
_OUR_WORDS = {"unit", "entity", "count", "figure", "group", "timespan", "title"}


@dataclass(frozen=True, slots=True)
class Warned:
    """One doubt about a rule. `code` is stable."""

    code: str
    line: int
    text: str


class Said(Protocol):
    """A doubt of somebody else's, about the place `path` of the document."""

    @property
    def code(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def path(self) -> tuple[str, ...]: ...


class Other(Protocol):
    """Somebody else who looks at rules, one after the other, and then at all of them."""

    def issues(self, key: str, value: Map) -> Sequence[Said]: ...
    def finish(self) -> Mapping[str, Sequence[Said]]: ...


Place = tuple[str, int]
Doubt = tuple[str, tuple[str, ...], str]
"""A code, a path in the document, and words."""


class Linter:
    """Looks at rules one by one; `known` knows the fields of sources, `other` may add its own doubts."""

    def __init__(self, known: Known, other: Other | None = None) -> None:
        self._known = known
        self._other = other

    def warnings(
        self,
        loaded: Loaded,
        documents: Mapping[Place, Document],
        watch: Callable[[Iterable[Rule | Correlation]], Iterable[Rule | Correlation]] = lambda entries: entries,
    ) -> dict[Place, tuple[Warned, ...]]:
        """The warnings of every entry whose document is given, by file and line."""
        everyone: list[Rule | Correlation] = [*loaded.rules, *loaded.correlations]
        mine = [each for each in everyone if (each.file, each.line) in documents]
        rules = {rule.id: rule for rule in loaded.rules}
        taken: dict[str, str] = {}
        found: dict[Place, list[Warned]] = {}
        for each in watch(mine):
            place = (each.file, each.line)
            value = documents[place].value
            doubts = [*_of_head(each, value, taken), *self._of(each, rules)]
            found[place] = [Warned(code, value.line_of(*path), text) for code, path, text in doubts]
            if self._other is not None:
                found[place] += _said(self._other.issues(_key(place), value), value)
        if self._other is not None:
            places = {_key(place): place for place in found}
            for key, issues in self._other.finish().items():
                if key in places:
                    found[places[key]] += _said(issues, documents[places[key]].value)
        return {place: _in_order(listed) for place, listed in found.items()}

    def _of(self, entry: Rule | Correlation, rules: Mapping[str, Rule]) -> Iterator[Doubt]:
        if isinstance(entry, Correlation):
            yield from self._of_correlation(entry, rules)
            return
        yield from _of_cost(entry)
        if not sources_of(entry.logsource):
            yield "no_source", ("logsource",), f"no source reads {entry.logsource}: the rule never fires"
            return
        for each in self._known.unknown(entry):
            sources, near = " or ".join(each.sources), f"; did you mean {each.near!r}?" if each.near else ""
            yield "unknown_field", _path_of(entry, each.field), f"{sources} has no field {each.field!r}{near}"
        if not self._known.can_fire(entry):
            yield "never_fires", ("detection",), "without the fields that its source does not have it cannot fire"
        for field in _NAMED.findall(entry.words.why):
            if field not in _OUR_WORDS and self._known.lacks(entry, field):
                yield "unknown_field", ("yunshao", "why"), f"`why` names {field!r}, which the source does not have"

    def _of_correlation(self, entry: Correlation, rules: Mapping[str, Rule]) -> Iterator[Doubt]:
        for key, fields in (("group-by", entry.group_by), ("condition", entry.fields)):
            for field in fields:
                for rule in (rules[name] for name in entry.rules if name in rules):
                    real = entry.aliases.get(field, {}).get(rule.id, field)
                    if self._known.lacks(rule, real):
                        text = f"the source of {rule.name or rule.title!r} has no field {real!r}"
                        yield "unknown_field", ("correlation", key), text


def _key(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _said(issues: Iterable[Said], value: Map) -> list[Warned]:
    return [Warned(each.code, value.line_of(*each.path), visible(each.text, 400)) for each in issues]


def _in_order(found: Iterable[Warned]) -> tuple[Warned, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.code, each.text))[:MAX_WARNINGS])


def _path_of(rule: Rule, field: str) -> tuple[str, ...]:
    """The first selection that asks for the field."""
    for name, node in rule.selections.items():
        if any(item.field == field for item in items(node)):
            return ("detection", name)
    return ("detection",)


def _of_head(entry: Rule | Correlation, value: Map, taken: dict[str, str]) -> Iterator[Doubt]:
    if not value.get("id"):
        yield "no_id", (), "no id: it is made of the content and changes with each edit"
    for key in ("description", "status", "level"):
        if not value.get(key):
            yield f"no_{key}", (), f"no {key}"
    if entry.name and taken.setdefault(entry.name, entry.id) != entry.id:
        yield "name_taken", ("name",), f"another rule is called {entry.name!r} too"
    for tag in entry.tags:
        yield from _of_tag(tag)


def _of_tag(tag: str) -> Iterator[Doubt]:
    namespace, _, name = tag.partition(".")
    if namespace != "attack" or _OTHER_ID.match(name):
        return
    if not _TECHNIQUE.match(name):
        if name not in TACTICS:
            near = difflib.get_close_matches(name.replace("_", "-"), TACTICS, n=1)
            hint = f"; did you mean attack.{near[0]}?" if near else ""
            yield "unknown_tactic", ("tags",), f"no tactic of ATT&CK is called {visible(name)!r}{hint}"
    elif name.upper() in RENUMBERED:
        newer = RENUMBERED[name.upper()]
        yield "old_technique", ("tags",), f"{name.upper()} is {newer} since version 19 of ATT&CK; it counts as that"
    elif not is_known(name.upper()):
        yield "unknown_technique", ("tags",), f"{name.upper()} is no technique in use in ATT&CK {VERSION}"


def _of_cost(rule: Rule) -> Iterator[Doubt]:
    cost = weight(rule.tree)
    if cost > COSTLY:
        yield "costly", ("detection",), f"one event may cost {cost} tests"
    for item in items(rule.tree):
        if item.field is None:
            text = "words are looked for in every text of the event; name the field where you can"
            yield "searches_everywhere", ("detection",), text
        elif _is_slow(item):
            text = f"an expression on {item.field!r} has no text that must stand in it: it runs on every value"
            yield "slow_expression", _path_of(rule, item.field), text


def _is_slow(item: Item) -> bool:
    return any(isinstance(test, Expression) and len(required_literal(test.pattern)) < 3 for test in item.tests)
