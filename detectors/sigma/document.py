"""YAML text as plain values that know their lines, read strictly and within bounds.

The parser's events are used instead of its composer: the composer of libyaml recurses once a level and
a few kilobytes of brackets end the process. Scalars follow YAML 1.2: `No` and `2026-01-02` stay text, and a
number that would not print as it was written (`007`, `1.10`, `0x1F`) stays text too, because rules compare text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from detectors.sigma.limits import MAX_DEPTH, MAX_DOCUMENTS, MAX_NODES
from yunshao.errors import BadContent

_INTEGER = re.compile(r"[-+]?[0-9]{1,19}\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,19}\.[0-9]{1,19}\Z")
_STRING_TAG = "tag:yaml.org,2002:str"
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Mapping(dict[str, Any]):
    """A YAML map that knows on which line it and each of its keys stand."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, *path: str) -> int:
        """The line of the nested key, or of the nearest map that is there."""
        here, line = self, self.line
        for key in path:
            if key not in here.lines:
                break
            line = here.lines[key]
            inner = here[key]
            if not isinstance(inner, Mapping):
                break
            here = inner
        return line


class Sequence(list[Any]):
    """A YAML list that knows on which line it and each of its elements stand."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value, and the line on which it begins."""

    value: Any
    line: int


@dataclass(slots=True)
class _Open:
    """A collection that is being filled, and the key that waits for its value."""

    value: Mapping | Sequence
    anchor: str | None
    size: int = 1
    key: str | None = None
    keys: set[str] = field(default_factory=set)


def read_documents(text: str, where: str) -> Iterator[Document]:
    """Each document of the text, in order. Raises BadContent with the line at the first thing that is wrong."""
    builder = _Builder(where)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            finished = builder.take(event)
            if finished is not None:
                yield finished
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BadContent(f"not YAML: {error.problem or error.context}", "", where, line) from None
    except yaml.YAMLError as error:
        raise BadContent(f"not YAML: {' '.join(str(error).split())[:200]}", "", where, 1) from None


class _Builder:
    """Turns parser events into documents; holds the state of one file."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._documents = 0
        self._line = 1
        self._root: Any = None

    def take(self, event: yaml.Event) -> Document | None:
        """The finished document when this event ends one."""
        mark = event.start_mark
        line = mark.line + 1 if mark else 1
        if isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event, line), 1, line, event.anchor)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._begin(event, line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self._stack.pop()
            self._put(done.value, done.size, done.value.line, done.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._start(line)
        elif isinstance(event, yaml.DocumentEndEvent):
            return Document(self._root, self._line)
        return None

    def _start(self, line: int) -> None:
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise BadContent(f"more than {MAX_DOCUMENTS} documents", "split the file", self._where, line)
        self._anchors.clear()
        self._line = line
        self._root = None

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise BadContent(f"nested deeper than {MAX_DEPTH}", "", self._where, line)
        if event.tag not in (None, "!"):
            raise BadContent(f"tag {event.tag!r}", "YAML tags are not used here", self._where, line)
        value = Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Sequence(line)
        if not self._stack:
            self._line = line
        self._stack.append(_Open(value, event.anchor))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Any:
        if event.tag not in (None, "!", _STRING_TAG):
            raise BadContent(f"tag {event.tag!r}", "YAML tags are not used here", self._where, line)
        if event.tag is None and event.implicit[0]:
            return resolve(event.value)
        return event.value

    def _alias(self, event: yaml.AliasEvent, line: int) -> None:
        if event.anchor not in self._anchors:
            raise BadContent(f"alias *{event.anchor} has no anchor before it", "", self._where, line)
        value, size = self._anchors[event.anchor]
        self._put(value, size, line, None)

    def _put(self, value: Any, size: int, line: int, anchor: str | None) -> None:
        """Hand a finished value to the collection it belongs to; aliases count with their whole size."""
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._stack:
            self._root = value
            return
        parent = self._stack[-1]
        parent.size += size
        if parent.size > MAX_NODES:
            raise BadContent(f"more than {MAX_NODES} values", "split the file", self._where, line)
        if isinstance(parent.value, Sequence):
            parent.value.append(value)
            parent.value.lines.append(line)
        elif parent.key is None:
            self._key(parent, parent.value, value, line)
        else:
            parent.value[parent.key] = value
            parent.key = None

    def _key(self, parent: _Open, mapping: Mapping, value: Any, line: int) -> None:
        if isinstance(value, (Mapping, Sequence)):
            raise BadContent("a key that is not text", "", self._where, line)
        key = value if isinstance(value, str) else "" if value is None else str(value)
        if key in parent.keys:
            raise BadContent(f"key {key!r} stands here twice", "keep one", self._where, line)
        parent.keys.add(key)
        parent.key = key
        mapping.lines[key] = line


def resolve(text: str) -> Any:
    """What a plain scalar means: null, true, false, a number that prints as written, or text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-+0123456789":
        if _INTEGER.match(text):
            number = int(text)
            return number if str(number) == text else text
        if _DECIMAL.match(text):
            decimal = float(text)
            return decimal if repr(decimal) == text else text
    return text
