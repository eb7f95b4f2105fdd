"""`yunshao user`: console accounts and roles."""

from __future__ import annotations

import getpass
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.accounts import ROLES, add_account, disable_account
from console.cli.common import Format, FormatOption, WorkspaceOption, new_app, say, show
from console.wiring import open_workspace
from yunshao.errors import WrongUse

app = new_app("Console accounts and roles.")
MIN_PASSWORD = 10


@app.command()
def add(
    name: str,
    role: Annotated[str, typer.Option(help=", ".join(ROLES))] = "operator",
    unit: Annotated[list[str] | None, typer.Option(help="Units a chief answers for; repeatable.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Add an account, or give a known one a new password and role. Without a terminal the password is made."""
    place = open_workspace(workspace)
    unknown = [one for one in unit or [] if one not in place.estate.units]
    if unknown:
        raise WrongUse(f"no unit {unknown[0]!r}", "`yunshao org show` lists them")
    password, made = _password(password_stdin)
    add_account(place.store, name, role, password, tuple(unit or ()))
    place.store.note(getpass.getuser(), "user.add", name, role)
    typer.echo(f"{name}  {role}" + (f"  password: {password}" if made else ""))


def _password(from_stdin: bool) -> tuple[str, bool]:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise WrongUse("the two passwords differ")
    else:
        return secrets.token_urlsafe(12), True
    if len(password) < MIN_PASSWORD:
        raise WrongUse(f"a password has at least {MIN_PASSWORD} characters")
    return password, False


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Accounts without their secrets."""
    rows = open_workspace(workspace).store.find("user", limit=1000)
    shown = [{key: value for key, value in row.items() if key != "hash"} for row in rows]
    show(shown, ("name", "role", "units", "disabled"), format_, "no accounts: `yunshao user add NAME --role admin`")


@app.command()
def disable(name: str, workspace: WorkspaceOption = Path()) -> None:
    """Shut an account and end its sessions."""
    place = open_workspace(workspace)
    disable_account(place.store, name)
    place.store.note(getpass.getuser(), "user.disable", name)
    say(f"{name} is disabled")
