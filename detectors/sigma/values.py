"""Values of an event's fields: found by path, and seen as texts, numbers, times and addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import orjson

from yunshao.model.event import Event, Native

MAX_LEAVES = 4_096
MAX_NESTING = 64
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\s*\Z")


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
Get = Callable[[Native, Event], Any]


def reader(path: str) -> Get:
    """Reads one field of a native record: the flat key first, then into nested maps and through lists.

    At each map the whole rest of the path is tried as one key first, so that keys with dots in them are found.
    Through a list it gives the list of what the elements hold.
    """
    if "." not in path:
        return lambda native, _event: native.get(path, MISSING)
    head, _, rest = path.partition(".")
    inner = _inner(rest)

    def get(native: Native, _event: Event) -> Any:
        found = native.get(path, MISSING)
        if found is not MISSING:
            return found
        below = native.get(head)
        return MISSING if below is None else inner(below)

    return get


def column_reader(path: str) -> Callable[[Sequence[Native]], list[Any]] | None:
    """As `reader`, for many records at once; None where the path is longer than a member of a member."""
    head, _, rest = path.partition(".")
    if not rest:
        return lambda natives: [native.get(path, MISSING) for native in natives]
    if "." in rest:
        return None
    inner = _inner(rest)

    def get(native: Native) -> Any:
        found = native.get(path, MISSING)
        if found is not MISSING:
            return found
        below = native.get(head)
        return MISSING if below is None else inner(below)

    def column(natives: Sequence[Native]) -> list[Any]:
        return [
            below.get(rest, MISSING)
            if (below := native.get(head)).__class__ is dict and path not in native
            else get(native)
            for native in natives
        ]

    return column


def _inner(path: str) -> Callable[[Any], Any]:
    head, _, rest = path.partition(".")
    inner = _inner(rest) if rest else None

    def get(value: Any) -> Any:
        if type(value) is dict:
            found = value.get(path, MISSING)
            if found is not MISSING or inner is None:
                return found
            below = value.get(head)
            return MISSING if below is None else inner(below)
        if isinstance(value, list):
            gathered = [each for each in (get(element) for element in value[:MAX_LEAVES]) if each is not MISSING]
            return gathered or MISSING
        return MISSING

    return get


def first_of(gets: tuple[Get, ...]) -> Get:
    """The first of several places that holds something."""
    if len(gets) == 1:
        return gets[0]

    def get(native: Native, event: Event) -> Any:
        for each in gets:
            found = each(native, event)
            if found is not MISSING:
                return found
        return MISSING

    return get


def leaves(value: Any) -> Iterator[Any]:
    """The value, or each element of a list of any nesting; maps are leaves."""
    if not isinstance(value, list):
        yield value
        return
    waiting = [iter(value)]
    given = 0
    while waiting and given < MAX_LEAVES:
        for element in waiting[-1]:
            if isinstance(element, list):
                if len(waiting) < MAX_NESTING:
                    waiting.append(iter(element))
                    break
                continue
            given += 1
            yield element
            if given >= MAX_LEAVES:
                break
        else:
            waiting.pop()


def text_of(value: Any) -> str | None:
    """What a pattern is compared with: text as it is, numbers and booleans printed, maps as JSON; else None."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dict):
        try:
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
        except orjson.JSONEncodeError:
            return None
    return None


def number_of(value: Any) -> float | None:
    """The value as a number: a number, or a text that is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str) and len(value) <= 64 and _NUMBER.match(value):
        return float(value)
    return None


def moment_of(value: Any) -> datetime | None:
    """The value as a time, in the zone it was written in: ISO 8601, or seconds, ms, us, ns since 1970."""
    number = number_of(value)
    if number is not None:
        scale = next((each for each in (1, 1e3, 1e6, 1e9) if abs(number) < 1e11 * each), None)
        try:
            return datetime.fromtimestamp(number / scale, UTC) if scale else None
        except (OverflowError, ValueError, OSError):
            return None
    if isinstance(value, str) and len(value) <= 64:
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    return None


def address_of(value: Any) -> IPv4Address | IPv6Address | None:
    """The value as an address; v4 inside v6 is v4."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        found = ip_address(value.strip())
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


_NESTED = frozenset({dict, list})


def every_text(native: Native) -> list[str]:
    """Every text, number and boolean of the record, however deep: what keywords are looked for in."""
    if len(native) <= MAX_LEAVES and _NESTED.isdisjoint(map(type, native.values())):
        listed = [value if value.__class__ is str else text_of(value) for value in native.values()]
        return [text for text in listed if text is not None]
    found: list[str] = []
    waiting: list[Any] = [native]
    while waiting and len(found) < MAX_LEAVES:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(reversed(list(value.values())[:MAX_LEAVES]))
        elif isinstance(value, list):
            waiting.extend(reversed(value[:MAX_LEAVES]))
        else:
            text = text_of(value)
            if text is not None:
                found.append(text)
    return found
