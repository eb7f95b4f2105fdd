"""A report as one stand-alone web page: no address outside it, no script, its own content security policy."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from reports.shared.content import pages, style
from reports.spec import Report


def page(report: Report, shaped: dict[str, Any]) -> bytes:
    """The page of a report; `shaped` is the report as JSON types."""
    sheet, digest = style()
    template = pages().get_template(f"{report.kind}/page.html.j2")
    text = template.render(r=shaped, w=shaped["words"], sheet=Markup(sheet), digest=digest)  # noqa: S704 - our own file
    return text.encode("utf-8", "replace")
