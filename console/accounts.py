"""Console accounts: kept in the archive as name, role, password hash, units; the password itself is nowhere."""

from __future__ import annotations

import re
import secrets
from typing import Any

from argon2 import PasswordHasher

from yunshao.errors import NotFound, WrongUse
from yunshao.ports import Archive

ROLES = ("admin", "operator", "oncall", "auditor", "chief")
KIND = "user"
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")


def add_account(archive: Archive, name: str, role: str, password: str, units: tuple[str, ...] = ()) -> None:
    """Add or replace an account. Raises WrongUse for a name or role that cannot be."""
    if not NAME.match(name):
        raise WrongUse(f"{name!r} cannot be an account's name", "letters, digits, . _ @ -, at most 64")
    if role not in ROLES:
        raise WrongUse(f"unknown role {role!r}", f"one of {', '.join(ROLES)}")
    if role == "chief" and not units:
        raise WrongUse("a chief answers for a unit", "name it with --unit")
    account = {
        "name": name,
        "role": role,
        "hash": PasswordHasher().hash(password),
        "units": list(units),
        "disabled": False,
    }
    archive.put(KIND, name, account)


def disable_account(archive: Archive, name: str) -> None:
    """Shut an account; its sessions end with their next request. Raises NotFound."""

    def shut(account: dict[str, Any] | None) -> dict[str, Any]:
        if account is None:
            raise NotFound(f"no account {name!r}", "`yunshao user list`")
        return {**account, "disabled": True}

    archive.change(KIND, name, shut)


def first_account(archive: Archive) -> tuple[str, str] | None:
    """Where there is no account yet: make `admin` with a random password, and give both once."""
    if archive.find(KIND, limit=1):
        return None
    password = secrets.token_urlsafe(12)
    add_account(archive, "admin", "admin", password)
    return "admin", password
