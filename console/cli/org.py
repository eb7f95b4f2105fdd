"""`yunshao org`: is the registry right, and what does it say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import (
    Format,
    FormatOption,
    LanguageOption,
    WorkspaceOption,
    language,
    line,
    new_app,
    show,
    visible,
)
from console.wiring import Workspace, open_workspace, read_text
from yunshao.errors import NotFound
from yunshao.estate.load import estate_warnings, parse_estate
from yunshao.model.alert import AlertQuery
from yunshao.model.estate import Estate

app = new_app("Check and show units, chiefs, clouds and systems.")


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="An org.yaml; default: the workspace's.")] = None,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Exit 0 when the registry can be used; what is allowed but wrong is listed."""
    estate = parse_estate(read_text(file), str(file)) if file else open_workspace(workspace).estate
    warnings = estate_warnings(estate)
    if format_ is Format.ndjson:
        line({"ok": True, "warnings": list(warnings), **_counts(estate)})
        return
    for warning in warnings:
        typer.echo(visible(f"warning: {warning}"))
    typer.echo(", ".join(f"{count} {name}" for name, count in _counts(estate).items()))


def _counts(estate: Estate) -> dict[str, int]:
    return {
        "units": len(estate.units),
        "clouds": len(estate.clouds),
        "systems": len(estate.systems),
        "claims": len(estate.claims),
    }


@app.command("show")
def show_(
    unit: Annotated[str, typer.Argument(help="A unit's id; default: all.")] = "",
    workspace: WorkspaceOption = Path(),
    lang: LanguageOption = "en",
    format_: FormatOption = Format.table,
) -> None:
    """Units with their chiefs, systems and open alerts, the chain as indentation; `unowned` last."""
    place = open_workspace(workspace)
    if unit and unit not in place.estate.units:
        raise NotFound(f"no unit {unit!r}", "`yunshao org show` lists them")
    columns = ("unit", "name", "kind", "chief", "systems", "open_alerts")
    show(_rows(place, unit, language(lang), format_ is Format.table), columns, format_)


def _rows(place: Workspace, top: str, lang: str, indent: bool) -> Iterator[dict[str, Any]]:
    estate = place.estate
    open_alerts = place.store.count_alerts(AlertQuery(status=("new", "acknowledged"), limit=1), "unit")
    roots = [top] if top else [unit.id for unit in estate.units.values() if not unit.parent]
    for root in roots:
        for depth, unit_id in _walk(estate, root, 0):
            unit = estate.units[unit_id]
            yield {
                "unit": "  " * depth * indent + unit.id,
                "name": unit.name[lang],
                "kind": unit.kind,
                "parent": unit.parent,
                "chief": unit.chief.post[lang] if unit.chief else "",
                "systems": sum(system.unit == unit_id for system in estate.systems.values()),
                "open_alerts": open_alerts.get(unit_id, 0),
            }
    if not top:
        yield {
            "unit": "unowned",
            "name": "",
            "kind": "",
            "chief": "",
            "systems": 0,
            "open_alerts": open_alerts.get("unowned", 0),
        }


def _walk(estate: Estate, unit: str, depth: int) -> Iterator[tuple[int, str]]:
    yield depth, unit
    for child in estate.units.values():
        if child.parent == unit:
            yield from _walk(estate, child.id, depth + 1)
