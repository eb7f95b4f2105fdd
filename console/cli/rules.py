"""`yunshao rules`: rules as code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from collectors.catalog import PARSERS
from console.cli import rules_exceptions, rules_stage
from console.cli.common import Format, FormatOption, LanguageOption, WorkspaceOption, language, new_app, say, show
from console.wiring import SETTINGS_FILE, open_workspace
from detectors.catalog import library
from detectors.sigma.check import check_path
from detectors.sigma.grouping import grouping_text
from detectors.sigma.load import load_folders
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.prove import prove
from detectors.sigma.route import sources_of
from yunshao.errors import CheckFailed, WrongUse

app = new_app("List, check and test rules.")
app.command("stage")(rules_stage.stage)
app.add_typer(rules_exceptions.app, name="exceptions")
LIST_COLUMNS = ("level", "stage", "name", "title", "source", "techniques", "rule_id")
Paths = Annotated[
    list[Path] | None, typer.Argument(help="Rule files or folders. Default: the workspace's, or the own library.")
]


def _loaded(paths: list[Path] | None, workspace: Path) -> Loaded:
    if paths:
        missing = next((path for path in paths if not path.exists()), None)
        if missing:
            raise WrongUse("no such file or folder", "", str(missing))
        return load_folders(paths)
    return open_workspace(workspace).rules if (workspace / SETTINGS_FILE).is_file() else library()


@app.command("list")
def list_(
    paths: Paths = None,
    workspace: WorkspaceOption = Path(),
    lang: LanguageOption = "en",
    format_: FormatOption = Format.table,
) -> None:
    """Every rule, what it reads, and how far it has come."""
    loaded = _loaded(paths, workspace)
    count = show(_rows(loaded, language(lang)), LIST_COLUMNS, format_, "no rules")
    say(f"{count} rules, {len(loaded.refused)} refused")


def _rows(loaded: Loaded, lang: str) -> Iterator[dict[str, Any]]:
    entries: tuple[Rule | Correlation, ...] = (*loaded.rules, *loaded.correlations)
    for rule in entries:
        yield {
            "rule_id": rule.id,
            "name": rule.name,
            "title": rule.titles[lang],
            "level": rule.level,
            "source": _reads(rule),
            "techniques": list(rule.techniques),
            "status": rule.status,
            "stage": rule.stage if rule.enabled else "disabled",
            "group": grouping_text(rule.grouping),
        }


def _reads(rule: Rule | Correlation) -> list[str]:
    return list(sources_of(rule.logsource)) if isinstance(rule, Rule) else [f"correlation of {len(rule.rules)}"]


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Rule files or folders.")],
    format_: FormatOption = Format.ndjson,
) -> None:
    """One object a rule: ok, or refused with line and reason. Exit 1 when one is refused."""
    for path in paths:
        if not path.exists():
            raise WrongUse("no such file or folder", "", str(path))
    rows = [
        {
            "rule_id": one.rule_id,
            "file": one.file,
            "status": one.status,
            "line": one.line,
            "reason": one.reason,
        }
        for path in paths
        for one in check_path(path)
    ]
    total, refused = len(rows), sum(row["status"] != "ok" for row in rows)
    show(rows, ("status", "file", "line", "rule_id", "reason"), format_, "no rules")
    say(f"{total - refused} ok, {refused} refused")
    if refused:
        raise CheckFailed(f"{refused} of {total} rules refused")


@app.command("test")
def prove_(paths: Paths = None, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Run the test events that rules carry. Exit 1 when a case does not hold."""
    loaded = _loaded(paths, workspace)
    proofs = prove(loaded, PARSERS)
    wrong = [proof for proof in proofs if not proof.passed]
    rows = [
        {
            "rule_id": p.rule_id,
            "name": p.rule_name,
            "file": p.file,
            "line": p.line,
            "case": p.number,
            "fires": p.fires,
            "passed": p.passed,
            "reason": p.reason,
        }
        for p in (proofs if format_ is Format.ndjson else wrong)
    ]
    show(rows, ("name", "case", "line", "reason", "file"), format_, "every case holds")
    untested = len({r.id for r in (*loaded.rules, *loaded.correlations)} - {p.rule_id for p in proofs})
    say(f"{len(proofs) - len(wrong)} of {len(proofs)} cases hold; {untested} rules carry none")
    if wrong or loaded.refused:
        raise CheckFailed(f"{len(wrong)} cases do not hold, {len(loaded.refused)} rules refused")
