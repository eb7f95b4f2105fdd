"""A report as DOCX, for those who write on in it: headings, contents, running heads, page numbers, tables, drawings.

The same report gives the same bytes. Every text is a run of text; nothing in a document becomes a field or a link.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import docx
import typst
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from reports.shared.glyphs import SANS, SERIF, fonts
from reports.shared.plain import EARLIEST, is_time
from reports.spec import Report

Shaped = Mapping[str, Any]
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
ALIGN = {"start": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER, "end": WD_ALIGN_PARAGRAPH.RIGHT}
SHADES = {
    "l1": "DCEBD9",
    "l2": "D3E3F3",
    "l3": "FBE7A2",
    "l4": "F6B26B",
    "l5": "E88D7D",
    "warn": "FBE7A2",
    "bad": "F3B9AE",
}
WIDTH = Cm(16)
PICTURE = "#set page(width: auto, height: auto, margin: 4pt)\n#image(bytes(sys.inputs.svg))"
# What XML cannot hold at all; everything else that hides is made visible before.
ILLEGAL = dict.fromkeys([*range(0x9), 0xB, 0xC, *range(0xE, 0x20), 0xFFFE, 0xFFFF], "\ufffd")


def word(report: Report, shaped: Shaped, logo: str = "") -> bytes:
    """The DOCX of a report; `shaped` is the report as JSON types."""
    paper = docx.Document()
    _set_up(paper, report)
    if logo:
        paper.add_picture(io.BytesIO(_drawn(logo)), height=Cm(1.4))
    _cover(paper, shaped)
    _field(paper.add_paragraph(), 'TOC \\o "1-2" \\h', shaped["words"]["contents"])
    for chapter in shaped["chapters"]:
        heading = paper.add_heading(_text(chapter["heading"]), 1)
        heading.paragraph_format.page_break_before = chapter["key"] in {"summary", "annex"}
        for block in chapter["blocks"]:
            _block(paper, block)
    kept = io.BytesIO()
    paper.save(kept)
    return _fixed(kept.getvalue())


def _set_up(paper: Document, report: Report) -> None:
    at = datetime.fromtimestamp((report.as_of if is_time(report.as_of) else EARLIEST) / 1000, UTC)
    properties = paper.core_properties
    properties.title, properties.author = _text(report.title)[:250], _text(report.generator)[:250]
    properties.created = properties.modified = at.replace(tzinfo=None)
    properties.comments = _text(report.number)[:250]
    for name, font, size in (("Normal", SERIF, 10.5), ("Heading 1", SANS, 15), ("Heading 2", SANS, 12)):
        style: Any = paper.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        style.font.color.rgb = RGBColor(0x1F, 0x29, 0x33)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    section = paper.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.header.paragraphs[0].text = _text(f"{report.title} · {report.subtitle}    {report.mark}")
    foot = section.footer.paragraphs[0]
    foot.add_run(_text(f"{report.number}    "))
    _field(foot, "PAGE", "1")


def _field(paragraph: Paragraph, code: str, shown: str) -> None:
    """A field of Word's own: the table of contents, a page number."""
    for kind in ("begin", "separate", "end"):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        if kind == "begin":
            mark.set(qn("w:dirty"), "true")
        run: Any = paragraph.add_run()
        run._r.append(mark)
        if kind == "begin":
            text: Any = OxmlElement("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = code
            paragraph.add_run()._r.append(text)
        if kind == "separate":
            paragraph.add_run(shown)


def _cover(paper: Document, shaped: Shaped) -> None:
    paper.add_paragraph(_text(f"{shaped['mark']}    {shaped['number']}"))
    if shaped["issuer"]:
        _centred(paper, shaped["issuer"], 14)
    _centred(paper, shaped["title"], 26)
    for part in (shaped["subtitle"], shaped["period"]):
        if part:
            _centred(paper, part, 12)
    _grid(paper, [], [[{"text": name}, {"text": value}] for name, value in shaped["cover"]], [])
    paper.add_paragraph(_text(f"{shaped['words']['seal']}        {shaped['date']}")).alignment = ALIGN["end"]
    paper.add_paragraph().paragraph_format.page_break_before = True


def _centred(paper: Document, text: str, size: int) -> None:
    paragraph = paper.add_paragraph()
    paragraph.alignment = ALIGN["center"]
    run = paragraph.add_run(_text(text))
    run.font.size = Pt(size)


def _block(paper: Document, block: Shaped) -> None:
    kind = block["kind"]
    if kind == "paragraph":
        paper.add_paragraph(_cell(block))
    elif kind == "items":
        for item in block["items"]:
            paper.add_paragraph(_cell(item), style="List Number" if block["ordered"] else "List Bullet")
    elif kind == "sub":
        paper.add_heading(_text(block["title"]), 2)
    elif kind == "tiles":
        _grid(paper, [], [_tile(one) for one in block["tiles"]], [])
    elif kind == "table":
        _table(paper, block)
    elif kind == "figure":
        _figure(paper, block)
    elif kind == "pair":
        _figure(paper, block["left"])
        _figure(paper, block["right"])
    elif kind == "signoff":
        _grid(paper, [], [_signed(block, one) for one in block["rows"]], [])
        paper.add_paragraph(_text(block["seal"]))


def _tile(tile: Shaped) -> list[Shaped]:
    return [
        {"text": tile["label"]},
        {"text": tile["value"], "tone": tile["tone"]},
        {"text": tile["note"], "refs": tile["refs"]},
    ]


def _signed(block: Shaped, row: Sequence[str]) -> list[Shaped]:
    return [{"text": text} for text in (*row, block["sign"], block["date"])]


def _table(paper: Document, block: Shaped) -> None:
    paper.add_paragraph(_text(f"{block['number']}  {block['caption']}"), style="Caption")
    if not block["rows"]:
        paper.add_paragraph(_text(block["empty"]))
    else:
        columns = block["columns"]
        _grid(paper, [column["title"] for column in columns], block["rows"], columns)
    if block["note"]:
        paper.add_paragraph(_text(block["note"]))


def _grid(paper: Document, heads: Sequence[str], rows: Sequence[Sequence[Shaped]], columns: Sequence[Shaped]) -> None:
    """Rows as XML at once: the library's own cells take a second for a few hundred of them."""
    width = len(heads) or max((len(row) for row in rows), default=1)
    shares = [float(column["width"]) for column in columns] or [1.0] * width
    table: Any = paper.add_table(rows=0, cols=width, style="Table Grid")
    body = table._tbl
    for share, column in zip(shares, body.tblGrid.findall(qn("w:gridCol")), strict=False):
        column.set(qn("w:w"), str(int(WIDTH.twips * share / sum(shares))))
    if heads:
        body.append(_row([{"text": head} for head in heads], columns, head=True))
    for row in rows:
        body.append(_row(row, columns))


def _row(cells: Sequence[Shaped], columns: Sequence[Shaped], *, head: bool = False) -> Any:
    row = OxmlElement("w:tr")
    if head:
        properties = OxmlElement("w:trPr")
        properties.append(OxmlElement("w:tblHeader"))
        row.append(properties)
    for place, cell in enumerate(cells):
        align = columns[place]["align"] if place < len(columns) else "start"
        row.append(_field_of(_cell(cell), "EEF1F5" if head else SHADES.get(cell.get("tone", ""), ""), align, bold=head))
    return row


def _field_of(text: str, shade: str, align: str, *, bold: bool) -> Any:
    cell, properties = OxmlElement("w:tc"), OxmlElement("w:tcPr")
    if shade:
        fill = OxmlElement("w:shd")
        fill.set(qn("w:val"), "clear")
        fill.set(qn("w:fill"), shade)
        properties.append(fill)
    cell.append(properties)
    paragraph, about = OxmlElement("w:p"), OxmlElement("w:pPr")
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:after"), "0")
    about.append(spacing)
    justified = OxmlElement("w:jc")
    justified.set(qn("w:val"), align)
    about.append(justified)
    paragraph.append(about)
    run, look = OxmlElement("w:r"), OxmlElement("w:rPr")
    if bold:
        look.append(OxmlElement("w:b"))
    size = OxmlElement("w:sz")
    size.set(qn("w:val"), "16")
    look.append(size)
    run.append(look)
    written: Any = OxmlElement("w:t")
    written.set(qn("xml:space"), "preserve")
    written.text = text
    run.append(written)
    paragraph.append(run)
    cell.append(paragraph)
    return cell


def _figure(paper: Document, block: Shaped) -> None:
    paper.add_picture(io.BytesIO(_drawn(block["svg"])), width=int(WIDTH * min(block["width"], 100) / 100))
    paper.add_paragraph(_text(f"{block['number']}  {block['caption']}  {_refs(block)}"), style="Caption")
    # The numbers beside it, for those who cannot see it.
    paper.add_paragraph(_text(block["note"] or block["alt"]))


def _drawn(svg: str) -> bytes:
    """A drawing as PNG."""
    drawn: Any = typst.compile(PICTURE.encode(), font_paths=fonts(), format="png", ppi=144, sys_inputs={"svg": svg})
    return bytes(drawn[0]) if isinstance(drawn, list) else bytes(drawn)


def _cell(cell: Shaped) -> str:
    return " ".join(part for part in (_text(cell.get("text", "")), _refs(cell), _anchor(cell)) if part)


def _refs(cell: Shaped) -> str:
    return f"[{', '.join(cell['refs'])}]" if cell.get("refs") else ""


def _anchor(cell: Shaped) -> str:
    return cell["anchor"] if cell.get("anchor") and not cell.get("text") else ""


def _text(value: object) -> str:
    return str(value).translate(ILLEGAL)


def _fixed(data: bytes) -> bytes:
    """The same parts with a fixed time, so that the same report gives the same bytes."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in _parts(old):
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return kept.getvalue()


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for entry in archive.infolist():
        yield entry.filename, archive.read(entry)
