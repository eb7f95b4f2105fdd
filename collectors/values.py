"""Typed views of values that an attacker may have chosen: each gives the type it says, or None. Nothing raises."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from math import isfinite
from typing import Any

from yunshao.model.address import PLAIN_V4

EMPTY: dict[str, Any] = {}
_INT64 = 1 << 63
_MAX_ITEMS = 200
_NOTHING: tuple[Any, ...] = (None, {}, [])
_NUMBERS = (int, float)


def text(value: Any) -> str | None:
    """Text that says something: a non-empty string, or a number in digits."""
    if value.__class__ is str:
        return value or None
    if value is None or isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    return str(value) if abs(value) < _INT64 else None


def first_text(*values: Any) -> str | None:
    """The first that says something."""
    for value in values:
        found = text(value)
        if found:
            return found
    return None


def integer(value: Any) -> int | None:
    """A whole number that fits 64 bits, also from digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if isfinite(value) else None
    elif isinstance(value, str):
        value = (
            int(value)
            if len(value) < 20
            and value.isascii()
            and value.lstrip("-").isdigit()
            and value[-1] != "-"
            and value.count("-") < 2
            else None
        )
    return value if isinstance(value, int) and -_INT64 <= value < _INT64 else None


def count(value: Any) -> int | None:
    """A whole number that is not negative."""
    number = integer(value)
    return number if number is not None and number >= 0 else None


def port(value: Any) -> int | None:
    """A port number."""
    number = integer(value)
    return number if number is not None and 0 <= number <= 65535 else None


def flag(value: Any) -> bool | None:
    """Truth, also from the words that providers use."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower())
    return None


def mapping(value: Any) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else EMPTY


def items(value: Any, limit: int = _MAX_ITEMS) -> list[Any]:
    """The first elements of a list, or none."""
    return value[:limit] if isinstance(value, list) else []


def objects(value: Any, limit: int = _MAX_ITEMS) -> list[dict[str, Any]]:
    """The objects among the first elements of a list."""
    return [item for item in items(value, limit) if isinstance(item, dict)]


def texts(value: Any, limit: int = _MAX_ITEMS) -> list[str]:
    """The texts among the first elements of a list."""
    return [found for item in items(value, limit) if (found := text(item))]


def address(value: Any) -> str | None:
    """An IP address in its usual form: no brackets, port or mapping; None when it is none."""
    return _address(value) if isinstance(value, str) and len(value) < 64 else None


def some(**members: Any) -> dict[str, Any] | None:
    """An object of the members that are known; None when none is."""
    return full(members.items()) or None


def full(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Only the members that are known: not None, and no empty object or list."""
    return {name: value for name, value in members if value or value not in _NOTHING}


@lru_cache(maxsize=1 << 14)
def _address(value: str) -> str | None:
    if PLAIN_V4.fullmatch(value):
        return value
    bare = value.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        parsed = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)
