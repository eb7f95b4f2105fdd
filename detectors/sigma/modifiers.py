"""The values of a detection item, changed by its modifiers, as tests."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from detectors.sigma.expression import check_expression
from detectors.sigma.limits import MAX_PATTERN, MAX_VALUES
from detectors.sigma.pattern import (
    Compare,
    Expression,
    Network,
    Null,
    Present,
    Reference,
    Test,
    Text,
    as_cased,
    encode_base64,
    encode_base64_offsets,
    encode_wide,
    open_end,
    open_start,
    parse_text,
    swap_dashes,
)
from detectors.sigma.tree import Item, Node, Not, all_of

COMPARISONS = ("lt", "lte", "gt", "gte")
TIME_PARTS = ("minute", "hour", "day", "week", "month", "year")
REGEX_FLAGS = {
    "i": "ignore_case",
    "ignorecase": "ignore_case",
    "m": "multi_line",
    "multiline": "multi_line",
    "s": "dot_all",
    "dotall": "dot_all",
}
_PLACEHOLDER = re.compile(r"(?<!\\)%([\w.-]+)%")
_WAYS = {
    frozenset({"contains"}): "contains",
    frozenset({"startswith"}): "startswith",
    frozenset({"endswith"}): "endswith",
    frozenset({"startswith", "endswith"}): "contains",
}
Placeholders = Mapping[str, Sequence[str]]


class ModifierError(ValueError):
    """The item cannot be used as it stands; the words say why."""


def make_item(key: str, value: Any, placeholders: Placeholders) -> Node:
    """What one `field|modifiers: value` line asks for. Raises ModifierError."""
    name, *modifiers = key.split("|")
    values = _values(value)
    _check(name, modifiers, values, listed=isinstance(value, list))
    chain = [modifier for modifier in modifiers if modifier not in ("all", "neq")]
    groups = [tuple(_tests(name, chain, each, placeholders)) for each in values]
    if sum(map(len, groups)) > MAX_VALUES:
        raise ModifierError(f"more than {MAX_VALUES} patterns in one item")
    return _joined(name or None, groups, every="all" in modifiers, negated="neq" in modifiers)


def _joined(field: str | None, groups: Sequence[tuple[Test, ...]], *, every: bool, negated: bool) -> Node:
    """The tests of all values as one item. With `all`, of a value that has several forms any one is enough."""
    if every and any(len(group) != 1 for group in groups):
        node = all_of(tuple(Item(field, group) for group in groups))
        return Not(node) if negated else node
    return Item(field, tuple(test for group in groups for test in group), every, negated)


def _values(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ModifierError("an empty list matches nothing")
    if len(values) > MAX_VALUES:
        raise ModifierError(f"more than {MAX_VALUES} values")
    for each in values:
        if isinstance(each, (dict, list)):
            raise ModifierError("a value that is a map or a list")
        if isinstance(each, str) and len(each) > MAX_PATTERN:
            raise ModifierError(f"a value longer than {MAX_PATTERN} characters")
    return values


def _check(name: str, modifiers: list[str], values: list[Any], *, listed: bool) -> None:
    for modifier in modifiers:
        if modifier not in KNOWN:
            raise ModifierError(f"unknown modifier {modifier!r}")
    if len(modifiers) != len(set(modifiers)):
        raise ModifierError("a modifier that stands twice")
    if "all" in modifiers and len(values) < 2:
        raise ModifierError("`all` needs more than one value")
    if listed and any(each is None for each in values) and len(values) > 1:
        raise ModifierError("null inside a list")
    if not name and any(each is None or isinstance(each, bool) for each in values):
        raise ModifierError("a keyword that is not text or a number")


def _tests(name: str, chain: list[str], value: Any, placeholders: Placeholders) -> Sequence[Test]:
    """The forms of one value, any of which is enough."""
    kind = chain[0] if chain else ""
    if kind == "exists":
        return [_present(name, chain, value)]
    if kind == "re":
        return [_expression(chain, each) for each in _expanded(chain, value, placeholders)]
    if kind == "cidr":
        return [_network(chain, each) for each in _expanded(chain, value, placeholders)]
    if "fieldref" in chain:
        return [_reference(chain, value)]
    if kind in COMPARISONS or kind in TIME_PARTS:
        return [_compare(chain, value)]
    return _text(chain, value, placeholders)


def _expanded(chain: list[str], value: Any, placeholders: Placeholders) -> list[Any]:
    """The value of `re` or `cidr` with its placeholders filled, where the item asks for that."""
    return _fill(value, placeholders, lambda word: word) if "expand" in chain else [value]


def _fill(value: Any, placeholders: Placeholders, quote: Callable[[str], str]) -> list[str]:
    if not isinstance(value, str):
        raise ModifierError("`expand` of a value that is not text")
    waiting, done = [value], []
    while waiting:
        text = waiting.pop()
        found = _PLACEHOLDER.search(text)
        if found is None:
            done.append(text.replace("\\%", "%"))
            continue
        if found.group(1) not in placeholders:
            raise ModifierError(f"no value for the placeholder %{found.group(1)}%")
        for word in reversed(placeholders[found.group(1)]):
            safe = quote(word).replace("%", "\\%")
            waiting.append(text[: found.start()] + safe + text[found.end() :])
        if len(waiting) + len(done) > MAX_VALUES:
            raise ModifierError(f"placeholders give more than {MAX_VALUES} values")
    return done


def _present(name: str, chain: list[str], value: Any) -> Present:
    if not name or chain != ["exists"]:
        raise ModifierError("`exists` stands alone, on a field")
    if isinstance(value, str) and value.lower() in ("true", "false", "yes", "no"):
        value = value.lower() in ("true", "yes")
    if not isinstance(value, bool):
        raise ModifierError("`exists` takes true or false")
    return Present(value)


def _expression(chain: list[str], value: Any) -> Expression:
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise ModifierError("`re` takes text")
    flags: dict[str, bool] = {}
    for modifier in chain[1:]:
        if modifier == "expand":
            continue
        if modifier not in REGEX_FLAGS:
            raise ModifierError(f"`re` does not go with {modifier!r}")
        flags[REGEX_FLAGS[modifier]] = True
    found = Expression(str(value), **flags)
    problem = check_expression(found)
    if problem:
        raise ModifierError(problem)
    return found


def _network(chain: list[str], value: Any) -> Network:
    if any(modifier not in ("cidr", "expand") for modifier in chain):
        raise ModifierError("`cidr` stands alone")
    try:
        return Network(ip_network(str(value), strict=False))
    except ValueError:
        raise ModifierError(f"{str(value)[:80]!r} is no network") from None


def _reference(chain: list[str], value: Any) -> Reference:
    ways = frozenset(chain) & {"contains", "startswith", "endswith"}
    rest = [modifier for modifier in chain if modifier not in ("fieldref", "cased", *ways)]
    if rest or not isinstance(value, str):
        raise ModifierError("`fieldref` takes a field name, and goes with contains, startswith, endswith, cased, neq")
    text = parse_text(value)
    if text.literal is None or not text.literal:
        raise ModifierError("`fieldref` takes a field name without wildcards")
    return Reference(text.literal, _WAYS.get(ways, "equals") if ways else "equals", "cased" in chain)


def _compare(chain: list[str], value: Any) -> Compare:
    part = chain[0] if chain[0] in TIME_PARTS else ""
    rest = chain[1:] if part else chain
    if len(rest) > 1 or (rest and rest[0] not in COMPARISONS):
        raise ModifierError(f"{chain[0]!r} does not go with {rest[-1]!r}")
    return Compare(rest[0] if rest else "eq", _number(chain[0], value), part)


def _number(modifier: str, value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) and value is not None else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ModifierError(f"{modifier!r} takes a number")
    return number


def _text(chain: list[str], value: Any, placeholders: Placeholders) -> list[Test]:
    if value is None:
        if chain:
            raise ModifierError("null takes no modifier")
        return [Null()]
    if isinstance(value, bool):
        value = "true" if value else "false"
    if "expand" in chain:
        texts = [parse_text(each) for each in _fill(value, placeholders, _quote)]
    else:
        texts = [parse_text(each) for each in _written(value)]
    for modifier in chain:
        if modifier in ("expand",):
            continue
        if modifier not in _TEXT_STEPS:
            raise ModifierError(f"{modifier!r} does not go with {chain[0]!r}")
        try:
            texts = [after for before in texts for after in _TEXT_STEPS[modifier](before)]
        except (ValueError, UnicodeError) as error:
            raise ModifierError(f"{modifier!r}: {error}") from None
        if len(texts) > MAX_VALUES:
            raise ModifierError(f"more than {MAX_VALUES} patterns in one item")
    return list(texts)


def _written(value: Any) -> list[str]:
    """How logs may write a value: a whole number with and without its decimals, anything else as it stands."""
    if isinstance(value, float) and value.is_integer():
        return [str(value), str(int(value))]
    return [str(value)]


def _quote(word: str) -> str:
    """A placeholder's value as it stands: wildcards of the operator stay wildcards, backslashes stay."""
    return word


