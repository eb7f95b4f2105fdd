"""`yunshao rules import DIR`: a tree of Sigma rules, what of it is of use here, and a copy of that in the workspace."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, line, say, show
from console.cli.offline import PipelineOption
from console.cli.rulebook.fields import known_fields
from console.cli.rulebook.sharing import there, watched
from console.wiring import pipelines
from detectors.sigma.document import Document
from detectors.sigma.load import contents, load_texts, rule_files
from detectors.sigma.model import Refused
from detectors.sigma.survey import LOADS, REFUSED, RETIRED, Surveyed, by_product, product_of, survey
from yunshao.errors import Unreachable, WrongUse

COLUMNS = ("product", "rules", "loads", "never_fires", "refused", "no_source", "no_field", *RETIRED)
MAX_SHOWN = 20
LICENCES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING")


def import_(
    folder: Annotated[Path, typer.Argument(help="A folder of Sigma rules.", metavar="DIR")],
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Copy the files whose rules all load below this folder, such as rules/sigma."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there and differ.")] = False,
    pipeline: PipelineOption = None,
    format_: FormatOption = Format.table,
) -> None:
    """What loads, what is refused, and what would never fire here and why. Files are copied as they are."""
    (root,) = there([folder])
    if not root.is_dir():
        raise WrongUse("is no folder", "`yunshao rules check` looks at a single file", str(folder))
    files = list(rule_files([root]))
    texts = watched(contents(files), "rules", len(files))
    through = pipelines(pipeline or [])
    products: dict[str, str] = {}

    def remember(document: Document, name: str) -> Document:
        products.setdefault(name, product_of(document))
        return through(document, name) if through else document

    found = list(survey(load_texts(texts, {}, None, remember), known_fields(), products))
    _print(found, format_)
    good = sum(one.fate != REFUSED for one in found)
    share = f"{100 * good / len(found):.1f} %" if found else "nothing"
    silent = sum(one.fate not in {LOADS, REFUSED} for one in found)
    say(f"{good} of {len(found)} rules compile ({share}), {len(found) - good} refused; {silent} would never fire here")
    if to is not None:
        _copy(root, to, _files_of(found), overwrite)


def _print(found: Sequence[Surveyed], format_: Format) -> None:
    if format_ is Format.ndjson:
        for row in map(_form, found):
            line(row)
        return
    show(by_product(found), COLUMNS, format_, "no rules")
    refused = [one.entry for one in found if isinstance(one.entry, Refused)]
    for each in refused[:MAX_SHOWN]:
        say(f"{each.file}:{each.line}: refused: {each.reason}")
    if len(refused) > MAX_SHOWN:
        say(f"and {len(refused) - MAX_SHOWN} more: --format ndjson lists all")


def _form(one: Surveyed) -> dict[str, Any]:
    entry = one.entry
    form: dict[str, Any] = {
        "file": entry.file,
        "line": entry.line,
        "product": one.product,
        "fate": one.fate,
        "why": one.why,
        "reason": one.reason,
    }
    if isinstance(entry, Refused):
        return {"rule_id": entry.rule_id, "title": entry.title, **form}
    head = {"rule_id": entry.id, "title": entry.title, "level": entry.level, "status": entry.status}
    return {**head, "author": entry.author, "license": entry.license, **form}


def _files_of(found: Sequence[Surveyed]) -> list[str]:
    """The files of which nothing is refused or retired."""
    files = dict.fromkeys(one.entry.file for one in found)
    for one in found:
        if one.fate == REFUSED or one.why in RETIRED:
            files.pop(one.entry.file, None)
    return list(files)


def _copy(root: Path, to: Path, files: Sequence[str], overwrite: bool) -> None:
    """Byte for byte, so that authors and licences stay; the licence of the whole tree goes along."""
    top = root.resolve()
    if to.resolve().is_relative_to(top):
        raise WrongUse("lies in the tree that is imported", "name a folder of the workspace", str(to))
    counts = {"copied": 0, "unchanged": 0, "kept": 0}
    for path in [Path(name) for name in files] + list(_licences(root)):
        if not path.resolve().is_relative_to(top):
            say(f"{path}: a link that leads out of the tree: left out")
            continue
        counts[_place(path, to / path.relative_to(root), overwrite)] += 1
    words = f"{counts['copied']} files copied to {to}, {counts['unchanged']} were there already"
    say(f"{words}, {counts['kept']} differ and were kept (--overwrite)" if counts["kept"] else words)


def _licences(root: Path) -> Iterator[Path]:
    for folder in (root, root / "LICENSE"):
        yield from (folder / name for name in LICENCES if (folder / name).is_file())


def _place(source: Path, target: Path, overwrite: bool) -> str:
    """Whether the file was copied, is there unchanged, or differs and was kept. Whole or not at all."""
    try:
        content = source.read_bytes()
        if target.exists():
            if target.read_bytes() == content:
                return "unchanged"
            if not overwrite:
                return "kept"
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError as error:
        raise Unreachable(f"cannot be copied: {error.strerror}", "look at the disk", str(target)) from None
    return "copied"
