"""`yunshao rules coverage`: ATT&CK techniques that are covered, proved and seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from console.cli.common import Format, WorkspaceOption, json_line, say, show
from console.cli.rulebook.sharing import is_workspace, known_rules
from console.wiring import open_workspace
from detectors.coverage import DRILL, REAL, Technique, coverage, layer
from yunshao.errors import Unreachable, WrongUse
from yunshao.model.alert import AlertQuery

COLUMNS = ("technique", "state", "rules", "drills", "alerts", "names")
MAX_DRILLS = 1_000
DESCRIPTION = "Techniques that rules cover, that alerts of drills carried, and that real alerts carried."


class Shape(StrEnum):
    """How coverage is printed."""

    table = "table"
    ndjson = "ndjson"
    navigator = "navigator"


def coverage_(
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file instead.")] = None,
    workspace: WorkspaceOption = Path(),
    format_: Annotated[
        Shape, typer.Option("--format", help="For people, JSON lines, or a layer for the ATT&CK Navigator.")
    ] = Shape.table,
) -> None:
    """Techniques covered by a rule, proved by a drill, seen for real. Without a workspace: the own library's rules."""
    found = _found(workspace)
    if format_ is Shape.navigator:
        name = f"Yunshao: {workspace.resolve().name}" if is_workspace(workspace) else "Yunshao: rules that ship"
        _write(
            out, orjson.dumps(layer(found, name, DESCRIPTION), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )
    elif format_ is Shape.ndjson:
        _write(out, b"".join(json_line(_form(each)) for each in found))
    elif out is not None:
        raise WrongUse("--out is for files that programs read", "--format navigator or ndjson")
    else:
        show(_rows(found), COLUMNS, Format.table, "no rule names a technique")
    proved = sum(bool(each.drills) for each in found)
    seen = sum(bool(each.alerts) for each in found)
    covered = sum(bool(each.rules) for each in found)
    say(f"{covered} techniques are covered by rules, {proved} proved by drills, {seen} seen for real")


def _found(workspace: Path) -> list[Technique]:
    if not is_workspace(workspace):
        return coverage(known_rules(workspace), [], {})
    place = open_workspace(workspace)
    drills = [
        (document["id"], [name for alert in document.get("alerts", ()) for name in alert.get("techniques", ())])
        for document in place.store.find("drill", limit=MAX_DRILLS)
    ]
    return coverage(place.rules, drills, place.store.count_alerts(AlertQuery(drill="no"), "technique"))


def _form(each: Technique) -> dict[str, Any]:
    return {
        "technique": each.id,
        "state": each.state,
        "rules": each.rules,
        "drills": each.drills,
        "alerts": each.alerts,
    }


def _rows(found: Sequence[Technique]) -> Iterator[dict[str, Any]]:
    order = {REAL: 0, DRILL: 1}
    for each in sorted(found, key=lambda one: (order.get(one.state, 2), one.id)):
        counts = {"rules": len(each.rules), "drills": len(each.drills)}
        yield {**_form(each), **counts, "names": each.rules}


def _write(out: Path | None, content: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Unreachable(f"cannot be written: {error.strerror}", "", str(out)) from None
