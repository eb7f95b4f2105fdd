"""Keys: sealing, handing over to the next key, and checkpoints of the chain that can be kept outside.

An Ed25519 key is 32 bytes and seals every bundle. An SM2 key (GB/T 32918.2, with SM3 and the signer's usual id) is 65
bytes and may sign beside it. The length says which it is. SM2 is reckoned by a library that need not be there: who has
it hands `sm2` in, and without it nothing that an SM2 key signed is believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from yunshao.errors import BadConfiguration
from yunshao.model.chain import Link

KEY_BYTES = 32
SM2_BYTES = 65
ROTATION = "yunshao-rotation/1"
CHECKPOINT = "yunshao-checkpoint/1"
MAX_ROTATIONS = 1000
# SubjectPublicKeyInfo of a point on sm2p256v1 (1.2.156.10197.1.301, GM/T 0009 and 0010): all but the point is constant.
SM2_PUBLIC = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")

Check = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, content): whether the one made the other."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs: its public half, and what makes a signature, in this process or on a token."""

    public: bytes
    sign: Callable[[bytes], bytes]

    @classmethod
    def from_pem(cls, pem: bytes) -> Signer:
        """A signer from an unencrypted PEM key. Raises BadConfiguration when it is no Ed25519 key."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise BadConfiguration("the signing key cannot be read", "make a new one") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadConfiguration("the signing key is not an Ed25519 key", "make a new one")
        return cls(key.public_key().public_bytes_raw(), key.sign)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key: what two people compare."""
        return fingerprint_of(self.public)


def new_key() -> bytes:
    """A new private key as PEM. Keep it where only the product can read it."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def fingerprint_of(public: bytes) -> str:
    """SHA-256 of a public key in hex."""
    return hashlib.sha256(public).hexdigest()


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def public_pem(public: bytes) -> bytes:
    """A public key as PEM, as OpenSSL reads it."""
    if len(public) == SM2_BYTES:
        text = base64.b64encode(SM2_PUBLIC + public)
        lines = b"\n".join(text[place : place + 64] for place in range(0, len(text), 64))
        return b"-----BEGIN PUBLIC KEY-----\n" + lines + b"\n-----END PUBLIC KEY-----\n"
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def raw_public(key: bytes) -> bytes:
    """A public key of 32 (Ed25519) or 65 bytes (SM2), or the PEM of one, as those bytes; empty for anything else."""
    if len(key) == KEY_BYTES or is_sm2(key):
        return key
    lines = key.strip().splitlines()
    if len(lines) > 2 and lines[0].strip() == b"-----BEGIN PUBLIC KEY-----":
        try:
            der = base64.b64decode(b"".join(lines[1:-1]))
        except binascii.Error:
            return b""
        if der.startswith(SM2_PUBLIC) and is_sm2(der[len(SM2_PUBLIC) :]):
            return der[len(SM2_PUBLIC) :]
    try:
        loaded = serialization.load_pem_public_key(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return b""
    return loaded.public_bytes_raw() if isinstance(loaded, Ed25519PublicKey) else b""


def is_sm2(public: bytes) -> bool:
    """Whether a public key has the form of an SM2 one: a point that is not compressed."""
    return len(public) == SM2_BYTES and public[0] == 4


def signed_by(public: bytes, signature: bytes, content: bytes, sm2: Check | None = None) -> bool:
    """Whether this key made the signature over the content."""
    if is_sm2(public):
        return sm2 is not None and sm2(public, signature, content)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def rotation(old: Signer, new: Signer, at: int) -> dict[str, Any]:
    """The statement that a key hands over to the next, signed by both; `at` in ms."""
    said = {"statement": ROTATION, "from": old.public.hex(), "to": new.public.hex(), "at": at}
    content = canonical(said)
    return {**said, "by_old": old.sign(content).hex(), "by_new": new.sign(content).hex()}


def is_rotation(said: object, sm2: Check | None = None) -> bool:
    """Whether a statement is whole and signed by both of its keys."""
    names = {"statement", "from", "to", "at", "by_old", "by_new"}
    if not isinstance(said, Mapping) or set(said) != names or said["statement"] != ROTATION:
        return False
    try:
        parts = {name: bytes.fromhex(said[name]) for name in ("from", "to", "by_old", "by_new")}
    except (ValueError, TypeError):
        return False
    content = canonical({name: said[name] for name in ("statement", "from", "to", "at")})
    return (
        type(said["at"]) is int
        and len(parts["from"]) == len(parts["to"]) in {KEY_BYTES, SM2_BYTES}
        and signed_by(parts["from"], parts["by_old"], content, sm2)
        and signed_by(parts["to"], parts["by_new"], content, sm2)
    )


def leads_to(public: bytes, wanted: bytes, statements: Iterable[object], sm2: Check | None = None) -> bool:
    """Whether a key is the wanted one, or the wanted one handed over to it, step by step."""
    onward: dict[str, str] = {}
    for number, said in enumerate(statements):
        if number >= MAX_ROTATIONS:
            break
        if is_rotation(said, sm2) and isinstance(said, Mapping):
            onward.setdefault(said["from"], said["to"])
    here, seen = wanted.hex(), set[str]()
    while here not in seen:
        if here == public.hex():
            return True
        seen.add(here)
        here = onward.get(here, here)
    return False


def checkpoint(end: Link, signer: Signer, at: int) -> dict[str, Any]:
    """The end of the chain, signed: keep it where nobody who holds the store can reach it."""
    said = {
        "statement": CHECKPOINT,
        "number": end.number,
        "hash": end.hash,
        "at": at,
        "public_key": signer.public.hex(),
    }
    return {**said, "signature": signer.sign(canonical(said)).hex()}


def read_checkpoint(content: bytes) -> dict[str, Any]:
    """A checkpoint from its file. Raises BadConfiguration for one that is not whole or not signed by the key in it."""
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        said = None
    types = {"statement": str, "number": int, "hash": str, "at": int, "public_key": str, "signature": str}
    if (
        not isinstance(said, dict)
        or set(said) != set(types)
        or any(type(said[key]) is not kind for key, kind in types.items())
    ):
        raise BadConfiguration("not a checkpoint", "`yunshao seal checkpoint` writes one")
    bare = canonical({key: value for key, value in said.items() if key != "signature"})
    try:
        good = signed_by(bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"]), bare)
    except ValueError:
        good = False
    if not good or said["statement"] != CHECKPOINT:
        raise BadConfiguration("the checkpoint does not fit its own signature", "take the one that was kept outside")
    return said
