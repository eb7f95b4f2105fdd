"""Rule files and folders as values. Whatever is wrong with a file is a line in `refused`, never an exception."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from detectors.sigma.document import Document, read_documents
from detectors.sigma.document import Mapping as Map
from detectors.sigma.limits import MAX_CHAIN, MAX_FILE_BYTES, MAX_FILES, MAX_RULES
from detectors.sigma.model import Correlation, Filter, Loaded, Refused, Rule
from detectors.sigma.modifiers import Placeholders
from detectors.sigma.read import Reading, read_filter, read_rule
from detectors.sigma.read_correlation import read_correlation
from detectors.sigma.tree import AllOf
from yunshao.errors import BadConfiguration, BadContent

Entry = Rule | Correlation | Filter
MOST_FOLLOWED = 1_000
Reshape = Callable[[Document, str], Document]
"""Another document in the place of one that was read, given the file's name; raises BadContent to refuse it."""
EXCEPTION_FILE, OVERLAY_FILE = SITE_FILES = ("exceptions.yml", "overlay.yml")
"""What stands in a folder of rules and is none: see `exceptions` and `overlay`."""


def load_folders(
    paths: Sequence[Path],
    placeholders: Placeholders | None = None,
    base: Loaded | None = None,
    reshape: Reshape | None = None,
) -> Loaded:
    """Every rule in these files and folders, in order of path. Raises BadConfiguration for a path that is not there.

    `base` is what they stand on (the library): its rules are in the result too unless one here has the same id, and
    correlations and filters here may name them.
    `placeholders` gives the values of `%name%` in items with `expand`; a rule that lacks one is refused.
    `reshape` sees every document before it is understood.
    """
    return load_texts(contents(rule_files(paths)), placeholders or {}, base, reshape)


def contents(files: Iterable[Path]) -> Iterator[tuple[str, bytes | str]]:
    """The name and the bytes of each file; a text in place of the bytes says why it cannot be read."""
    return ((str(path), read_file(path)) for path in files)


def rule_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The YAML files among and below the paths, each once, sorted within a folder."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_file():
            found[path] = None
        elif path.is_dir():
            for folder, below, names in os.walk(path):
                below.sort()
                found.update((Path(folder, name), None) for name in sorted(names) if _is_rule_file(name))
        else:
            raise BadConfiguration("no such file or folder", "name a rule file or a folder of them", str(path))
        if len(found) > MAX_FILES:
            raise BadConfiguration(f"more than {MAX_FILES} rule files", "name a smaller folder", str(path))
    yield from found


def _is_rule_file(name: str) -> bool:
    return name.endswith((".yml", ".yaml")) and name not in SITE_FILES


