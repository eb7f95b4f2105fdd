"""`yunshao rules exceptions`: known cases in which a rule alerts nobody, and whether they hide something true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, new_app, say, show
from console.exceptions import held, held_exceptions
from console.wiring import Held, Workspace, open_workspace, read_text, wall_clock
from detectors.sigma.exceptions import parse_exceptions
from detectors.sigma.load import EXCEPTION_FILE
from yunshao.errors import BadConfiguration, BadContent, CheckFailed, WrongUse

app = new_app("Known cases in which a rule alerts nobody: list, check, add.")
COLUMNS = ("state", "id", "rule", "expires", "hidden", "today", "owner", "reason", "why")
HEADER = "# Known cases in which a rule alerts nobody, counted a day. See docs/alert-hygiene.md.\nexceptions:\n"


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Every exception: applied, expired or refused; and how many findings it hid, in all and today."""
    place = open_workspace(workspace)
    rows = list(_rows(place, place.exceptions, gone=True))
    show(rows, COLUMNS, format_, "no exceptions")
    applied = sum(row["state"] == "applied" for row in rows)
    say(f"{applied} applied, {len(rows) - applied} not; {sum(row['hidden'] for row in rows)} findings hidden")


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Files of exceptions. Default: the workspace's.")] = None,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Would one hide a test event, an alert closed as true positive, or what a drill expects? Exit 1 when one would."""
    place = open_workspace(workspace)
    found = held_exceptions(place, [(str(path), read_text(path)) for path in files]) if files else place.exceptions
    show(_rows(place, found), COLUMNS, format_, "no exceptions")
    refused = [one for one in found if one.state == "refused"]
    if refused:
        raise CheckFailed(f"{len(refused)} of {len(found)} exceptions refused: {_told(refused[0])}")


def _told(one: Held) -> str:
    return f"{one.exception.id if one.exception else one.place}: {one.why[0]}"


def _rows(place: Workspace, found: Sequence[Held], *, gone: bool = False) -> Iterator[dict[str, Any]]:
    """One row an exception; `gone` adds those that hid something once and stand in no file any more."""
    today = datetime.fromtimestamp(wall_clock() / 1000, UTC).date().isoformat()
    days: dict[str, dict[str, int]] = {}
    for row in place.store.excepted():
        days.setdefault(row["exception"], {})[row["day"]] = row["count"]
    names = {one.exception.id for one in found if one.exception}
    left = [Held(None, "gone", name) for name in sorted(days.keys() - names)] if gone else []
    for one in (*found, *left):
        here = one.exception
        name = here.id if here else one.place if one.state == "gone" else ""
        hits = days.get(name, {})
        yield {
            "id": name,
            "state": one.state,
            "rule": here.rule if here else "",
            "match": here.match if here else None,
            "owner": here.owner if here else "",
            "reason": here.reason if here else "",
            "created": here.created.isoformat() if here else "",
            "expires": here.expires.isoformat() if here else "",
            "place": one.place,
            "why": "; ".join(one.why),
            "hidden": sum(hits.values()),
            "today": hits.get(today, 0),
            "days": hits,
        }


@app.command()
def add(
    name: Annotated[str, typer.Option("--id", help="Small letters, digits, - and _.")],
    rule: Annotated[str, typer.Option("--rule", help="Id or name of the rule.")],
    match: Annotated[list[str], typer.Option("--match", help="FIELD=VALUE, a field with modifiers; all must hold.")],
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    expires: Annotated[str, typer.Option("--expires", help="Its last day, at most a year away: YYYY-MM-DD.")],
    workspace: WorkspaceOption = Path(),
) -> None:
    """Check one, and add it to the workspace's exceptions.yml. Exit 1 when it would hide something known to be true."""
    place = open_workspace(workspace)
    created = datetime.fromtimestamp(wall_clock() / 1000, UTC).date().isoformat()
    plain = {"id": name, "rule": rule, "owner": owner, "reason": reason, "created": created, "expires": expires}
    block = _block(plain, [_pair(one) for one in match])
    path = _file(place)
    text = read_text(path) if path.exists() else HEADER
    written = f"{text if text.endswith(chr(10)) else text + chr(10)}{block}"
    new = _new(place, written, path, name)
    if new.state != "applied":
        raise CheckFailed(f"refused: {_told(new)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(written, encoding="utf-8")
    temporary.replace(path)
    place.store.note("command line", "exceptions.add", name, f"{rule}: {reason}"[:500])
    say(f"{name} is applied from the next start of `yunshao up` ({path})")


def _pair(text: str) -> tuple[str, str]:
    field, sign, value = text.partition("=")
    if not sign or not field.strip():
        raise WrongUse(f"--match {text[:80]!r} is not FIELD=VALUE", "such as userIdentity.userName=backup-svc")
    return field.strip(), value


def _block(plain: dict[str, str], match: Sequence[tuple[str, str]]) -> str:
    """One exception as people write it."""
    if len({field for field, _ in match}) != len(match):
        raise WrongUse("a field stands twice in --match", "write a list of values into the file by hand")
    pairs = ", ".join(f"{_key(field)}: {_quoted(value)}" for field, value in match)
    lines = [f"  - id: {_quoted(plain['id'])}", f"    rule: {_quoted(plain['rule'])}", f"    match: {{{pairs}}}"]
    lines += [f"    {key}: {_quoted(plain[key])}" for key in ("owner", "reason", "created", "expires")]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(field: str) -> str:
    return field if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", field) else _quoted(field)


def _file(place: Workspace) -> Path:
    if not place.rule_folders:
        raise BadConfiguration("detect.rules names no folder", "exceptions stand in one", str(place.folder))
    return place.rule_folders[0] / EXCEPTION_FILE


def _new(place: Workspace, written: str, path: Path, name: str) -> Held:
    """The exception as it would stand in the file. Raises where the file would not be read as it is meant."""
    found = parse_exceptions(written, str(path))
    last = found[-1]
    if isinstance(last, BadContent):
        raise last
    if last.id != name:
        raise BadConfiguration("nothing can be added at the end of the file", "edit it by hand", str(path))
    others = [one.exception.id for one in place.exceptions if one.exception]
    if name in others:
        raise WrongUse(f"the id {name} is taken", "`yunshao rules exceptions list` shows them")
    return held(place, last, wall_clock())
