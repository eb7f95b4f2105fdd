"""Words in zh-CN and en: one catalogue a room, both languages side by side, no text without its twin."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from yunshao.errors import BadConfiguration

LANGUAGES = ("zh", "en")


class Texts:
    """The words of one room: `texts("zh", "alert.status.new", n=3)` fills `{n}`."""

    def __init__(self, words: Mapping[str, Mapping[str, str]]) -> None:
        self._words = words

    def __call__(self, language: str, key: str, /, **values: object) -> str:
        """The text of a key. Raises BadConfiguration for a key that is in no catalogue."""
        try:
            text = self._words[language][key]
        except KeyError:
            raise BadConfiguration(f"no {language} text for {key!r}", "add it to both catalogues") from None
        return text.format(**values) if values else text

    def keys(self, language: str) -> frozenset[str]:
        """Every key of one language."""
        return frozenset(self._words[language])


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested mappings to dotted keys."""
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat


@cache
def texts_of(package: str) -> Texts:
    """The catalogues `text.zh.yml` and `text.en.yml` that a package carries."""
    folder = resources.files(package)
    words = {}
    for language in LANGUAGES:
        content = folder.joinpath(f"text.{language}.yml").read_text(encoding="utf-8")
        words[language] = flatten(yaml.load(content, Loader=yaml.CSafeLoader))
    return Texts(words)
