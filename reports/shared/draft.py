"""A report while it is being written: tables and figures get their numbers, figures get their basis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reports.shared.ledger import Ledger
from reports.shared.plain import visible
from reports.shared.words import Words
from reports.spec import Align, Appendix, Block, Cell, Chapter, Column, Figure, Paragraph, Table

Shown = Cell | str | int | float | None

MAX_ROWS = 200
# Of a longer table: a cell of the PDF takes some 25 kB while it is set.
FIRST_ROWS = 50


class Draft:
    """One report in one language being written."""

    def __init__(self, words: Words, document: Mapping[str, Any]) -> None:
        self.words = words
        self.document = document
        self.ledger = Ledger(document)
        self.chapters: list[Chapter] = []
        self.captions: dict[str, str] = {}
        self.appendices: list[Appendix] = []
        self._tables = 0
        self._figures = 0

    def table(
        self,
        key: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Shown]],
        *,
        note: str = "",
        dense: bool = False,
    ) -> Table:
        """The next table; its caption is the text `table.<key>`."""
        self._tables += 1
        number = self.words("shared.table", number=self._tables)
        caption = self.words(key if key.startswith("shared.") else f"table.{key}")
        self.captions[key] = f"{number} {caption}"
        given = list(rows)
        shown = given if len(given) <= MAX_ROWS else given[:FIRST_ROWS]
        if len(given) > MAX_ROWS:
            # A page of 100,000 rows is read by nobody; what is left out is said, and stands in a file of the bundle.
            self.appendices.append(Appendix(self._tables, tuple(one.title for one in columns), tuple(_lines(given))))
            cut = self.words("shared.cut_rows", shown=FIRST_ROWS, n=len(given), file=f"table-{self._tables}.csv")
            note = f"{note} {cut}" if note else cut
        return Table(
            number=number,
            caption=caption,
            columns=tuple(columns),
            rows=tuple(tuple(as_cell(value) for value in row) for row in shown),
            empty=self.words("shared.none"),
            note=note,
            dense=dense,
        )

    def figure(
        self, key: str, svg: str, alt: str, *, note: str = "", width: int = 100, refs: tuple[str, ...] = ()
    ) -> Figure:
        """The next drawing; its caption is the text `figure.<key>`."""
        self._figures += 1
        number = self.words("shared.figure", number=self._figures)
        return Figure(number, self.words(f"figure.{key}"), svg, alt, note=note, width=width, refs=refs)

    def columns(self, group: str, *spec: tuple[str, float] | tuple[str, float, Align]) -> tuple[Column, ...]:
        """Columns with the titles `column.<group>.<key>`; a key that starts with `#` holds ids."""
        made = []
        for key, width, *rest in spec:
            align: Align = rest[0] if rest else "start"
            name = key.removeprefix("#")
            prefix = "shared.column" if group.startswith("shared.") else f"column.{group}"
            made.append(Column(self.words(f"{prefix}.{name}"), width, align, key.startswith("#")))
        return tuple(made)

    def chapter(self, key: str, number: int, *blocks: Block | None) -> None:
        """The next chapter, titled `chapter.<key>`; blocks that are None are left out."""
        heading = self.words.heading(number, self.words(f"chapter.{key}"))
        self.chapters.append(Chapter(key, heading, tuple(block for block in blocks if block is not None)))

    def text(self, key: str, /, *, refs: tuple[str, ...] = (), tone: str = "", **values: object) -> Paragraph:
        """A paragraph from the text of a key."""
        return Paragraph(self.words(key, **values), refs, tone)

    def sure(
        self,
        key: str,
        value: str,
        numbers: Sequence[float],
        recipe: Mapping[str, Any],
        *,
        n: object = "—",
        alerts: object = (),
    ) -> tuple[str, ...]:
        """Enter a figure with its recipe: its name is the text `basis.<key>`, its method `how.<key>`."""
        words = self.words
        lists = words.joined([f"`{name}`" for name in lists_of(recipe)])
        cited, _ = self.ledger.cite(alerts)
        name, how = words(f"basis.{key}"), words(f"how.{key}")
        return self.ledger.basis(name, value, n, how, words("shared.rows_of", lists=lists), cited, numbers, recipe)

    def evidence(self, keys: object, otherwise: str = "") -> Cell:
        """References to alerts, the first few by label and the count of all; `otherwise` where there are none."""
        labels, total = self.ledger.cite(keys)
        if not total:
            return Cell(otherwise or self.words("shared.no_alert"), tone="quiet")
        more = self.words("shared.in_all", n=total) if total > len(labels) else ""
        return Cell(more, refs=labels)


def lists_of(recipe: Mapping[str, Any]) -> list[str]:
    """The lists of a document that a recipe goes over."""
    inner = [recipe[key] for key in ("num", "den") if isinstance(recipe.get(key), Mapping)]
    return [*([str(recipe["of"])] if "of" in recipe else []), *(name for one in inner for name in lists_of(one))]


def _lines(rows: Iterable[Sequence[Shown]]) -> Iterable[tuple[str, ...]]:
    for row in rows:
        cells = [as_cell(value) for value in row]
        yield tuple(" ".join(part for part in (one.text, *one.refs) if part) for one in cells)


def as_cell(value: Shown) -> Cell:
    """Any printable value as a cell; None is a dash."""
    if isinstance(value, Cell):
        return value
    return Cell("—" if value is None or value == "" else visible(value))
