"""What the subcommands of `yunshao rules` share: which rules are meant, and their words in zh and en."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from console.cli.common import language
from console.rule_cache import library
from console.wiring import SETTINGS_FILE, open_workspace, pipelines
from detectors.sigma.load import load_folders
from detectors.sigma.model import Correlation, Loaded, Rule
from yunshao.errors import BadContent, NotFound, WrongUse
from yunshao.text import Texts, texts_of

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Rule files or folders. Default: the workspace's, or the own library.")
]
LangOption = Annotated[str, typer.Option("--lang", help="zh or en; default: the workspace's, else en.")]
T = TypeVar("T")


def texts() -> Texts:
    """The words of these commands."""
    return texts_of("console.cli.rulebook")


def is_workspace(folder: Path) -> bool:
    """Whether the folder holds a workspace."""
    return (folder / SETTINGS_FILE).is_file()


def chosen_language(lang: str, workspace: Path) -> str:
    """What was asked for, else the workspace's, else en. Raises WrongUse."""
    if lang:
        return language(lang)
    return open_workspace(workspace).settings.language if is_workspace(workspace) else "en"


def there(paths: Iterable[Path]) -> list[Path]:
    """The paths. Raises WrongUse for one that is not there."""
    found = list(paths)
    for path in found:
        if not path.exists():
            raise WrongUse("no such file or folder", "", str(path))
    return found


def known_rules(workspace: Path) -> Loaded:
    """The workspace's rules where there is one, else the own library."""
    return open_workspace(workspace).rules if is_workspace(workspace) else library()


def loaded_from(paths: list[Path] | None, workspace: Path, through: list[Path] | None = None) -> Loaded:
    """The rules of these paths, or the known ones where none are named. Raises WrongUse."""
    if not paths:
        return known_rules(workspace)
    return load_folders(there(paths), reshape=pipelines(through or []))


def entries(loaded: Loaded) -> list[Rule | Correlation]:
    """Rules and correlations in one list."""
    return [*loaded.rules, *loaded.correlations]


def rule_called(name: str, workspace: Path) -> tuple[Rule | Correlation, Loaded]:
    """The rule of a file, an id or a name, and everything that it may stand on.

    Raises NotFound, naming what is near; BadContent for a file that holds no rule; WrongUse for one with several.
    """
    known = known_rules(workspace)
    path = Path(name)
    if path.is_file():
        return _rule_in(path, known)
    found = next((each for each in entries(known) if name in (each.id, each.name)), None)
    if found is None:
        near = difflib.get_close_matches(name, [each.name for each in entries(known) if each.name], n=3)
        raise NotFound(f"no rule {name!r}", f"did you mean {', '.join(near)}?" if near else "`yunshao rules list`")
    return found, known


def _rule_in(path: Path, known: Loaded) -> tuple[Rule | Correlation, Loaded]:
    loaded = load_folders([path], base=known)
    mine = [each for each in entries(loaded) if each.file == str(path)]
    refused = [each for each in loaded.refused if each.file == str(path)]
    if refused:
        raise BadContent(refused[0].reason, "", str(path), refused[0].line)
    if not mine:
        raise BadContent("holds no rule", "", str(path), 1)
    named = [each for each in mine if isinstance(each, Correlation)] or mine
    if len(named) > 1:
        raise WrongUse("holds several rules", f"name one of {', '.join(each.name or each.id for each in mine)}")
    return named[0], loaded


def watched(things: Iterable[T], what: str, total: int | None) -> Iterator[T]:
    """The same things, with a bar on the terminal that shows how far it is; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield from things
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(things, total=total, description=what)
