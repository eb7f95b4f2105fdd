"""The packaged pieces that reports are made of, read once."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2


@cache
def packaged(name: str) -> str:
    """A text file of the `reports` package, by its path inside the package."""
    return resources.files("reports").joinpath(*name.split("/")).read_text(encoding="utf-8")


@cache
def pages() -> jinja2.Environment:
    """The page templates. Everything is escaped; a name that is not there is an error, not an empty string."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(packaged),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["image"] = image
    environment.tests["short"] = is_short
    environment.tests["slim"] = is_slim
    return environment


def image(svg: str, face: str = "") -> str:
    """A drawing as the address of an image that holds it, with the `@font-face` rules that its letters need.

    An image sees nothing of the page around it, its fonts neither.
    """
    if face:
        end = svg.index(">", svg.index("<svg")) + 1
        svg = f"{svg[:end]}<style>{face}</style>{svg[end:]}"
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")


def is_short(text: str, limit: int = 12) -> bool:
    """Whether a text fits a narrow column without a break, counted in columns of a terminal."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text[: limit + 1]) <= limit


def is_slim(table: Mapping[str, Any]) -> bool:
    """Whether a table fits a phone as it is: few columns, short cells."""
    cells = (cell["text"] for row in table["rows"] for cell in row)
    return len(table["columns"]) <= 6 and bool(table["rows"]) and all(is_short(text, 10) for text in cells)


@cache
def style() -> str:
    """The style sheet of web reports."""
    return packaged("shared/style.css").replace("</", "<\\/")


def hash_of(sheet: str) -> str:
    """The hash of a style sheet as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
