"""`yunshao rules check`: are these rule files good, and if not, where and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, say, show
from console.cli.offline import PipelineOption
from console.cli.rulebook.fields import known_fields
from console.cli.rulebook.sharing import there, watched
from console.wiring import pipelines, validation
from detectors.sigma.check import Checked, Warnings, check
from detectors.sigma.document import Document
from detectors.sigma.lint import Linter
from detectors.sigma.model import Loaded
from yunshao.errors import CheckFailed

COLUMNS = ("status", "file", "line", "code", "reason")


def check_(
    paths: Annotated[list[Path], typer.Argument(help="Rule files or folders.")],
    pipeline: PipelineOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for a warning too.")] = False,
    format_: FormatOption = Format.ndjson,
) -> None:
    """One object a rule: ok with its warnings, or refused with line and reason. Exit 1 when one is refused."""
    found = check(there(paths), None, None, _inspect, pipelines(pipeline or []) or _as_it_is)
    if format_ is Format.ndjson:
        show(map(_form, found), (), format_)
    else:
        show(_lines(found), COLUMNS, format_, "nothing to say")
    refused = sum(each.status != "ok" for each in found)
    warned = sum(bool(each.warnings) for each in found)
    say(f"{len(found) - refused} ok, {refused} refused, {warned} with warnings")
    if refused:
        raise CheckFailed(f"{refused} of {len(found)} rules refused")
    if strict and warned:
        raise CheckFailed(f"{warned} of {len(found)} rules have warnings")


def _as_it_is(document: Document, _name: str) -> Document:
    return document


def _inspect(loaded: Loaded, documents: Mapping[tuple[str, int], Document]) -> Warnings:
    linter = Linter(known_fields(), validation())
    return linter.warnings(loaded, documents, lambda entries: watched(entries, "rules", len(documents)))


def _form(one: Checked) -> dict[str, Any]:
    return {
        "rule_id": one.rule_id,
        "file": one.file,
        "status": one.status,
        "line": one.line,
        "reason": one.reason,
        "warnings": [{"code": each.code, "line": each.line, "text": each.text} for each in one.warnings],
    }


def _lines(found: list[Checked]) -> Iterator[dict[str, Any]]:
    """A line a rule, and one for each of its warnings."""
    for one in found:
        yield {"status": one.status, "file": one.file, "line": one.line, "code": "", "reason": one.reason}
        for each in one.warnings:
            yield {"status": "warning", "file": one.file, "line": each.line, "code": each.code, "reason": each.text}
