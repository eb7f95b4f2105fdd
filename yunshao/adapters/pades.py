"""PAdES signatures inside PDF files, by pyHanko: the extra `pades`."""

from __future__ import annotations

import io

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError

from yunshao.errors import BadConfiguration

FIELD = "Yunshao"


class PdfSigner:
    """Signs PDF files with the key of a PKCS#12 file (.p12), whose bytes and passphrase are given."""

    def __init__(self, pkcs12: bytes, passphrase: str, where: str = "") -> None:
        """Raises BadConfiguration for a file or passphrase that does not open."""
        try:
            signer = signers.SimpleSigner.load_pkcs12_data(pkcs12, [], passphrase.encode() or None)
        except (SigningError, ValueError, TypeError) as error:
            raise BadConfiguration(
                f"no PKCS#12 key: {str(error)[:200]}", "a .p12 file and its passphrase", where
            ) from None
        if signer is None:
            raise BadConfiguration("no PKCS#12 key opens with this passphrase", "a .p12 file and its passphrase", where)
        self._signer = signer

    def sign(self, pdf: bytes, reason: str) -> bytes:
        """The PDF with a signature (PAdES baseline B-B, SHA-256) added behind it; what was there is not touched."""
        meta = signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", reason=reason[:200], subfilter=fields.SigSeedSubFilter.PADES
        )
        out = io.BytesIO()
        # PDF/A (ISO 19005-2, 6.1.9) wants a line's end before each object; Typst leaves none at the end of a file.
        whole = pdf if pdf.endswith(b"\n") else pdf + b"\n"
        signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(whole)), meta, signer=self._signer, output=out)
        return out.getvalue()
