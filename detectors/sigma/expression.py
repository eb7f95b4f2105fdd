r"""Regular expressions that cannot be made slow by what they are matched against.

RE2 runs in time linear in the text, whatever the pattern. A pattern that needs look-around or a back reference is
beyond RE2 and is refused: Python's own engine would run it, but a log line could then hold up the stream. None of the
expressions in the public rule tree needs one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import re2  # type: ignore[import-untyped]

from detectors.sigma.limits import MAX_REGEX
from detectors.sigma.pattern import Expression

MAX_SUBJECT = 65_536
_MEMORY = 4 << 20


def _options(expression: Expression) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = not expression.ignore_case
    options.dot_nl = expression.dot_all
    return options


def _spelled(expression: Expression) -> str:
    """The pattern for RE2. Its `$` is the very end; Sigma's is PCRE's, which also stands before a last line break."""
    pattern = expression.pattern
    if expression.multi_line:
        return f"(?m){pattern}"
    if "$" not in pattern or _MULTI_LINE.search(pattern):
        return pattern
    tokens = list(_TOKEN.finditer(pattern))
    following = [*(token.group() for token in tokens[1:]), ""]
    return "".join(
        _END if _is_end(token, after) else token.group() for token, after in zip(tokens, following, strict=True)
    )


def _is_end(token: re.Match[str], after: str) -> bool:
    return token.lastgroup == "special" and token.group() == "$" and after in ("", ")", "|")


@lru_cache(maxsize=20_000)
def _compiled(expression: Expression) -> re2._Regexp:
    return re2.compile(_spelled(expression), _options(expression))


def check_expression(expression: Expression) -> str:
    """What is wrong with the expression; empty when it can be used."""
    if len(expression.pattern) > MAX_REGEX:
        return f"a regular expression longer than {MAX_REGEX} characters"
    try:
        _compiled(expression)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else b""
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"regular expression: {words[:200]}"
    return ""


def finder(expression: Expression) -> Callable[[str], bool]:
    """Whether the expression is found in a text; only its first 65 536 characters are searched."""
    long = _LONG.fullmatch(expression.pattern)
    if long:
        return _a_line_of(int(long[1]), whole=expression.dot_all)
    search = _compiled(expression).search
    literal = "" if _ignores_case(expression) else required_literal(expression.pattern)

    def found(text: str) -> bool:
        if literal and literal not in text:
            return False
        try:
            return search(text[:MAX_SUBJECT]) is not None
        except UnicodeError:
            return search(text[:MAX_SUBJECT].encode("utf-8", "replace").decode("utf-8")) is not None

    return found


def together(expressions: Sequence[Expression]) -> Callable[[str], list[int]]:
    """Which of the expressions (by place) are found in a text: a pass for all of them, or for every so many."""
    sets = [(places, _set_of([expressions[place] for place in places])) for places in _portions(expressions)]

    def found(text: str) -> list[int]:
        cut = text[:MAX_SUBJECT]
        if not cut.isascii():
            cut = cut.encode("utf-8", "replace").decode("utf-8")
        return [places[hit] for places, many in sets for hit in many.Match(cut) or ()]

    return found


def can_be_together(expression: Expression) -> bool:
    """Whether an expression is one for `together`: not large, and not one that is better counted than searched."""
    return not _LONG.fullmatch(expression.pattern) and _size(expression) <= _LARGEST


def _portions(expressions: Sequence[Expression]) -> list[list[int]]:
    portions: list[list[int]] = [[]]
    room = _SIZE_OF_MANY
    for place, expression in enumerate(expressions):
        size = _size(expression)
        if size > room and portions[-1]:
            portions.append([])
            room = _SIZE_OF_MANY
        portions[-1].append(place)
        room -= size
    return portions


def _set_of(expressions: Sequence[Expression]) -> re2.Set:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_OF_MANY
    many = re2.Set.SearchSet(options)
    for expression in expressions:
        flags = ("i" if expression.ignore_case else "") + ("s" if expression.dot_all else "")
        many.Add(f"(?{flags}){_spelled(expression)}" if flags else _spelled(expression))
    many.Compile()
    return many


def _size(expression: Expression) -> int:
    """Of the compiled expression, in instructions."""
    size: int = _compiled(expression).programsize
    return size


# A set has one automaton and nothing behind it: without memory for a few states it would find nothing and not say so.
# A state takes some bytes an instruction, so that thousands of states of the largest set fit.
_LARGEST, _SIZE_OF_MANY, _MEMORY_OF_MANY = 500, 5_000, 16 << 20
_LONG = re.compile(r"\(?\.\)?\{([0-9]{1,4}),\}")


def _a_line_of(length: int, *, whole: bool) -> Callable[[str], bool]:
    """`.{n,}` asks for nothing but length, and counting that is the one thing RE2 is slow at."""

    def found(text: str) -> bool:
        cut = text[:MAX_SUBJECT]
        if len(cut) < length or whole:
            return len(cut) >= length
        return any(len(line) >= length for line in cut.split("\n"))

    return found


def _ignores_case(expression: Expression) -> bool:
    return expression.ignore_case or "(?" in expression.pattern


_TOKEN = re.compile(
    r"""
    (?P<escape>\\.)
    | (?P<class>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])
    | (?P<quantifier>(?:[*+?]|\{\d*,?\d*\})[?+]?)
    | (?P<special>[().|^$])
    | (?P<literal>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_END = r"(?:\n?\z)"
_MULTI_LINE = re.compile(r"\(\?[a-zA-Z]*m")
_UNCLEAR = re.compile(r"\\[0-9xpPQEC]")


def required_literal(pattern: str) -> str:
    """The longest text that stands in everything the expression finds; empty where none is plain to see."""
    if _UNCLEAR.search(pattern):
        return ""
    runs, run, depth = [""], "", 0
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token.group()
        if kind == "special" and text in "()":
            depth += 1 if text == "(" else -1
        if depth == 0 and text == "|" and kind == "special":
            return ""
        plain = _plain(kind, text) if depth == 0 else ""
        if plain:
            run += plain
            continue
        if kind == "quantifier" and depth == 0 and not text.startswith("+"):
            run = run[:-1]
        runs.append(run)
        run = ""
    return max(*runs, run, key=len)


def _plain(kind: str | None, text: str) -> str:
    """The character that a token stands for, if it stands for one alone."""
    if kind == "literal":
        return text
    return text[1] if kind == "escape" and not text[1].isalnum() else ""
