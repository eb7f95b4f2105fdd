"""What must not be kept: passwords, keys and tokens, wherever a record carries them under their usual names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

NAMES = frozenset(
    {
        "accesstoken", "adminpass", "adminpassword", "apikey", "authorization", "authtoken", "bearertoken",
        "clientsecret", "cookie", "credentials", "idtoken", "keymaterial", "masteruserpassword", "newpassword",
        "oldpassword", "passwd", "password", "plaintext", "privatekey", "proxyauthorization", "pwd", "refreshtoken",
        "secret", "secretaccesskey", "secretbinary", "secretkey", "secretstring", "securitytoken", "sessiontoken",
        "setcookie", "userpassword", "webidentitytoken", "samlassertion", "stringdata", "xamzsecuritytoken",
    }
)  # fmt: skip
_ENDINGS = ("password", "accesskeysecret", "connectionstring")
DROPPED = "(dropped)"
_SEPARATORS = str.maketrans("", "", "-_. ")
_MAX_DEPTH = 64


@lru_cache(maxsize=1 << 13)
def is_secret(name: str) -> bool:
    """Whether a member of this name holds a secret, in any way of writing it."""
    if len(name) > 40:
        return False
    written = name.translate(_SEPARATORS).lower()
    return written in NAMES or written.endswith(_ENDINGS)


def without_secrets(value: Any, depth: int = 0) -> Any:
    """The same JSON value, each secret replaced by a word that says so. Objects keep their shape."""
    if isinstance(value, dict):
        if depth >= _MAX_DEPTH:
            return DROPPED
        return {
            name: _closed(item)
            if name.__class__ is str and is_secret(name)
            else item
            if item.__class__ is str
            else without_secrets(item, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item, depth + 1) for item in value] if depth < _MAX_DEPTH else DROPPED
    return value


def _closed(value: Any) -> Any:
    """A secret keeps only whether it was there; an object of that name is searched, since it may hold the key's id."""
    if isinstance(value, dict):
        return {name: item if _harmless(name, item) else DROPPED for name, item in value.items()}
    return DROPPED if value not in (None, "", [], {}) and not isinstance(value, bool) else value


def _harmless(name: Any, value: Any) -> bool:
    return isinstance(value, str | int | float | bool | None) and isinstance(name, str) and name.lower().endswith("id")
