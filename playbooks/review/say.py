"""A text in both languages at once, for documents."""

from __future__ import annotations

from yunshao.text import LANGUAGES, texts_of


def both(key: str, /, **values: object) -> dict[str, str]:
    """The text of a key in zh and en. Raises BadConfiguration for a key that is in no catalogue."""
    texts = texts_of("playbooks.review")
    return {language: texts(language, key, **values) for language in LANGUAGES}
