"""A drawn chart made fit for paper: shapes and presentation attributes alone, no style sheet, script, id or address.

Such a drawing looks the same as an image in a web page under a strict policy and inside the PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
FAMILY = "Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
INK = "#1f2933"
QUIET = "#5b6670"
LINE = "#8a949e"
GUIDE = "#dde2e7"
DROPPED = frozenset({"script", "style", "desc", "title"})
KEPT = frozenset(
    {"d", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "transform", "viewBox", "x1", "x2", "y1", "y2"}
)


@dataclass(frozen=True, slots=True)
class Look:
    """How one chart is painted: a colour and a marker for each series, and where words stand."""

    colours: Sequence[str]
    markers: Sequence[str] = ()
    size: int = 15
    value_size: int = 15
    value_anchor: str = "middle"
    rotated: str = "start"
    cells: bool = False


def settle(drawn: str, look: Look, alt: str) -> str:
    """The SVG text of a chart with everything but its shapes and words removed."""
    root = ElementTree.fromstring(drawn)  # noqa: S314 - drawn by our own chart library a moment ago
    ElementTree.register_namespace("", SVG)
    box = root.get("viewBox") or "0 0 640 400"
    _walk(root, (), "", look)
    width, height = box.split()[2:4]
    root.attrib.clear()
    root.attrib.update(
        {"viewBox": box, "width": width, "height": height, "role": "img", "aria-label": alt, "font-family": FAMILY}
    )
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _walk(element: ElementTree.Element, above: tuple[str, ...], colour: str, look: Look) -> None:
    here = (*above, *(element.get("class") or "").split())
    colour = _inline_colour(element.get("style") or "") or colour
    for child in list(element):
        tag = _tag(child)
        if tag in DROPPED or "tooltip-overlay" in (child.get("class") or ""):
            element.remove(child)
            continue
        _walk(child, here, colour, look)
        _paint(child, tag, here, colour, look)


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _paint(element: ElementTree.Element, tag: str, above: tuple[str, ...], own_colour: str, look: Look) -> None:
    """Give one element the attributes of its part in the chart and take everything else from it."""
    own = frozenset((element.get("class") or "").split())
    kept = {name: _short(value) for name, value in element.attrib.items() if name in KEPT}
    element.attrib.clear()
    element.attrib.update(kept)
    if tag == "text":
        element.attrib.update(_words(own, above, look, rotated="transform" in kept))
    elif tag in {"path", "rect", "circle"}:
        around = frozenset(above)
        colour = own_colour or _series_colour((*above, *own), look)
        element.attrib.update(_shape(tag, own, around, colour, look))
        if tag == "circle" or "legends" in around:
            _mark(element, _marker((*above, *own), look), colour)


def _short(value: str) -> str:
    """Coordinates with two decimals: smaller, and the same on every machine."""
    parts = value.replace(",", " , ").replace("(", " ( ").replace(")", " ) ").split(" ")
    return "".join(_joined(parts))


def _joined(parts: Sequence[str]) -> list[str]:
    words: list[str] = []
    for part in parts:
        if part in {"", ",", "(", ")"}:
            words.append(part)
            continue
        head = part[0] if part[0].isalpha() else ""
        try:
            text = f"{float(part[len(head) :]):.2f}".rstrip("0").rstrip(".")
        except ValueError:
            text = part[len(head) :]
        glue = " " if words and words[-1] not in {"(", ","} else ""
        words.append(f"{glue}{head}{text}")
    return words


def _inline_colour(style: str) -> str:
    for rule in style.split(";"):
        name, _, value = rule.partition(":")
        if name.strip() == "fill" and value.strip().startswith("#"):
            return value.strip()
    return ""


def _index(classes: Sequence[str]) -> int:
    for name in reversed(classes):
        if name.startswith("color-") and name[6:].isdigit():
            return int(name[6:])
    return 0


def _series_colour(classes: Sequence[str], look: Look) -> str:
    return look.colours[_index(classes) % len(look.colours)]


def _marker(classes: Sequence[str], look: Look) -> str:
    return look.markers[_index(classes) % len(look.markers)] if look.markers else ""


def _shape(tag: str, own: frozenset[str], above: frozenset[str], colour: str, look: Look) -> dict[str, str]:
    if "background" in own:
        return {"fill": "#ffffff" if "plot" not in above else "none"}
    if "axis" in above:
        return _axis_line(own, above)
    if tag == "path":
        return {"fill": "none", "stroke": colour, "stroke-width": "2.2", "stroke-linejoin": "round"}
    if look.cells and "legends" not in above:
        return {"fill": colour, "stroke": "#ffffff", "stroke-width": "2"}
    return {"fill": colour}


def _axis_line(own: frozenset[str], above: frozenset[str]) -> dict[str, str]:
    across = "x" in above if "vertical" in above else "y" in above
    if "guide" in own and ((across and "always_show" not in above) or "no-guides" in above):
        return {"fill": "none", "stroke": "none"}
    stroke = GUIDE if "guide" in own else LINE
    return {"fill": "none", "stroke": stroke, "stroke-width": "1"}


def _words(own: frozenset[str], above: tuple[str, ...], look: Look, *, rotated: bool) -> dict[str, str]:
    around = frozenset(above)
    size, anchor, fill = look.size, "middle", INK
    if "text-overlay" in around:
        size, anchor = look.value_size, look.value_anchor
    elif "legends" in around:
        anchor = "start"
    elif "axis" in around and "y" in around:
        anchor = "end"
    elif "axis" in around and rotated:
        anchor = look.rotated
    elif "titles" in around or "title" in own:
        fill = QUIET
    return {"font-size": str(size), "text-anchor": anchor, "fill": fill}


def _mark(element: ElementTree.Element, marker: str, colour: str) -> None:
    """Turn a dot or a legend box into the marker of its series, so that colour is never alone."""
    if not marker:
        return
    x, y, half = _centre(element)
    element.tag = f"{{{SVG}}}path"
    element.attrib.clear()
    hollow = marker.startswith("hollow-")
    element.set("d", _outline(marker.removeprefix("hollow-"), x, y, half * 1.45 if hollow else half))
    element.set("fill", "#ffffff" if hollow else colour)
    element.set("stroke", colour)
    element.set("stroke-width", "2")


def _centre(element: ElementTree.Element) -> tuple[float, float, float]:
    if element.get("cx") is not None:
        return float(element.get("cx", "0")), float(element.get("cy", "0")), float(element.get("r", "5"))
    width, height = float(element.get("width", "12")), float(element.get("height", "12"))
    return float(element.get("x", "0")) + width / 2, float(element.get("y", "0")) + height / 2, width / 2 - 1


def _outline(marker: str, x: float, y: float, half: float) -> str:
    if marker == "circle":
        return (
            f"M{x - half:.2f} {y:.2f}a{half:.2f} {half:.2f} 0 1 0 {2 * half:.2f} 0"
            f"a{half:.2f} {half:.2f} 0 1 0 {-2 * half:.2f} 0z"
        )
    if marker == "triangle":
        reach = half * 1.15
        rise = reach * sqrt(3) / 2
        return f"M{x:.2f} {y - rise:.2f}L{x + reach:.2f} {y + rise:.2f}L{x - reach:.2f} {y + rise:.2f}z"
    if marker == "diamond":
        reach = half * 1.2
        points = ((x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y))
        return "M" + "L".join(f"{px:.2f} {py:.2f}" for px, py in points) + "z"
    return f"M{x - half:.2f} {y - half:.2f}h{2 * half:.2f}v{2 * half:.2f}h{-2 * half:.2f}z"
