"""The keys of a workspace: made on first use, in files that their user alone reads, or on a token; handed over."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from reports.keys import Check, Signer, new_key, rotation
from yunshao.errors import BadConfiguration
from yunshao.settings import SealSettings

if TYPE_CHECKING:
    from yunshao.adapters.pkcs11 import Token

SIGNING, ON_TOKEN, SM2 = "signing.pem", "signing.token", "sm2.pem"
ROTATIONS = "rotations.ndjson"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """What seals the bundles of a workspace; `folder` is that of its keys, `where` the settings file, for errors."""

    folder: Path
    settings: SealSettings
    where: str

    @property
    def signer(self) -> Signer:
        """The key that seals. Raises BadConfiguration, Unreachable for a token that cannot be used."""
        on_token = (self.folder / ON_TOKEN).exists()
        if self.settings.pkcs11 is None:
            if on_token:
                raise BadConfiguration("the key that seals is on a token", "put seal.pkcs11 back", self.where)
            return Signer.from_pem(kept(self.folder / SIGNING, new_key))
        if (self.folder / SIGNING).exists() and not on_token:
            raise BadConfiguration(
                "seal.pkcs11: the key that seals is in a file still", "`yunshao seal rotate` hands over", self.where
            )
        token = self._token()
        public = bytes.fromhex(kept(self.folder / ON_TOKEN, lambda: _first(token, self.where).hex().encode()).decode())
        token.check(public)
        return Signer(public, partial(token.sign, public))

    @property
    def beside(self) -> Signer | None:
        """The SM2 key that signs too, where the settings want one. Raises BadConfiguration."""
        if not self.settings.sm2:
            return None
        adapter = _extra("sm2", "gmssl-pyx", self.where)
        place = self.folder / SM2
        key = adapter.Sm2Key(kept(place, adapter.new_key), str(place))
        return Signer(key.public, key.sign)

    def rotations(self) -> list[dict[str, Any]]:
        """The statements by which keys handed over, the oldest first."""
        path = self.folder / ROTATIONS
        return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []

    def rotate(self, at: int) -> list[Mapping[str, Any]]:
        """A new key takes over from each, and both sign that; the old private keys are destroyed. `at` in ms.

        Where the settings name a token by now and the key is in a file, the token's takes over.
        """
        # First: where SM2 cannot be used, nothing is handed over.
        old = self.beside
        said = [self._rotate_signer(at)]
        if old is not None:
            adapter = _extra("sm2", "gmssl-pyx", self.where)
            pem = adapter.new_key()
            key = adapter.Sm2Key(pem)
            said.append(self._state(old, Signer(key.public, key.sign), at))
            write_private(self.folder / SM2, pem)
        return said

    def _rotate_signer(self, at: int) -> Mapping[str, Any]:
        on_token = (self.folder / ON_TOKEN).exists()
        if self.settings.pkcs11 is None:
            pem = new_key()
            said = self._state(self.signer, Signer.from_pem(pem), at)
            write_private(self.folder / SIGNING, pem)
            return said
        token = self._token()
        in_file = self.folder / SIGNING
        if not on_token and in_file.exists():
            old, new = Signer.from_pem(in_file.read_bytes()), _first(token, self.where)
        else:
            old, new = self.signer, token.make()
        said = self._state(old, Signer(new, partial(token.sign, new)), at)
        write_private(self.folder / ON_TOKEN, new.hex().encode())
        if on_token:
            token.destroy(old.public)
        in_file.unlink(missing_ok=True)
        return said

    def _state(self, old: Signer, new: Signer, at: int) -> Mapping[str, Any]:
        """The statement, kept before the new key is: a crash in between leaves the old one sealing.

        What the old key stated before, in such a crash, never came to be: it does not stay to lead elsewhere.
        """
        said = rotation(old, new, at)
        before = [one for one in self.rotations() if one["from"] != said["from"]]
        write_private(self.folder / ROTATIONS, b"".join(orjson.dumps(one) + b"\n" for one in (*before, said)))
        return said

    def _token(self) -> Token:
        named = self.settings.pkcs11
        if named is None:
            raise BadConfiguration("seal.pkcs11 is not set", "docs/sealing.md", self.where)
        pin = os.environ.get(named.pin_env, "")
        if not pin:
            raise BadConfiguration(f"the variable {named.pin_env} is not set", "the token's PIN", self.where)
        token: Token = _extra("pkcs11", "python-pkcs11", self.where).Token(
            named.module, named.token, pin, named.label, self.where
        )
        return token


def sm2_check() -> Check | None:
    """What checks SM2 signatures; None where the extra is not installed."""
    try:
        check: Check = importlib.import_module("yunshao.adapters.sm2").check
    except ImportError:
        return None
    return check


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """A secret's file; made on first use, mode 0600."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        temporary = _written(path, make())
        # `link` refuses to replace: of two processes that start at once, one key wins for both.
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Written whole or not at all, readable by its user alone."""
    _written(path, content).replace(path)


def _written(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return temporary


def _first(token: Token, where: str) -> bytes:
    """The key that the token's keeper put there, or a new one."""
    found: Sequence[bytes] = token.keys()
    if len(found) > 1:
        raise BadConfiguration(f"the token holds {len(found)} keys of this label", "set seal.pkcs11.label", where)
    return found[0] if found else token.make()


def _extra(name: str, library: str, where: str) -> Any:
    """The adapter of an extra: loaded where it is asked for."""
    try:
        return importlib.import_module(f"yunshao.adapters.{name}")
    except ImportError:
        raise BadConfiguration(f"seal.{name} needs {library}", f"pip install 'yunshao[{name}]'", where) from None
