"""`yunshao seal`: the chain of hashes over reports, alerts and audit entries; its checkpoints; the keys."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import orjson
import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, new_app, say, visible
from console.roles.sealing import all_links, as_problems, check_chain, rotate, take_checkpoint
from console.wiring import open_workspace
from reports.keys import public_pem, read_checkpoint
from yunshao.errors import CheckFailed, WrongUse

app = new_app("The chain over reports, alerts and audit entries: check, checkpoint, export; keys.")
MAX_CHECKPOINT = 1 << 16


@app.command("checkpoint")
def checkpoint_(
    out: Annotated[Path | None, typer.Option("--out", help="Write it here; keep it outside of this machine.")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Sign the end of the chain. Kept elsewhere, it shows a rewrite of everything before it."""
    content = orjson.dumps(take_checkpoint(open_workspace(workspace))) + b"\n"
    if out:
        out.write_bytes(content)
    typer.echo(content.decode(), nl=False)


@app.command("check")
def check_(
    checkpoints: Annotated[list[Path] | None, typer.Option("--checkpoint", help="One that was kept outside.")] = None,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """The whole chain against itself, against what the store holds now, and against checkpoints."""
    place = open_workspace(workspace)
    problems = as_problems(check_chain(place, read_checkpoints(checkpoints or [])))
    for one in problems:
        if format_ is Format.ndjson:
            line({"code": one.code, "name": one.name, "text": one.text})
        else:
            typer.echo(visible(": ".join(part for part in (one.code, one.name, one.text) if part)))
    if problems:
        raise CheckFailed("the chain is not what it was", f"{len(problems)} problems")
    say(f"{sum(1 for _ in all_links(place))} links, whole; {len(checkpoints or [])} checkpoints held")


@app.command()
def export(out: Path, workspace: WorkspaceOption = Path()) -> None:
    """The whole chain as NDJSON."""
    with out.open("wb") as stream:
        for one in all_links(open_workspace(workspace)):
            stream.write(orjson.dumps(one.as_row()) + b"\n")


@app.command("rotate")
def rotate_(workspace: WorkspaceOption = Path()) -> None:
    """A new key takes over from each that seals: both sign that; the old private key is destroyed."""
    for old, new in rotate(open_workspace(workspace), getpass.getuser()):
        typer.echo(f"{old} -> {new}")


@app.command()
def key(
    sm2: Annotated[bool, typer.Option("--sm2", help="The SM2 key that signs beside.")] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """The public key (PEM), for `yunshao verify --key`."""
    keys = open_workspace(workspace).keys
    signer = keys.beside if sm2 else keys.signer
    if signer is None:
        raise WrongUse("no SM2 key signs here", "seal.sm2 in yunshao.yaml")
    typer.echo(public_pem(signer.public).decode(), nl=False)
    say(signer.fingerprint)


def read_checkpoints(paths: list[Path]) -> list[dict[str, object]]:
    """Checkpoints from their files. Raises WrongUse, BadConfiguration."""
    found = []
    for path in paths:
        try:
            with path.open("rb") as stream:
                found.append(read_checkpoint(stream.read(MAX_CHECKPOINT)))
        except OSError as error:
            raise WrongUse(f"cannot be read: {error.strerror}", "", str(path)) from None
    return found
