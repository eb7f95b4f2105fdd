"""A report as one stand-alone web page: no address outside it, no script, its own content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from markupsafe import Markup

from reports.shared.content import hash_of, pages, rendered, style
from reports.shared.custom import SHIPPED, Custom
from reports.shared.faces import faces
from reports.spec import Report


def page(report: Report, shaped: dict[str, Any], custom: Custom = SHIPPED) -> bytes:
    """The page of a report; `shaped` is the report as JSON types.

    Raises BadContent for a template of the site that does not work.
    """
    sheet = f"{style()}{faces([orjson.dumps(shaped).decode('utf-8')])}"
    values = {
        "r": shaped,
        "w": shaped["words"],
        "sheet": Markup(sheet),  # noqa: S704 - our own file, and fonts in base64
        "digest": hash_of(sheet),
        "chart_face": faces(drawings(shaped), serif=False),
        "logo": custom.logo_address,
    }
    own = custom.page(report.kind)
    text = pages().get_template("shared/base.html.j2").render(values) if own is None else rendered(own, values)
    return text.encode("utf-8", "replace")


def drawings(shaped: Any) -> Iterator[str]:
    """Every SVG drawing of a report."""
    if isinstance(shaped, dict):
        if isinstance(shaped.get("svg"), str):
            yield shaped["svg"]
        shaped = list(shaped.values())
    if isinstance(shaped, list):
        for one in shaped:
            yield from drawings(one)
