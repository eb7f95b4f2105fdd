"""The condition of a rule: names of selections joined by and, or, not, `1 of`, `any of`, `all of`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate

from detectors.sigma.limits import MAX_CONDITION, MAX_CONDITION_DEPTH
from detectors.sigma.tree import Node, Not, all_of, any_of

_TOKEN = re.compile(r"\s*(?:(\(|\)|\|)|([^\s()|]+))")
_PATTERN = re.compile(r"[A-Za-z0-9_*]+\Z")
_OPEN, _PIPE = "(", "|"
_QUANTIFIERS = ("1", "any", "all")


class ConditionError(ValueError):
    """The condition cannot be read; the words say why."""


def parse_condition(text: str, selections: Mapping[str, Node]) -> Node:
    """The condition as a tree over the selections. Raises ConditionError."""
    if len(text) > MAX_CONDITION:
        raise ConditionError(f"a condition longer than {MAX_CONDITION} characters")
    reader = _Reader(_tokens(text), selections)
    node = reader.alternatives(0)
    if reader.here:
        raise ConditionError(f"{reader.here!r} was not expected here")
    return node


def _tokens(text: str) -> list[str]:
    found = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ConditionError(f"cannot read {text[position : position + 20]!r}")
        token = match.group(1) or match.group(2)
        if token == _PIPE:
            raise ConditionError("aggregation after a pipe is obsolete: write a correlation rule instead")
        found.append(token)
        position = match.end()
    if not found:
        raise ConditionError("the condition is empty")
    return found


class _Reader:
    """Reads tokens from left to right; weakest binding first: or, and, not."""

    def __init__(self, tokens: list[str], selections: Mapping[str, Node]) -> None:
        self._tokens = tokens
        self._selections = selections
        self._next = 0

    @property
    def here(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _word(self) -> str:
        """The token as a keyword, or nothing when it names a selection."""
        return "" if self.here in self._selections else self.here.lower()

    def _take(self) -> str:
        token = self.here
        if not token:
            raise ConditionError("the condition ends too early")
        self._next += 1
        return token

    def alternatives(self, depth: int) -> Node:
        if depth > MAX_CONDITION_DEPTH:
            raise ConditionError(f"parentheses deeper than {MAX_CONDITION_DEPTH}")
        nodes = [self._together(depth)]
        while self._word() == "or":
            self._take()
            nodes.append(self._together(depth))
        return any_of(tuple(nodes))

    def _together(self, depth: int) -> Node:
        nodes = [self._negation(depth)]
        while self._word() == "and":
            self._take()
            nodes.append(self._negation(depth))
        return all_of(tuple(nodes))

    def _negation(self, depth: int) -> Node:
        negated = False
        while self._word() == "not":
            self._take()
            negated = not negated
        node = self._primary(depth)
        return Not(node) if negated else node

    def _primary(self, depth: int) -> Node:
        token = self._take()
        if token == _OPEN:
            node = self.alternatives(depth + 1)
            if self._take() != ")":
                raise ConditionError("a closing parenthesis is missing")
            return node
        if token.lower() in _QUANTIFIERS and self._word() == "of":
            self._take()
            return self._quantified(token.lower(), self._take())
        if token not in self._selections:
            raise ConditionError(f"no selection is named {token!r}")
        return self._selections[token]

    def _quantified(self, quantifier: str, pattern: str) -> Node:
        found = self._matching(pattern)
        if not found:
            raise ConditionError(f"{pattern!r} fits no selection")
        return all_of(found) if quantifier == "all" else any_of(found)

    def _matching(self, pattern: str) -> tuple[Node, ...]:
        """The selections that `them` or a pattern means; a leading underscore hides one from both."""
        if pattern.lower() == "them" and pattern not in self._selections:
            return tuple(node for name, node in self._selections.items() if not name.startswith("_"))
        if not _PATTERN.match(pattern):
            raise ConditionError(f"{pattern!r} is no pattern of selection names")
        fits = re.compile(translate(pattern)).match
        return tuple(
            node
            for name, node in self._selections.items()
            if fits(name) and (pattern.startswith("_") or not name.startswith("_"))
        )
