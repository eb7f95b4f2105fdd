"""Links that answer a page without logging in: signed, for one page and person, a day long."""

from __future__ import annotations

import base64
import hashlib
import hmac

from yunshao.errors import WrongUse

PURPOSE = "yunshao.acknowledge.1"
VALID_MS = 24 * 3_600_000
MAX_TOKEN = 400


def token_of(key: bytes, page: str, person: str, until: int) -> str:
    """A token for a page and a person (empty: whoever reads the group), good until a time (ms)."""
    words = f"{page}.{_packed(person.encode())}.{until}"
    return f"{words}.{_packed(_signature(key, words))}"


def read_token(key: bytes, token: str, now: int) -> tuple[str, str]:
    """(page, person) of a token. Raises WrongUse for one that is not ours, was changed, or is too old."""
    parts = token.split(".") if len(token) <= MAX_TOKEN else []
    if len(parts) != 4:
        raise WrongUse("this link is not whole", "open it from the message again")
    page, person, until, signature = parts
    wanted = _packed(_signature(key, f"{page}.{person}.{until}"))
    if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
        raise WrongUse("this link is not ours", "open it from the message again")
    if int(until) < now:
        raise WrongUse("this link is too old", "log in and answer the page there")
    return page, _unpacked(person).decode("utf-8", "replace")


def _signature(key: bytes, words: str) -> bytes:
    return hmac.new(key, f"{PURPOSE}.{words}".encode("utf-8", "replace"), hashlib.sha256).digest()


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
