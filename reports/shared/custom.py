"""What a site puts in the place of ours: texts, a logo, a whole page or PDF template, for all kinds or for one."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from reports.shared.words import NOTHING

ALL = ""


@dataclass(frozen=True, slots=True)
class Custom:
    """`words` by (kind, language) and key, `pages` (Jinja2) and `papers` (Typst) by kind; the kind "" is every kind.

    `logo` is SVG text.
    """

    words: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    papers: Mapping[str, str] = field(default_factory=dict)
    logo: str = ""

    def texts(self, kind: str, language: str) -> Mapping[str, str]:
        """The site's texts for a kind in a language, by key."""
        common, own = self.words.get((ALL, language), NOTHING), self.words.get((kind, language), NOTHING)
        return {**common, **own} if common or own else NOTHING

    def page(self, kind: str) -> str | None:
        """The site's page template for a kind, or None."""
        return self.pages.get(kind, self.pages.get(ALL))

    def paper(self, kind: str) -> str | None:
        """The site's PDF template for a kind, or None."""
        return self.papers.get(kind, self.papers.get(ALL))

    @property
    def logo_address(self) -> str:
        """The logo as the address of an image; empty without one."""
        if not self.logo:
            return ""
        return "data:image/svg+xml;base64," + base64.b64encode(self.logo.encode()).decode("ascii")


SHIPPED = Custom()
