"""What kind of deed an operation's name tells: create, read, update, delete, or something else."""

from __future__ import annotations

import re
from functools import lru_cache

CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING = {
    CREATE: "add added create created new invite install upload copy clone",
    READ: "access accessed download downloaded evaluate export fetch get list preview previewed read search view "
    "viewed",
    UPDATE: "activate approve assign change changed deactivate disable disabled edit enable enabled grant modified "
    "modify move moved push rename renamed reset restore set suspend transfer unsuspend update updated verify",
    DELETE: "cancel clear delete deleted destroy purge recycle recycled remove removed revoke revoked uninstall",
}
_KINDS = {word: kind for kind, words in _TELLING.items() for word in words.split()}


@lru_cache(maxsize=1 << 12)
def deed_of(operation: str) -> int:
    """The kind by the first telling word of the name's last part, then of all of it."""
    last = re.split(r"[./:]", operation[:256])[-1]
    for words in (_WORD.findall(last), _WORD.findall(operation[:256])):
        found = next((kind for word in words if (kind := _KINDS.get(word.lower()))), None)
        if found:
            return found
    return OTHER
