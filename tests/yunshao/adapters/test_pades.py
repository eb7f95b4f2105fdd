"""A signature inside a PDF: another program finds it whole and over the whole file; a changed byte breaks it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import typst
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from yunshao.errors import BadConfiguration

pades = pytest.importorskip("yunshao.adapters.pades", reason="the extra `pades` is not installed", exc_type=ImportError)


def key_file(passphrase: bytes) -> bytes:
    """A self-signed certificate with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Reports of the city")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return pkcs12.serialize_key_and_certificates(
        b"report", key, certificate, None, serialization.BestAvailableEncryption(passphrase)
    )


KEY = key_file(b"secret")
PDF = bytes(typst.compile(b"hello", pdf_standards=["a-2b"]))  # type: ignore[arg-type]


def status(pdf: bytes) -> tuple[bool, bool]:
    """Whether the signature is whole and valid over its bytes, and whether these are the whole file."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature

    (found,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    said = validate_pdf_signature(found)
    return said.intact and said.valid, said.coverage.name == "ENTIRE_FILE"


def test_a_signed_pdf_is_found_whole_by_another_reader() -> None:
    signed = pades.PdfSigner(KEY, "secret").sign(PDF, "assess-1")
    assert signed.startswith(PDF)
    assert status(signed) == (True, True)


def test_a_changed_byte_breaks_the_signature() -> None:
    signed = bytearray(pades.PdfSigner(KEY, "secret").sign(PDF, "assess-1"))
    place = signed.index(b"hello") if b"hello" in signed else 40
    signed[place] ^= 1
    assert status(bytes(signed))[0] is False


@pytest.mark.parametrize(("data", "passphrase"), [(KEY, "wrong"), (b"", ""), (b"no key at all", "secret")])
def test_a_key_that_does_not_open_is_one_clear_error(data: bytes, passphrase: str) -> None:
    with pytest.raises(BadConfiguration):
        pades.PdfSigner(data, passphrase, "report.p12")
