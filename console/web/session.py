"""Who is there: log-in, sessions, roles, and the sight that a role has."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from yunshao.errors import NotFound
from yunshao.model.estate import Estate
from yunshao.ports import Archive

COOKIE = "yunshao_session"
HOURS = 12
FAILURES_ALLOWED = 5
FAILURE_WINDOW_MS = 15 * 60_000
MAX_REMEMBERED = 10_000
WRITERS = ("admin", "operator", "oncall")


@dataclass(frozen=True, slots=True)
class Account:
    """Who looks: name, role, the units of a chief, and the session's token for forms."""

    name: str
    role: str
    units: tuple[str, ...]
    csrf: str

    @property
    def writes(self) -> bool:
        """Whether this role may change anything."""
        return self.role in WRITERS

    def sees(self, estate: Estate) -> tuple[str, ...]:
        """The units in sight; empty means all."""
        if self.role != "chief":
            return ()
        return tuple(dict.fromkeys(below for unit in self.units for below in estate.below(unit))) or ("-",)


class Throttle:
    """Counts failed log-ins by account and by address, in memory, bounded."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def blocked(self, keys: tuple[str, ...], now: int) -> bool:
        """Whether one of these has failed too often lately."""
        with self._lock:
            return any(len(self._recent(key, now)) >= FAILURES_ALLOWED for key in keys)

    def failed(self, keys: tuple[str, ...], now: int) -> None:
        """One more failure for each."""
        with self._lock:
            for key in keys:
                self._failed[key] = [*self._recent(key, now), now]
                self._failed.move_to_end(key)
            while len(self._failed) > MAX_REMEMBERED:
                self._failed.popitem(last=False)

    def _recent(self, key: str, now: int) -> list[int]:
        return [at for at in self._failed.get(key, []) if now - at < FAILURE_WINDOW_MS]


@cache
def _decoy() -> str:
    """A hash that costs as much to check as a real one, so that unknown names take as long as known ones."""
    return PasswordHasher().hash(secrets.token_hex(16))


def check_password(archive: Archive, name: str, password: str) -> dict[str, Any] | None:
    """The account, where name and password fit and it is not disabled."""
    try:
        account: dict[str, Any] | None = archive.get("user", name)
    except NotFound:
        account = None
    try:
        PasswordHasher().verify(account["hash"] if account else _decoy(), password)
    except (VerificationError, InvalidHashError):
        return None
    return account if account and not account.get("disabled") else None


def open_session(archive: Archive, name: str, now: int) -> str:
    """A new session; gives the secret for the cookie, of which only a digest is kept."""
    token = secrets.token_urlsafe(32)
    session = {"name": name, "csrf": secrets.token_urlsafe(24), "until": now + HOURS * 3_600_000}
    archive.put("session", _digest(token), session)
    return token


def account_of(archive: Archive, token: str, now: int) -> Account | None:
    """Whose session a cookie is; None for one that has ended, or whose account was shut."""
    if not 20 <= len(token) <= 100:
        return None
    try:
        session = archive.get("session", _digest(token))
        account = archive.get("user", session["name"])
    except NotFound:
        return None
    if session["until"] < now or account.get("disabled"):
        return None
    return Account(account["name"], account["role"], tuple(account.get("units", ())), session["csrf"])


def close_session(archive: Archive, token: str) -> None:
    """The session ends now."""
    archive.put("session", _digest(token), {"name": "", "csrf": "", "until": 0})


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
