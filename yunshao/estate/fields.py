"""Reading one strict tree: every key known, every value of its kind, and the place of what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from yunshao.errors import BadConfiguration
from yunshao.model.event import UNOWNED

ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
MAX_TEXT = 500
SEE = "docs/org.md explains every key"


class Node:
    """One mapping of the file and where it stands. Every reader raises BadConfiguration with that place."""

    def __init__(self, value: object, where: str, place: str) -> None:
        self.where = where
        self.place = place
        if not isinstance(value, dict):
            self.refuse("", f"a mapping is wanted, not {_kind(value)}")
        self._tree: dict[Any, Any] = value

    def refuse(self, key: str, what: str, mend: str = SEE) -> NoReturn:
        """Raise BadConfiguration for one key of this mapping."""
        place = ".".join(part for part in (self.place, key) if part) or "file"
        raise BadConfiguration(f"{place}: {what}", mend, self.where)

    def allow(self, *keys: str) -> None:
        """No key but these."""
        for key in self._tree:
            if key not in keys:
                self.refuse("", f"unknown key {str(key)[:60]!r}", f"known: {', '.join(keys)}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._tree.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not empty."""
        value = self._value(key, default)
        if not isinstance(value, str) or len(value) > MAX_TEXT or (not value.strip() and value != default):
            self.refuse(key, f"text of 1 to {MAX_TEXT} characters is wanted, not {_kind(value)}")
        return value

    def id(self, key: str = "id", default: str | None = None) -> str:
        """An identifier."""
        value = self.text(key, default)
        if value != default and not ID.fullmatch(value):
            self.refuse(key, f"{value[:60]!r} is no id", "lower-case letters, digits, _ . -, at most 63")
        if value == UNOWNED:
            self.refuse(key, f"{UNOWNED!r} is reserved for what nobody claims", "choose another id")
        return value

    def both(self, key: str) -> dict[str, str]:
        """A text in zh and en."""
        node = self.node(key)
        node.allow("zh", "en")
        return {"zh": node.text("zh"), "en": node.text("en")}

    def one_of(self, key: str, words: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self._value(key, default)
        if value not in words:
            self.refuse(key, f"{str(value)[:60]!r} is not known", f"one of {', '.join(words)}")
        return str(value)

    def level(self, key: str) -> int:
        """A whole number from 1 to 5."""
        value = self._value(key, None)
        if type(value) is not int or not 1 <= value <= 5:
            self.refuse(key, f"a whole number from 1 to 5 is wanted, not {str(value)[:60]!r}")
        return value

    def share(self, key: str) -> float:
        """A number from 0 to 1."""
        value = self._value(key, None)
        if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= 1:
            self.refuse(key, f"a number from 0 to 1 is wanted, not {str(value)[:60]!r}")
        return float(value)

    def flag(self, key: str) -> bool:
        """True or false; false where it is missing."""
        value = self._value(key, False)
        if not isinstance(value, bool):
            self.refuse(key, f"true or false is wanted, not {_kind(value)}")
        return value

    def techniques(self, key: str = "techniques") -> tuple[str, ...]:
        """ATT&CK technique ids."""
        found = []
        for number, value in enumerate(self._list(key)):
            if not isinstance(value, str) or not TECHNIQUE.fullmatch(value):
                self.refuse(f"{key}[{number}]", f"{str(value)[:60]!r} is no ATT&CK technique", "such as T1078.004")
            found.append(value)
        return tuple(found)

    def count(self, key: str) -> int:
        """A whole number from 0 on; 0 where it is missing."""
        value = self._value(key, 0)
        if type(value) is not int or not 0 <= value < 2**53:
            self.refuse(key, f"a whole number from 0 on is wanted, not {str(value)[:60]!r}")
        return value

    def words(self, key: str, known: Sequence[str]) -> tuple[str, ...]:
        """Some of a few words, each once."""
        found = []
        for number, value in enumerate(self._list(key)):
            if value not in known:
                self.refuse(f"{key}[{number}]", f"{str(value)[:60]!r} is not known", f"one of {', '.join(known)}")
            found.append(str(value))
        return tuple(dict.fromkeys(found))

    def node(self, key: str) -> Node:
        """The mapping below a key."""
        return Node(self._value(key, None), self.where, self._below(key))

    def nodes(self, key: str, limit: int) -> Iterator[Node]:
        """The mappings of a list below a key; none where the key is missing."""
        values = self._list(key)
        if len(values) > limit:
            self.refuse(key, f"{len(values)} entries, at most {limit}")
        for number, value in enumerate(values):
            yield Node(value, self.where, f"{self._below(key)}[{number}]")

    def _list(self, key: str) -> list[Any]:
        value = self._tree.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(key, f"a list is wanted, not {_kind(value)}")
        return value

    def _value(self, key: str, default: object) -> Any:
        value = self._tree.get(key)
        if value is None:
            value = default
        if value is None:
            self.refuse(key, "is missing")
        return value

    def _below(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)
