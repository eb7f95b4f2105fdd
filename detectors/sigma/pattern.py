"""What a detection item looks for: texts with wildcards, and the modifiers that change them before matching."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network

from detectors.sigma.limits import MAX_WINDASHES

DASHES = ("-", "/", "\u2013", "\u2014", "\u2015")
_FLAG_DASH = re.compile(r"\B[-/\u2013\u2014\u2015]\b")


class Wild(Enum):
    """A wildcard inside a text."""

    MANY = "*"
    ONE = "?"


Part = str | Wild


@dataclass(frozen=True, slots=True)
class Text:
    """A text that the whole value must equal, wildcards apart. `octets`: each character stands for one byte."""

    parts: tuple[Part, ...]
    cased: bool = False
    octets: bool = False

    @property
    def literal(self) -> str | None:
        """The text when it has no wildcard."""
        if not self.parts:
            return ""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, str) else None


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression that is found somewhere in the value."""

    pattern: str
    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """The value is an address inside this network."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Compare:
    """The value as a number, or the named part of it as a time, compared with a number."""

    operator: str
    number: float
    part: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """The value against another field of the same event: equal, or starting, ending or containing it."""

    field: str
    way: str = "equals"
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """The field is there, whatever it holds; or it is not."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Null:
    """The field is absent, or JSON null."""


Test = Text | Expression | Network | Compare | Reference | Present | Null


def parse_text(raw: str) -> Text:
    r"""Wildcards `*` and `?`, made literal by a backslash; a backslash before anything else is itself."""
    parts: list[Part] = []
    plain: list[str] = []
    position, length = 0, len(raw)
    while position < length:
        character = raw[position]
        if character == "\\" and position + 1 < length and raw[position + 1] in "\\*?":
            plain.append(raw[position + 1])
            position += 2
            continue
        if character in "*?":
            if plain:
                parts.append("".join(plain))
                plain.clear()
            wild = Wild(character)
            if not (wild is Wild.MANY and parts and parts[-1] is Wild.MANY):
                parts.append(wild)
        else:
            plain.append(character)
        position += 1
    if plain:
        parts.append("".join(plain))
    return Text(tuple(parts))


def open_start(text: Text) -> Text:
    """The same text with anything before it."""
    if text.parts and text.parts[0] is Wild.MANY:
        return text
    return Text((Wild.MANY, *text.parts), text.cased, text.octets)


def open_end(text: Text) -> Text:
    """The same text with anything after it."""
    if text.parts and text.parts[-1] is Wild.MANY:
        return text
    return Text((*text.parts, Wild.MANY), text.cased, text.octets)


def as_cased(text: Text) -> Text:
    """The same text, capitals told apart."""
    return Text(text.parts, True, text.octets)


def encode_wide(text: Text, encoding: str, mark: bytes = b"") -> Text:
    """Each character as the bytes of a UTF-16 form; wildcards stay."""
    parts = [part if isinstance(part, Wild) else part.encode(encoding).decode("latin-1") for part in text.parts]
    if mark:
        parts.insert(0, mark.decode("latin-1"))
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return Text(tuple(merged), text.cased, True)


def _bytes_of(text: Text) -> bytes:
    literal = text.literal
    if literal is None:
        raise ValueError("base64 of a text with wildcards")
    return literal.encode("latin-1" if text.octets else "utf-8", "surrogatepass" if not text.octets else "strict")


def encode_base64(text: Text) -> Text:
    """The base64 form; it tells capitals apart. Raises ValueError for a text with wildcards."""
    return Text((base64.b64encode(_bytes_of(text)).decode("ascii"),), True)


def encode_base64_offsets(text: Text) -> tuple[Text, ...]:
    """The three forms that the bytes take inside a longer base64 text. Raises ValueError for wildcards.

    Nothing of a single byte stays the same in all three: it is refused too, because an empty form is found anywhere.
    """
    data = _bytes_of(text)
    found = []
    for offset in range(3):
        encoded = base64.b64encode(b" " * offset + data).decode("ascii")
        start = (0, 2, 3)[offset]
        end = (None, -3, -2)[(len(data) + offset) % 3]
        if not encoded[start:end]:
            raise ValueError("too short: one of its forms has nothing left to look for")
        found.append(Text((encoded[start:end],), True))
    return tuple(found)


def swap_dashes(text: Text) -> tuple[Text, ...]:
    """Every way to write the option dashes of a command line. Raises ValueError for more than three."""
    pieces: list[tuple[Part, ...]] = []
    for part in text.parts:
        if isinstance(part, Wild):
            pieces.append((part,))
            continue
        for literal, is_dash in _around_dashes(part):
            pieces.append(DASHES if is_dash else (literal,))
    if sum(piece is DASHES for piece in pieces) > MAX_WINDASHES:
        raise ValueError(f"more than {MAX_WINDASHES} option dashes for windash")
    return tuple(_joined(choice, text) for choice in itertools.product(*pieces))


def _around_dashes(literal: str) -> Iterator[tuple[str, bool]]:
    last = 0
    for found in _FLAG_DASH.finditer(literal):
        if found.start() > last:
            yield literal[last : found.start()], False
        yield found.group(), True
        last = found.end()
    if last < len(literal):
        yield literal[last:], False


def _joined(choice: tuple[Part, ...], like: Text) -> Text:
    parts: list[Part] = []
    for part in choice:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts), like.cased, like.octets)
