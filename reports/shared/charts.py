"""The drawings of reports and pages: values in, SVG text out; the same values give the same text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pygal
from pygal.style import Style

from reports.shared.plain import figure, visible
from reports.shared.settle import Look, settle

SERIES = ("#1d4f7c", "#c2762b", "#5a7d3c", "#7a4a86")
PALE = ("#b9c6d3", "#1d4f7c", "#c2762b", "#5a7d3c")
LEVEL_COLOURS = {0: "#f3f5f7", 1: "#dcebd9", 2: "#d3e3f3", 3: "#fbe7a2", 4: "#f6b26b", 5: "#e0705f"}
MAX_LABEL = 34
LABEL = 14
MAX_VALUE = 1e15


@dataclass(frozen=True, slots=True)
class Square:
    """One field of a heat map: how many, and the level that gives its colour (0: none)."""

    count: int
    level: int


@dataclass(frozen=True, slots=True)
class Track:
    """One line of a timeline: a label and, per stage, minutes since the start (None: did not happen)."""

    label: str
    marks: Sequence[float | None]


def bars(
    labels: Sequence[str], series: Mapping[str, Sequence[float | None]], alt: str, *, height: int = 0, digits: int = 0
) -> str:
    """Lying bars, one group a label, with the value at the end of each bar."""
    names = [_label(label) for label in labels]
    # Many bars stand closer: a drawing stays below half a page.
    group = 20 + 20 * len(series) if len(names) <= 8 else 12 + 16 * len(series)
    tall = height or 70 + len(names) * group
    chart = pygal.HorizontalBar(
        **_frame(600, tall, names, legend=len(series) > 1),
        print_values=True,
        print_values_position="top",
        show_x_guides=True,
        show_y_guides=False,
        range=(0, _top(series)),
    )
    # Long labels leave a narrow field: fewer places in the legend are wider ones.
    chart.legend_at_bottom_columns = min(len(series), 2)
    chart.y_labels = _ticks(_top(series))
    chart.x_labels = list(reversed(names))
    for name, values in series.items():
        chart.add(visible(name), [_valued(value, digits) for value in reversed(list(values))])
    colours = PALE[: len(series)] if len(series) > 1 else SERIES
    return settle(_drawn(chart), Look(colours, value_anchor="start", size=LABEL, value_size=LABEL), alt)


def lines(labels: Sequence[str], series: Mapping[str, Sequence[float | None]], alt: str, *, height: int = 260) -> str:
    """Lines over equal steps (days, months), a dot and marker a value."""
    chart = pygal.Line(
        **_frame(600, height, [], legend=len(series) > 1),
        dots_size=3.5 if len(labels) <= 40 else 0.1,
        range=(0, _top(series)),
        show_minor_x_labels=False,
        formatter=lambda value: figure(value, 1),
    )
    chart.y_labels = _ticks(_top(series))
    names = [_label(label) for label in labels]
    chart.x_labels = names
    chart.x_labels_major = names[:: max(1, -(-len(names) // 8))]
    for name, values in series.items():
        chart.add(visible(name), list(values))
    return settle(_drawn(chart), Look(SERIES, ("circle", "triangle", "square", "diamond"), size=LABEL), alt)


class _Cells(pygal.StackedBar):  # type: ignore[misc]
    """Stacked bars without gaps: a grid of fields."""

    _series_margin = 0
    _serie_margin = 0


def heat_map(
    squares: Sequence[Sequence[Square]],
    rows: Sequence[str],
    columns: Sequence[str],
    row_name: str,
    column_name: str,
    alt: str,
) -> str:
    """A grid with a number in every field; `squares[0]` is the lowest row."""
    chart = _Cells(
        **_frame(460, 400, [_label(row) for row in rows], legend=False),
        print_values=True,
        print_values_position="center",
        show_y_guides=False,
        x_title=column_name,
        y_title=row_name,
        range=(0, len(rows)),
    )
    chart.x_labels = [_label(column) for column in columns]
    chart.y_labels = [{"label": _label(row), "value": index + 0.5} for index, row in enumerate(rows)]
    for index, line in enumerate(squares):
        chart.add(str(index), [_field(square) for square in line])
    return settle(_drawn(chart), Look(("#f3f5f7",), cells=True, size=LABEL, value_size=17), alt)


def timeline(tracks: Sequence[Track], stages: Sequence[str], alt: str, x_title: str) -> str:
    """Planned and actual moments of each step: one line a step, one marker shape a stage."""
    names = [_label(track.label) for track in tracks]
    count = len(names)
    latest = max((mark for track in tracks for mark in track.marks if mark is not None), default=0)
    chart = pygal.XY(
        **_frame(720, 110 + 34 * count, names, legend=True),
        stroke=False,
        dots_size=6,
        show_x_guides=True,
        show_y_guides=True,
        max_scale=10,
        x_title=x_title,
        range=(0.4, count + 0.6),
        xrange=(0, max(1.0, latest * 1.04)),
        x_value_formatter=lambda value: figure(value, 1),
    )
    chart.y_labels = [{"label": name, "value": count - index} for index, name in enumerate(names)]
    for stage, name in enumerate(stages):
        chart.add(visible(name), [*_points(tracks, stage)])
    colours = ("#5b6670", "#1d4f7c", "#b3261e", "#5a7d3c")
    markers = ("hollow-diamond", "circle", "triangle", "square")
    return settle(_drawn(chart), Look(colours, markers, size=LABEL), alt)


def _points(tracks: Sequence[Track], stage: int) -> list[tuple[float, float]]:
    return [
        (mark, len(tracks) - index)
        for index, track in enumerate(tracks)
        if stage < len(track.marks) and (mark := track.marks[stage]) is not None
    ]


def _drawn(chart: pygal.graph.graph.Graph) -> str:
    return str(chart.render(is_unicode=True))


def _frame(width: int, height: int, left: Sequence[str], *, legend: bool) -> dict[str, object]:
    """Settings of every chart. The library measures labels as Latin letters, so Chinese needs more room."""
    wide = max((_extra(name) for name in left), default=0)
    return {
        "width": width,
        "height": height,
        "js": [],
        "no_prefix": True,
        "disable_xml_declaration": True,
        "show_legend": legend,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 4,
        "legend_box_size": 13,
        "truncate_label": -1,
        "truncate_legend": -1,
        "margin": 8,
        "margin_left": 10 + wide,
        "margin_right": 44,
        "margin_top": 16,
        "margin_bottom": 34 if legend else 8,
        "style": Style(
            font_family="sans-serif",
            label_font_size=LABEL,
            major_label_font_size=LABEL,
            legend_font_size=LABEL,
            title_font_size=LABEL,
            value_font_size=LABEL,
        ),
    }


def _extra(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return int(wide * LABEL * 0.42)


def _label(text: str) -> str:
    """A label short enough for a chart, counted in columns."""
    shown = visible(text)
    used = 0
    for index, character in enumerate(shown):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > MAX_LABEL:
            return f"{shown[: max(index - 1, 1)]}…"
    return shown


def _top(series: Mapping[str, Sequence[float | None]]) -> float:
    highest = max((value for values in series.values() for value in values if value is not None), default=0)
    highest = min(highest, MAX_VALUE)
    return max(1.0, highest * 1.08)


def _ticks(top: float) -> list[int]:
    """Six or fewer whole numbers from nothing up to the top, in steps of 1, 2 or 5 times a power of ten."""
    step = next(size * 10**power for power in range(16) for size in (1, 2, 5) if top / (size * 10**power) <= 6)
    return list(range(0, int(top) + 1, step))


def _valued(value: float | None, digits: int) -> dict[str, object]:
    return {"value": value, "formatter": _fixed(figure(value, digits))}


def _field(square: Square) -> dict[str, object]:
    colour = LEVEL_COLOURS.get(square.level, LEVEL_COLOURS[0])
    shown = f"{square.count} ({square.level})" if square.count else "0"
    return {"value": 1, "color": colour, "formatter": _fixed(shown)}


def _fixed(text: str) -> Callable[[object], str]:
    def formatter(_: object) -> str:
        return text

    return formatter
