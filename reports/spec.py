"""One report as data: what the web page, the PDF and the JSON twin are all made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Align = Literal["start", "center", "end"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text; `refs` lead to anchors of the same report, `anchor` makes it one, `tone` is never alone."""

    text: str
    refs: tuple[str, ...] = ()
    tone: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` is its share of the line; `code` says that its values are ids, set small."""

    title: str
    width: float = 1.0
    align: Align = "start"
    code: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str
    refs: tuple[str, ...] = ()
    tone: str = ""
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short statements."""

    items: tuple[Cell, ...]
    ordered: bool = False
    kind: str = "items"


@dataclass(frozen=True, slots=True)
class Sub:
    """A heading below the chapter's."""

    title: str
    kind: str = "sub"


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure with its n and where it comes from."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tiles:
    """Key figures side by side."""

    tiles: tuple[Tile, ...]
    kind: str = "tiles"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; without rows it prints `empty` and never disappears."""

    number: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""
    dense: bool = False
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing (SVG text), said in words too."""

    number: str
    caption: str
    svg: str
    alt: str
    note: str = ""
    width: int = 100
    refs: tuple[str, ...] = ()
    kind: str = "figure"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures side by side."""

    left: Figure
    right: Figure
    kind: str = "pair"


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who prepared, reviewed and approved, by post, with room to sign and for the seal."""

    rows: tuple[tuple[str, str], ...]
    sign: str
    date: str
    seal: str
    kind: str = "signoff"


Block = Paragraph | Items | Sub | Tiles | Table | Figure | Pair | SignOff


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter; `key` is its place in the outline, `heading` what is printed."""

    key: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Appendix:
    """All rows of a table that prints only its first ones, for a CSV file of the bundle."""

    number: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report in one language."""

    kind: str
    language: str
    lang: str
    title: str
    subtitle: str
    number: str
    version: str
    mark: str
    issuer: str
    date: str
    as_of: int
    as_of_text: str
    period: str
    generator: str
    cover: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    words: dict[str, str] = field(default_factory=dict)
    figures: tuple[dict[str, Any], ...] = ()
    appendices: tuple[Appendix, ...] = ()
