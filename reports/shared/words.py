"""The words of one report: its own catalogue and the one that all reports share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reports.shared.plain import say, visible
from yunshao.model.event import UNOWNED
from yunshao.text import Texts, texts_of

PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,40})\}")
NOTHING: Mapping[str, str] = MappingProxyType({})
DIGITS = "零一二三四五六七八九十"
LANG = {"zh": "zh-CN", "en": "en"}


class Words:
    """Looks a key up in one language: keys below `shared.` in the common catalogue, all others in the report's."""

    def __init__(self, package: str, language: str, own: Mapping[str, str] = NOTHING) -> None:
        """`own` are the site's texts, by key: they take the place of shipped ones."""
        self.language = language
        self._site = own
        self._own: Texts = texts_of(package)
        self._shared: Texts = texts_of("reports.shared")
        self._known = self._own.keys(language) | self._shared.keys(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key. Raises BadConfiguration for a key that is in no catalogue."""
        if key in self._site:
            return fill(self._site[key], values)
        texts = self._shared if key.startswith("shared.") else self._own
        return texts(self.language, key, **values)

    def term(self, group: str, value: object) -> str:
        """A value of a closed list in words; any other value as it stands."""
        key = f"{group}.{value}"
        if isinstance(value, str | int) and key in self._known:
            return self(key)
        return say(value, self.language)

    def say(self, value: object) -> str:
        """A {zh, en} text or any value in this language."""
        return say(value, self.language)

    def unit(self, value: object) -> str:
        """The name of a unit, or its id; in words where nobody owns what it is about."""
        named = say(value, self.language)
        return self("shared.unowned") if named == UNOWNED else named

    def level(self, value: object) -> str:
        """A level from 1 to 5 with its name, as `4 高`."""
        if isinstance(value, Mapping) or value in (None, ""):
            return self("shared.unknown")
        name = self.term("shared.level", value)
        return name if name == visible(value) else f"{visible(value)} {name}"

    def joined(self, values: Sequence[str]) -> str:
        """Different values in one line, each once; a dash where there are none."""
        return ("、" if self.language == "zh" else ", ").join(dict.fromkeys(value for value in values if value)) or "—"

    def heading(self, number: int, title: str) -> str:
        """A chapter heading in the language's manner: `三、威胁识别`, `3  Threats`; 0 carries no number."""
        if number == 0:
            return title
        return f"{han(number)}、{title}" if self.language == "zh" else f"{number}  {title}"

    def table_of(self, prefix: str) -> dict[str, str]:
        """Every text below a prefix, by the rest of its key."""
        return {key.removeprefix(prefix): self(key) for key in sorted(self._known) if key.startswith(prefix)}


def fill(text: str, values: Mapping[str, object]) -> str:
    """A site's text with `{name}` filled in: plain names alone, no attribute, index or format, so that nothing runs.

    A place that nothing fills stays as it is written.
    """
    return PLACE.sub(lambda found: str(values[found[1]]) if found[1] in values else found[0], text)


def han(number: int) -> str:
    """A number from 1 to 99 in Chinese."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones else "")
