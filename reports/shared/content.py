"""The packaged pieces that reports are made of, read once."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from yunshao.errors import BadContent

MAX_PAGE = 64 << 20
SHIPPED_PAGES = ("shared/base.html.j2", "shared/blocks.html.j2")
SEE = "see docs/reports.md"


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


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """A site's page template filled in, in a sandbox: nothing leads into Python, and its output is bounded.

    It may include and extend what is shipped. Raises BadContent with what is wrong.
    """
    try:
        return "".join(_bounded(boxed().from_string(template).generate(values)))
    except SecurityError as error:
        raise BadContent(f"the page template tries what is not allowed: {str(error)[:200]}", SEE) from None
    except jinja2.TemplateSyntaxError as error:
        raise BadContent(f"the page template, line {error.lineno}: {str(error.message)[:200]}", SEE) from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise BadContent(f"the page template does not work: {str(error)[:200]}", SEE) from None


def _bounded(parts: Iterable[str]) -> Iterator[str]:
    size = 0
    for part in parts:
        size += len(part)
        if size > MAX_PAGE:
            raise BadContent(f"the page template writes more than {MAX_PAGE >> 20} MiB", SEE)
        yield part


class _Box(ImmutableSandboxedEnvironment):
    """A sandbox that also multiplies no texts: a few letters would be gigabytes."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Whole numbers of a usual size and nothing else."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        small = numbers and abs(left) < 1e9 and abs(right) < 1e9
        if operator == "**" or not small:
            raise SecurityError(f"{operator} over such values")
        return super().call_binop(context, operator, left, right)


@cache
def boxed() -> ImmutableSandboxedEnvironment:
    """The sandbox of a site's page templates, with the filters and tests that ours use."""
    # Two templates and no path: a name with `..` in it would lead out of the package.
    shipped = jinja2.DictLoader({name: packaged(name) for name in SHIPPED_PAGES})
    box = _Box(loader=shipped, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    box.filters["image"] = image
    box.tests |= {"short": is_short, "slim": is_slim}
    return box


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