_TEXT_STEPS: dict[str, Callable[[Text], Sequence[Text]]] = {
    "contains": lambda text: (open_end(open_start(text)),),
    "startswith": lambda text: (open_end(text),),
    "endswith": lambda text: (open_start(text),),
    "cased": lambda text: (as_cased(text),),
    "windash": swap_dashes,
    "wide": lambda text: (encode_wide(text, "utf-16-le"),),
    "utf16le": lambda text: (encode_wide(text, "utf-16-le"),),
    "utf16be": lambda text: (encode_wide(text, "utf-16-be"),),
    "utf16": lambda text: (encode_wide(text, "utf-16-le", b"\xff\xfe"),),
    "base64": lambda text: (encode_base64(text),),
    "base64offset": encode_base64_offsets,
}
KNOWN = frozenset({*_TEXT_STEPS, *REGEX_FLAGS, *COMPARISONS, *TIME_PARTS}) | {
    "all",
    "neq",
    "re",
    "cidr",
    "exists",
    "expand",
    "fieldref",
}


def keywords(values: Sequence[Any], key: str, placeholders: Placeholders) -> Node:
    """A list of words to be found anywhere in the event. Raises ModifierError."""
    return _anywhere(make_item(key, list(values), placeholders))


def _anywhere(node: Node) -> Node:
    match node:
        case Item(tests=tests):
            if any(not isinstance(test, (Text, Expression)) for test in tests):
                raise ModifierError("a keyword is text, or a regular expression")
            return replace(node, tests=tuple(_opened(test) for test in tests))
        case Not(child):
            return Not(_anywhere(child))
        case _:
            return replace(node, children=tuple(_anywhere(child) for child in node.children))


def _opened(test: Test) -> Test:
    return open_end(open_start(test)) if isinstance(test, Text) else test
