"""JSON text of any value that a log may hold, and back, exactly."""

from __future__ import annotations

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


def quick_loads(text: str | bytes) -> Any:
    """What `dumps` wrote, by the quick reader where it can: it refuses lone surrogates, and rounds whole numbers beyond
    64 bits, of which there are none in our own forms."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
