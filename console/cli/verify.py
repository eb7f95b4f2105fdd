"""`yunshao verify FILE`: check a sealed bundle, off-line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import Format, FormatOption, line, new_app, visible
from console.cli.seal import read_checkpoints
from console.keys import sm2_check
from reports.bundle import MAX_BUNDLE
from reports.follow import look_into, recomputed, trail_of
from reports.seal import Verdict, verify
from yunshao.errors import CheckFailed, WrongUse

app = new_app("Check a sealed bundle, off-line: exit 0, or 1 with what was changed.")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The bundle (.zip).")],
    key: Annotated[Path | None, typer.Option("--key", help="The public key that must have signed it.")] = None,
    checkpoints: Annotated[list[Path] | None, typer.Option("--checkpoint", help="One that was kept outside.")] = None,
    figures: Annotated[list[str] | None, typer.Option("--figure", help="F-01, R-001, A-001, V-001: follow it.")] = None,
    format_: FormatOption = Format.table,
) -> None:
    """Every file against the manifest, the manifest against its signature, and the key against yours."""
    held = read_checkpoints(checkpoints or [])
    data = _read(file, MAX_BUNDLE)
    verdict = verify(data, _read(key, 1 << 16) if key else None, held, sm2_check())
    inside = look_into(data) if verdict.ok else None
    count, wrong = recomputed(inside) if inside else (0, [])
    verdict = replace(verdict, ok=verdict.ok and not wrong, problems=(*verdict.problems, *wrong))
    if format_ is Format.ndjson:
        line({**as_row(verdict, file), "figures": count})
    else:
        for problem in verdict.problems:
            typer.echo(visible(": ".join(part for part in (problem.code, problem.name, problem.text) if part)))
        if verdict.ok:
            typer.echo(visible(f"{file.name}: whole and signed by key {verdict.fingerprint}"))
            if verdict.sm2:
                typer.echo(_beside(verdict))
            typer.echo(f"{count} figures recomputed from the evidence in it, all as printed")
            if key is None:
                typer.echo("Compare this fingerprint with the one you were given, or name the key with --key.")
    for label in (figures or []) if inside else []:
        for step in trail_of(inside, label) if inside else ():
            typer.echo(visible(step))
    if not verdict.ok:
        raise CheckFailed(f"{file.name}: the bundle is not what was sealed", _counted(len(verdict.problems)))


def _beside(verdict: Verdict) -> str:
    if verdict.sm2_checked:
        return f"signed beside by SM2 key {verdict.sm2}"
    return f"signed beside by SM2 key {verdict.sm2}, which was not checked: pip install 'yunshao[sm2]'"


def _counted(count: int) -> str:
    return "1 problem" if count == 1 else f"{count} problems"


def as_row(verdict: Verdict, file: Path) -> dict[str, object]:
    """The verdict as one JSON object."""
    return {
        "file": file.name,
        "ok": verdict.ok,
        "fingerprint": verdict.fingerprint,
        "sm2": {"fingerprint": verdict.sm2, "checked": verdict.sm2_checked} if verdict.sm2 else None,
        "about": dict(verdict.about),
        "problems": [{"code": p.code, "name": p.name, "text": p.text} for p in verdict.problems],
    }


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise WrongUse(f"cannot be read: {error.strerror}", "", str(path)) from None
    if len(data) > most:
        raise WrongUse(f"larger than {most} bytes", "", str(path))
    return data
