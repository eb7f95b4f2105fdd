"""Are these rule files good, and if not, where and why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.sigma.document import Document
from detectors.sigma.lint import Warned
from detectors.sigma.load import Reshape, load_folders
from detectors.sigma.model import Loaded
from detectors.sigma.modifiers import Placeholders
from detectors.sigma.route import sources_of


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one rule: `status` is ok or refused; `reason` says why, or of a good rule why it never fires.

    `warnings` are doubts about a rule that is ok.
    """

    rule_id: str
    file: str
    status: str
    line: int
    reason: str = ""
    title: str = ""
    warnings: tuple[Warned, ...] = ()


def check_path(path: Path, placeholders: Placeholders | None = None, base: Loaded | None = None) -> list[Checked]:
    """One result a rule of a file or folder, in order of file and line. Raises BadConfiguration for no such path.

    `base` holds the rules that correlations and filters in the path may name; they are not checked themselves.
    """
    return check([path], placeholders, base)


Warnings = Mapping[tuple[str, int], tuple[Warned, ...]]
Inspect = Callable[[Loaded, Mapping[tuple[str, int], Document]], Warnings]
"""Looks at rules with their documents, by file and line, and gives what is doubtful about them."""


def check(
    paths: Sequence[Path],
    placeholders: Placeholders | None = None,
    base: Loaded | None = None,
    inspect: Inspect = lambda _loaded, _documents: {},
    reshape: Reshape = lambda document, _name: document,
) -> list[Checked]:
    """As `check_path`, for several files and folders; `reshape` sees each document first, `inspect` all in the end."""
    below = base or Loaded()
    known = (
        {rule.file for rule in below.rules}
        | {each.file for each in below.correlations}
        | {each.file for each in below.refused}
    )
    documents: dict[tuple[str, int], Document] = {}

    def remember(document: Document, name: str) -> Document:
        documents[name, document.line] = document
        return reshape(document, name)

    loaded = load_folders(paths, placeholders, base, remember)
    warnings = inspect(loaded, documents)
    found = (each for each in results(loaded, warnings) if each.file not in known)
    return sorted(found, key=lambda each: (each.file, each.line, each.rule_id))


def results(loaded: Loaded, warnings: Warnings | None = None) -> Iterator[Checked]:
    """One result for each rule that was read, and for each that was refused."""
    doubts = warnings or {}
    for rule in loaded.rules:
        reason = "" if sources_of(rule.logsource) else f"never fires: no source reads {rule.logsource}"
        yield Checked(rule.id, rule.file, "ok", rule.line, reason, rule.title, doubts.get((rule.file, rule.line), ()))
    for correlation in loaded.correlations:
        place = (correlation.file, correlation.line)
        yield Checked(
            correlation.id, correlation.file, "ok", correlation.line, "", correlation.title, doubts.get(place, ())
        )
    for refused in loaded.refused:
        yield Checked(refused.rule_id, refused.file, "refused", refused.line, refused.reason, refused.title)
