"""A hunt's question: one SELECT, or `field:value` words that become a condition with its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from yunshao.adapters.stores.columns import COLUMNS
from yunshao.adapters.stores.plain import clean
from yunshao.errors import WrongUse

MAX_QUESTION = 20_000
MAX_WORDS = 50
ALIASES = {
    "id": "uid",
    "event": "uid",
    "op": "operation",
    "action": "operation",
    "user": "actor",
    "ip": "src_ip",
    "class": "class_uid",
    "severity": "severity_id",
    "status": "status_id",
    "activity": "activity_id",
    "resource": "resources",
}
NUMBERS = {"time", "class_uid", "activity_id", "severity_id", "status_id"}
QUERIES = {"select", "with", "from"}
# Words that begin a statement which is no question. They are refused by name so that nobody wonders why a
# search for them finds nothing; what decides is the kind of the parsed statement.
STATEMENTS = {
    *("alter", "analyze", "attach", "begin", "call", "checkpoint", "comment", "commit", "copy", "create", "deallocate"),
    *("delete", "describe", "detach", "drop", "execute", "explain", "export", "force", "import", "insert", "install"),
    *("load", "merge", "pivot", "pragma", "prepare", "reset", "rollback", "set", "show", "summarize", "truncate"),
    *("unpivot", "update", "use", "vacuum", "values"),
}
_WORD = re.compile(r'\s*(-?)(?:([A-Za-z_][\w.@-]*):)?("(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)')


@dataclass(frozen=True, slots=True)
class Condition:
    """A WHERE text and its values."""

    where: str
    values: tuple[Any, ...]


def is_sql(question: str) -> bool:
    """Whether the question is SQL. Raises WrongUse for a statement that is no question, and for one too long."""
    if len(question) > MAX_QUESTION:
        raise WrongUse("the question is too long", f"at most {MAX_QUESTION} characters")
    first = re.match(r"[\s(;]*([A-Za-z]+)(?![\w.]*:)", re.sub(r"/\*.*?\*/|--[^\n]*", " ", question, flags=re.DOTALL))
    word = first.group(1).lower() if first else ""
    if word in STATEMENTS:
        raise WrongUse(f"{word.upper()} is no question", "one SELECT over `events`, or field:value words")
    return word in QUERIES


def condition_of(question: str) -> Condition:
    """What `field:value` words ask for, all of them together. Raises WrongUse, naming the word.

    `*` stands for any text, quotes keep spaces, `-` in front negates; `since:` and `until:` take a date or
    milliseconds; `native.a.b:` and `ocsf.a.b:` look inside; a word without a field is looked for everywhere.
    """
    parts: list[str] = []
    values: list[Any] = []
    position = 0
    question = clean(question).strip()
    while position < len(question):
        found = _WORD.match(question, position)
        if found is None:
            raise WrongUse(f"cannot read {question[position : position + 40]!r}", "field:value, with quotes closed")
        if len(parts) >= MAX_WORDS:
            raise WrongUse("too many words", f"at most {MAX_WORDS}")
        position = found.end()
        part, more = _part(found.group(2) or "", _unquoted(found.group(3)))
        parts.append(f"NOT coalesce({part}, false)" if found.group(1) else part)
        values += more
    if not parts:
        raise WrongUse("nothing is asked", "such as operation:DeleteTrail, or a SELECT")
    return Condition(" AND ".join(parts), tuple(values))


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if len(word) > 1 and word[0] == '"' == word[-1] else word


def _part(field: str, value: str) -> tuple[str, list[Any]]:
    name = ALIASES.get(field.lower(), field.lower())
    if not field:
        pattern = f"%{_like(value)}%"
        return r"(native ILIKE ? ESCAPE '\' OR ocsf ILIKE ? ESCAPE '\')", [pattern, pattern]
    if name in {"since", "until"}:
        return f"time {'>=' if name == 'since' else '<'} ?", [_moment(field, value)]
    if name in NUMBERS:
        return f"{name} = ?", [_number(field, value)]
    if name in COLUMNS:
        return _matches(name, value, name == "resources")
    root, _, path = field.partition(".")
    if root in {"native", "ocsf"} and path:
        steps = "".join(f'."{step}"' for step in path.replace('"', "").split("."))
        part, values = _matches(f"json_extract_string({root}, ?)", value, False)
        return part, [f"${steps}", *values]
    known = ", ".join(sorted({*COLUMNS, *ALIASES, "since", "until"}))
    raise WrongUse(f"no field {field!r}", f"one of {known}, native.… or ocsf.…")


def _matches(column: str, value: str, anywhere: bool) -> tuple[str, list[Any]]:
    if anywhere:
        return f"{column} ILIKE ? ESCAPE '\\'", [f"%{_like(value)}%"]
    if "*" in value:
        return f"{column} ILIKE ? ESCAPE '\\'", [_like(value)]
    return f"lower({column}) = lower(?)", [value]


def _like(value: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", value).replace("*", "%")


def _number(field: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise WrongUse(f"{field} is a number, not {value!r}")
    return int(value)


def _moment(field: str, value: str) -> int:
    if re.fullmatch(r"\d{10,15}", value, re.ASCII):
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise WrongUse(f"{field} takes a date, not {value!r}", "such as 2026-01-31 or 2026-01-31T08:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
