"""SM2 signatures (GB/T 32918.2, SM3, the signer's usual id) by GmSSL through gmssl-pyx: the extra `sm2`."""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gmssl_pyx import GmsslInnerError, sm2_key_generate, sm2_sign, sm2_verify

from yunshao.errors import BadConfiguration

HEAD, TAIL = b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----"
# PKCS#8 of a key on sm2p256v1 (GM/T 0010): all but the number and the point is constant.
BEFORE = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
BETWEEN = bytes.fromhex("a14403420004")
NUMBER = 32
SIZE = len(BEFORE) + NUMBER + len(BETWEEN) + 64
_quiet = threading.Lock()


def new_key() -> bytes:
    """A new private key as PEM (PKCS#8), as OpenSSL reads it. Keep it where only the product can read it."""
    public, private = sm2_key_generate()
    text = base64.b64encode(BEFORE + private + BETWEEN + public)
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return b"\n".join([HEAD, *lines, TAIL, b""])


class Sm2Key:
    """A private SM2 key in memory."""

    def __init__(self, pem: bytes, where: str = "") -> None:
        """Raises BadConfiguration for what `new_key` did not make."""
        lines = pem.strip().splitlines()
        try:
            der = base64.b64decode(b"".join(lines[1:-1]), validate=True)
        except binascii.Error:
            der = b""
        middle = der[len(BEFORE) + NUMBER :]
        if (
            lines[:1] + lines[-1:] != [HEAD, TAIL]
            or len(der) != SIZE
            or not der.startswith(BEFORE)
            or not middle.startswith(BETWEEN)
        ):
            raise BadConfiguration(
                "not an SM2 key", "a PKCS#8 key without passphrase; without the file a new one is made", where
            )
        self._private = der[len(BEFORE) : len(BEFORE) + NUMBER]
        self._point = middle[len(BETWEEN) :]

    @property
    def public(self) -> bytes:
        """The public key: 65 bytes, a point that is not compressed."""
        return b"\x04" + self._point

    def sign(self, content: bytes) -> bytes:
        """A signature as ASN.1 (GM/T 0009); another one each time."""
        return bytes(sm2_sign(self._private, self._point, content))


def check(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether this key (65 bytes) made the signature over the content."""
    with _silenced():
        try:
            return bool(sm2_verify(public[1:], content, signature))
        except GmsslInnerError:
            return False


@contextmanager
def _silenced() -> Iterator[None]:
    """Without what GmSSL prints to the error output for each signature that does not fit: names of its source files."""
    with _quiet:
        kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nothing)
