"""What the commands share: options, output for people and for programs, and the workspace they work on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from yunshao.errors import WrongUse

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="YUNSHAO_WORKSPACE", help="The workspace folder.")
]
LanguageOption = Annotated[str, typer.Option("--lang", help="zh or en.")]
LEVEL_STYLE = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}
MAX_CELL = 300
PIPED_WIDTH = 240


class Format(StrEnum):
    """How a command prints: for people, or one JSON object a line."""

    table = "table"
    ndjson = "ndjson"


FormatOption = Annotated[Format, typer.Option("--format", help="For people, or one JSON object a line.")]


def new_app(help_: str) -> typer.Typer:
    """A command group of the product's own manners."""
    return typer.Typer(
        help=help_,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def say(text: str) -> None:
    """A line for people, on stderr, so that stdout stays data."""
    sys.stderr.write(visible(text) + "\n")


def visible(value: object) -> str:
    """Text that cannot steer a terminal: control characters as \\x.., bidi overrides as \\u....."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def line(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    sys.stdout.buffer.write(json_line(value))


def json_line(value: Mapping[str, Any]) -> bytes:
    """One NDJSON line; text that is not Unicode comes out with its bad parts replaced."""
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
    except (TypeError, orjson.JSONEncodeError):
        return orjson.dumps(mended(value), option=orjson.OPT_APPEND_NEWLINE)


def mended(value: Any) -> Any:
    """The same JSON value without what JSON cannot carry: lone surrogates, integers beyond 64 bits."""
    if isinstance(value, Mapping):
        return {str(mended(str(key))): mended(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mended(inner) for inner in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], format_: Format, empty: str = "none") -> int:
    """Print rows as a table of `columns` or as NDJSON with everything; gives how many."""
    count = 0
    if format_ is Format.ndjson:
        for row in rows:
            line(row)
            count += 1
        return count
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, row.get(column, "")) for column in columns))
        count += 1
    if count:
        Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)
    else:
        say(empty)
    return count


def _cell(column: str, value: object) -> Text:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return Text(visible(text)[:MAX_CELL], style=LEVEL_STYLE.get(text, "") if column == "level" else "")


def moment(milliseconds: int | None, zone: str = "Asia/Shanghai") -> str:
    """A time for people, with its zone's offset; empty for None."""
    if milliseconds is None:
        return ""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S%z")
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)


def language(chosen: str) -> str:
    """`zh` or `en`. Raises WrongUse for anything else."""
    if chosen not in {"zh", "en"}:
        raise WrongUse(f"unknown language {chosen!r}", "zh or en")
    return chosen
