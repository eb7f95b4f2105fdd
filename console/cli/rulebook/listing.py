"""`yunshao rules list`: every rule that would judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console.cli.common import Format, FormatOption, LanguageOption, WorkspaceOption, language, say, show
from console.cli.rulebook.sharing import Paths, entries, loaded_from
from detectors.sigma.grouping import grouping_text
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.route import sources_of

COLUMNS = ("level", "stage", "name", "title", "source", "techniques", "rule_id")


def list_(
    paths: Paths = None,
    workspace: WorkspaceOption = Path(),
    lang: LanguageOption = "en",
    format_: FormatOption = Format.table,
) -> None:
    """Every rule, what it reads, and how far it has come."""
    loaded = loaded_from(paths, workspace)
    count = show(_rows(loaded, language(lang)), COLUMNS, format_, "no rules")
    say(f"{count} rules, {len(loaded.refused)} refused")


def _rows(loaded: Loaded, lang: str) -> Iterator[dict[str, Any]]:
    for rule in entries(loaded):
        yield {
            "rule_id": rule.id,
            "name": rule.name,
            "title": rule.titles[lang],
            "level": rule.level,
            "source": reads(rule),
            "techniques": list(rule.techniques),
            "status": rule.status,
            "stage": rule.stage if rule.enabled else "disabled",
            "group": grouping_text(rule.grouping),
        }


def reads(rule: Rule | Correlation) -> list[str]:
    """The sources of a rule; of a correlation how many rules it stands on."""
    return list(sources_of(rule.logsource)) if isinstance(rule, Rule) else [f"correlation of {len(rule.rules)}"]
