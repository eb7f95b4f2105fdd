"""A signature inside a PDF: another program finds it whole and over the whole file; a changed byte breaks it."""

from __future__ import annotations

import io
import re

import pytest
import typst
from pdf_key import key_file

from yunshao.errors import BadConfiguration

pades = pytest.importorskip("yunshao.adapters.pades", reason="the extra `pades` is not installed", exc_type=ImportError)


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


def test_each_object_that_is_added_begins_a_line_as_pdf_a_wants() -> None:
    assert not PDF.endswith(b"\n")
    added = pades.PdfSigner(KEY, "secret").sign(PDF, "assess-1")[len(PDF) :]
    found = [match.start() for match in re.finditer(rb"\d+ 0 obj\n", added)]
    assert len(found) > 3
    assert all(added[place - 1 : place] == b"\n" for place in found)
