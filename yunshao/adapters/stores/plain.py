"""Values and text that any store can hold, whatever an attacker wrote into them."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import orjson

UNSTORABLE = '{"unstorable":true}'


def dumps(value: object) -> str:
    """Valid JSON text of any value: lone surrogates stay as escapes, whole numbers of any size stay exact,
    what is no number becomes null, and what has no JSON form becomes its text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _slow_dumps(value)


def _slow_dumps(value: object) -> str:
    try:
        return json.dumps(_finite(value), ensure_ascii=True, default=str, skipkeys=True, separators=(",", ":"))
    except (RecursionError, ValueError):
        return UNSTORABLE


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def loads(text: str | bytes) -> Any:
    """What `dumps` wrote."""
    return json.loads(text)


def clean(text: str) -> str:
    """Text that UTF-8 can hold; a lone surrogate becomes its visible escape."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def seen_id(source: str, uid: str) -> bytes:
    """16 bytes that stand for one event."""
    return hashlib.blake2b(f"{source}|{uid}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