def read_file(path: Path) -> bytes | str:
    """The bytes of a file, or why it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return f"larger than {MAX_FILE_BYTES} bytes"
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def load_texts(
    files: Iterable[tuple[str, bytes | str]],
    placeholders: Placeholders,
    base: Loaded | None = None,
    reshape: Reshape | None = None,
) -> Loaded:
    """The rules of (name, content) pairs; a text in place of bytes is the reason why there is no content."""
    gathered = _Gathered(placeholders, base or Loaded(), reshape or (lambda document, _name: document))
    for name, content in files:
        gathered.take(name, content)
    return gathered.loaded()


class _Gathered:
    """What has been read so far; knows every id, and joins filters and references at the end."""

    def __init__(self, placeholders: Placeholders, base: Loaded, reshape: Reshape) -> None:
        self._placeholders = placeholders
        self._base = base
        self._reshape = reshape
        self._rules: dict[str, Rule] = {}
        self._correlations: dict[str, Correlation] = {}
        self._filters: list[Filter] = []
        self._refused: list[Refused] = []

    def take(self, name: str, content: bytes | str) -> None:
        if isinstance(content, str):
            self._refused.append(Refused(name, 1, content))
            return
        if len(content) > MAX_FILE_BYTES:
            self._refused.append(Refused(name, 1, f"larger than {MAX_FILE_BYTES} bytes"))
            return
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            self._refused.append(Refused(name, line, "not UTF-8"))
            return
        try:
            for document in _merged(read_documents(text, name), name):
                self._document(document, name)
        except BadContent as error:
            self._refused.append(Refused(name, error.line_number or 1, _reason(error)))

    def _document(self, document: Document, name: str) -> None:
        try:
            self._keep(_entry(self._reshape(document, name), name, self._placeholders))
        except BadContent as error:
            self._refuse(document.value, name, error)

    def _keep(self, entry: Entry) -> None:
        if isinstance(entry, Filter):
            self._filters.append(entry)
            return
        earlier = self._rules.get(entry.id) or self._correlations.get(entry.id)
        if earlier:
            raise BadContent(f"the id {entry.id} is taken", f"by {earlier.file}:{earlier.line}", entry.file, entry.line)
        if len(self._rules) + len(self._correlations) >= MAX_RULES:
            raise BadContent(f"more than {MAX_RULES} rules", "", entry.file, entry.line)
        if isinstance(entry, Rule):
            self._rules[entry.id] = entry
        else:
            self._correlations[entry.id] = entry

    def _refuse(self, value: Any, name: str, error: BadContent) -> None:
        known = value if isinstance(value, dict) else {}
        rule_id, title = (str(known.get(key) or "")[:256] for key in ("id", "title"))
        self._refused.append(Refused(name, error.line_number or 1, _reason(error), rule_id, title))

    def loaded(self) -> Loaded:
        """Everything, with filters joined and references resolved; refusals in order of file and line."""
        correlations = tuple(self._resolved())
        refused = sorted(self._refused, key=lambda each: (each.file, each.line))
        whole = self._base + Loaded(tuple(self._rules.values()), correlations, tuple(refused))
        return replace(whole, rules=tuple(_filtered(rule, self._filters) for rule in whole.rules))

    def _resolved(self) -> Iterator[Correlation]:
        """Correlations whose references all exist, in order; what cannot be reached from a rule is refused."""
        ids = _references(
            [*self._rules.values(), *self._base.rules], [*self._correlations.values(), *self._base.correlations]
        )
        known = {**{each.id: each for each in self._base.correlations}, **self._correlations}
        reach = _Reach(ids, known)
        for correlation in self._correlations.values():
            reason = reach.trouble(correlation.id)
            if reason:
                self._refused.append(
                    Refused(correlation.file, correlation.line, reason, correlation.id, correlation.title)
                )
            else:
                yield replace(
                    correlation,
                    rules=tuple(ids[name] for name in correlation.rules),
                    aliases={
                        alias: {ids[name]: field for name, field in fields.items()}
                        for alias, fields in correlation.aliases.items()
                    },
                )


def _references(rules: Iterable[Rule], correlations: Iterable[Correlation]) -> dict[str, str]:
    """What a correlation may call each rule (its id, its name), and the id; of one name the first."""
    names: dict[str, str] = {}
    entries: list[Rule | Correlation] = [*rules, *correlations]
    for entry in entries:
        names[entry.id] = entry.id
        if entry.name:
            names.setdefault(entry.name, entry.id)
    return names


class _Reach:
    """Whether the references of correlations can be followed down to rules, in at most so many steps."""

    def __init__(self, ids: Mapping[str, str], known: Mapping[str, Correlation]) -> None:
        self._ids = ids
        self._known = known
        self._sound: set[str] = set()
        for _step in range(MAX_CHAIN):
            self._sound |= {each for each in known if each not in self._sound and self._stands(each)}

    def _stands(self, correlation: str) -> bool:
        return all(
            name in self._ids and (self._ids[name] not in self._known or self._ids[name] in self._sound)
            for name in self._known[correlation].rules
        )

    def trouble(self, correlation: str) -> str:
        """Why they cannot; empty when they can."""
        if correlation in self._sound:
            return ""
        seen, waiting = {correlation}, [correlation]
        while waiting and len(seen) <= MOST_FOLLOWED:
            for name in self._known[waiting.pop()].rules:
                below = self._ids.get(name)
                if below is None:
                    return f"no rule has the id or name {name[:80]!r}"
                if below == correlation:
                    return "the correlation refers to itself"
                if below in self._known and below not in seen and below not in self._sound:
                    seen.add(below)
                    waiting.append(below)
        return f"a chain of more than {MAX_CHAIN} correlations, or one that refers to itself"


def _filtered(rule: Rule, filters: Sequence[Filter]) -> Rule:
    """The rule joined with every filter that is meant for it."""
    trees = [
        each.tree
        for each in filters
        if each.logsource.covers(rule.logsource)
        and (not each.rules or rule.id in each.rules or (rule.name and rule.name in each.rules))
    ]
    return replace(rule, tree=AllOf((rule.tree, *trees))) if trees else rule


def _entry(document: Document, name: str, placeholders: Placeholders) -> Entry:
    reading = Reading(document, name, placeholders)
    if "correlation" in reading.value:
        return read_correlation(reading)
    if "filter" in reading.value:
        return read_filter(reading)
    return read_rule(reading)


def _merged(documents: Iterable[Document], name: str) -> Iterator[Document]:
    """Documents with the old `action: global | repeat | reset` of collections applied; empty ones left out."""
    common: Map | None = None
    last: Map | None = None
    for document in documents:
        value = document.value
        if not isinstance(value, Map):
            if value is not None:
                yield document
            continue
        action = value.get("action")
        if action == "reset":
            common = None
        elif action == "global":
            common = _overlaid(common, value)
        elif action is None or (action == "repeat" and last is not None):
            last = _overlaid(common if action is None else last, value)
            yield Document(last, document.line)
        else:
            raise BadContent(f"unknown action {str(action)[:40]!r}", "", name, value.line_of("action"))


def _overlaid(below: Map | None, above: Map) -> Map:
    """Both maps in one; `above` wins, maps inside are joined alike."""
    if below is None:
        return above
    joined = Map(above.line)
    for part in (below, above):
        for key, value in part.items():
            if key == "action":
                continue
            before = joined.get(key)
            both = isinstance(before, Map) and isinstance(value, Map)
            joined[key] = _overlaid(before, value) if both else value
            joined.lines[key] = part.lines[key]
    return joined


def _reason(error: BadContent) -> str:
    return f"{error.what} ({error.mend})" if error.mend else error.what
