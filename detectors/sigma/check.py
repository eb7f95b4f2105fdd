"""Are these rule files good, and if not, where and why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.sigma.load import load_folders
from detectors.sigma.model import Loaded
from detectors.sigma.modifiers import Placeholders
from detectors.sigma.route import sources_of


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one rule: `status` is ok or refused; `reason` says why, or of a good rule why it never fires."""

    rule_id: str
    file: str
    status: str
    line: int
    reason: str = ""
    title: str = ""


def check_path(path: Path, placeholders: Placeholders | None = None, base: Loaded | None = None) -> list[Checked]:
    """One result a rule of a file or folder, in order of file and line. Raises BadConfiguration for no such path.

    `base` holds the rules that correlations and filters in the path may name; they are not checked themselves.
    """
    return check([path], placeholders, base)


def check(paths: Sequence[Path], placeholders: Placeholders | None = None, base: Loaded | None = None) -> list[Checked]:
    """As `check_path`, for several files and folders."""
    below = base or Loaded()
    known = (
        {rule.file for rule in below.rules}
        | {each.file for each in below.correlations}
        | {each.file for each in below.refused}
    )
    found = (each for each in results(load_folders(paths, placeholders, base)) if each.file not in known)
    return sorted(found, key=lambda each: (each.file, each.line, each.rule_id))


def results(loaded: Loaded) -> Iterator[Checked]:
    """One result for each rule that was read, and for each that was refused."""
    for rule in loaded.rules:
        reason = "" if sources_of(rule.logsource) else f"never fires: no source reads {rule.logsource}"
        yield Checked(rule.id, rule.file, "ok", rule.line, reason, rule.title)
    for correlation in loaded.correlations:
        yield Checked(correlation.id, correlation.file, "ok", correlation.line, "", correlation.title)
    for refused in loaded.refused:
        yield Checked(refused.rule_id, refused.file, "refused", refused.line, refused.reason, refused.title)
