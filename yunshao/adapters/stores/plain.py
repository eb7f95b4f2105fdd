"""Values and text that any store can hold, whatever an attacker wrote into them."""

from __future__ import annotations

import hashlib

from yunshao.wire.text import UNSTORABLE, dumps, loads

__all__ = ["UNSTORABLE", "clean", "dumps", "loads", "seen_id"]


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
