"""The packaged pieces that reports are made of, read once."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

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
    return environment


def image(svg: str) -> str:
    """A drawing as the address of an image that holds it."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")


@cache
def style() -> tuple[str, str]:
    """The style sheet of web reports, and its hash as a content security policy names it."""
    sheet = packaged("shared/style.css").replace("</", "<\\/")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
    return sheet, f"sha256-{digest}"
