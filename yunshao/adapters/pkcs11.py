"""Ed25519 keys that never leave a PKCS#11 token, by python-pkcs11: the extra `pkcs11`."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, exceptions

from yunshao.errors import BadConfiguration, Unreachable, YunshaoError

ED25519 = bytes.fromhex("06032b6570")
"""The curve's object identifier, 1.3.101.112, as CKA_EC_PARAMS."""
POINT = 32
_alone = threading.Lock()


class Token:
    """A token, found by its label; each use logs in with the PIN and out again."""

    def __init__(self, module: str, token: str, pin: str, label: str, where: str = "") -> None:
        """`module` is the maker's library, `label` that of the keys. Raises BadConfiguration, Unreachable."""
        self._pin, self._label, self._where = pin, label, where
        try:
            library = pkcs11.lib(module)
        except (RuntimeError, OSError, exceptions.PKCS11Error) as error:
            raise BadConfiguration(
                f"pkcs11.module: no PKCS#11 library: {_said(error)}", "the path of the token's library", where
            ) from None
        try:
            self._token = library.get_token(token_label=token)
        except exceptions.NoSuchToken:
            raise Unreachable(f"no token labelled {token!r}", "put it in, or mend pkcs11.token", where) from None
        except exceptions.MultipleTokensReturned:
            raise BadConfiguration(f"several tokens are labelled {token!r}", "one label, one token", where) from None
        except exceptions.PKCS11Error as error:
            raise Unreachable(f"the token does not answer: {_said(error)}", "", where) from None

    def keys(self) -> list[bytes]:
        """The public halves (32 bytes) of the key pairs on the token that bear the label."""
        with self._session() as session:
            return sorted(_point(one) for one in self._public(session))

    def make(self) -> bytes:
        """A new key pair made on the token, that cannot be read out of it; gives its public half."""
        with self._session(write=True) as session:
            curve = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: ED25519}, local=True)
            public, private = curve.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=self._label
            )
            point = _point(public)
            for half in (public, private):
                half[Attribute.ID] = hashlib.sha256(point).digest()
            return point

    def sign(self, public: bytes, content: bytes) -> bytes:
        """A signature of 64 bytes by the private half of this key."""
        with self._session() as session:
            key = self._private(session, public)
            return bytes(key.sign(content, mechanism=Mechanism.EDDSA))

    def check(self, public: bytes) -> None:
        """Raises BadConfiguration unless the private half is on the token."""
        with self._session() as session:
            self._private(session, public)

    def destroy(self, public: bytes) -> None:
        """Both halves are gone from the token."""
        with self._session(write=True) as session:
            for one in (self._private(session, public), *self._public(session)):
                if one.object_class is ObjectClass.PRIVATE_KEY or _point(one) == public:
                    one.destroy()

    def _public(self, session: Any) -> list[Any]:
        wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: self._label}
        return list(session.get_objects({**wanted, Attribute.KEY_TYPE: KeyType.EC_EDWARDS}))

    def _private(self, session: Any, public: bytes) -> Any:
        """The private half: it shares its CKA_ID with the public one, whoever made the pair."""
        names = [bytes(one[Attribute.ID]) for one in self._public(session) if _point(one) == public]
        wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: self._label}
        found = [one for name in names for one in session.get_objects({**wanted, Attribute.ID: name})]
        if len(found) != 1:
            key = hashlib.sha256(public).hexdigest()
            raise BadConfiguration(f"the token does not hold key {key}", "it is the one that seals", self._where)
        return found[0]

    @contextmanager
    def _session(self, write: bool = False) -> Iterator[Any]:
        # A process logs in to a token once, whatever its threads do.
        try:
            with _alone, self._token.open(user_pin=self._pin, rw=write) as session:
                yield session
        except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange):
            raise BadConfiguration("the token refuses the PIN", "few wrong ones lock it", self._where) from None
        except exceptions.PinLocked:
            raise BadConfiguration("the token's PIN is locked", "its officer unlocks it", self._where) from None
        except (exceptions.MechanismInvalid, exceptions.DomainParamsInvalid):
            raise BadConfiguration("the token cannot do Ed25519", "another token", self._where) from None
        except YunshaoError:
            raise
        except exceptions.PKCS11Error as error:
            raise Unreachable(f"the token does not answer: {_said(error)}", "", self._where) from None


def _point(key: Any) -> bytes:
    """The public key of CKA_EC_POINT: bare, or inside an OCTET STRING, by the maker's reading of the standard."""
    point = bytes(key[Attribute.EC_POINT])
    return point[-POINT:] if len(point) == POINT + 2 else point


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
