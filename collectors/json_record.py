"""From the bytes of one record to its native object, within bounds. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import orjson

from yunshao.errors import Rejection
from yunshao.model.block import Columns
from yunshao.model.event import Identity, Native

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
_BRACKETS = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+"|")*+([{}\[\]])', re.DOTALL)
_LONGEST_NUMBER = 19
_OPENING = ("{", "[")


def native_of(raw: bytes) -> Native:
    """The JSON object in these bytes. Raises Rejection: too_large, too_deep, not_json, not_an_object."""
    if len(raw) > MAX_BYTES:
        raise Rejection("too_large", f"{len(raw)} bytes, at most {MAX_BYTES}")
    if _is_too_deep(raw):
        raise Rejection("too_deep", f"nested deeper than {MAX_DEPTH}")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = _leniently(raw)
    if value.__class__ is not dict:
        raise Rejection("not_an_object", f"a JSON {_name(value)}, not an object")
    return value


def natives_of(raws: Sequence[bytes]) -> list[Native] | None:
    """`native_of` each of these; None where one of them needs a closer look."""
    if max(map(len, raws)) > MAX_BYTES:
        return None
    counts = map(bytes.count, raws, repeat(b"{"))
    listed = map(bytes.__contains__, raws, repeat(b"["))
    bracketed = [raw for raw, count, some in zip(raws, counts, listed, strict=True) if some or count > MAX_DEPTH]
    if bracketed and any(map(_is_too_deep, bracketed)):
        return None
    try:
        natives = list(map(orjson.loads, raws))
    except orjson.JSONDecodeError:
        return None
    return natives if set(map(type, natives)) == {dict} else None


def identified(natives: list[Native], identify: Callable[[Native], Identity]) -> Columns:
    """The records with the ids and times that `identify` gives. Raises what it raises."""
    uids, times = zip(*map(identify, natives), strict=True)
    return Columns(natives, list(uids), list(times))


def opened(value: Any) -> Any:
    """The JSON object or list that stands in a text; the value itself where none does."""
    if value.__class__ is not str or value[:1] not in _OPENING or len(value) < 2:
        return value
    try:
        return native_of(b'{"":%s}' % value.encode("utf-8", "replace"))[""]
    except (Rejection, KeyError):
        return value


def digest(native: Native) -> str:
    """32 hex digits made from the content: the id of a record whose source gives none."""
    try:
        canonical = orjson.dumps(native, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        canonical = json.dumps(native, sort_keys=True, default=str).encode()
    return hashlib.sha256(canonical).hexdigest()[:32]


def _leniently(raw: bytes) -> Any:
    """What strict JSON refuses although its sense is clear: a wrong charset, half a surrogate, a huge number."""
    text = raw.decode("utf-8", "replace").strip("\0 \t\r\n\ufeff")
    try:
        value = json.loads(text, strict=False, parse_int=_number, parse_constant=_no_number)
    except ValueError as error:
        where = f"character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else "a number"
        raise Rejection("not_json", f"not JSON at {where}") from None
    except RecursionError:
        raise Rejection("too_deep", f"nested deeper than {MAX_DEPTH}") from None
    return whole(value)


def whole(value: Any) -> Any:
    """The same JSON value with half surrogates replaced, so that it can be written again."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    return value


def _number(digits: str) -> int | float:
    if len(digits) <= _LONGEST_NUMBER - 1:
        return int(digits)
    return float(digits)


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON values; nothing is known."""


def _is_too_deep(raw: bytes) -> bool:
    return raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(raw) > MAX_DEPTH


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for found in _BRACKETS.finditer(raw):
        if found[1] in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _name(value: Any) -> str:
    match value:
        case list():
            return "array"
        case str():
            return "string"
        case bool() | None:
            return "literal"
        case _:
            return "number"
