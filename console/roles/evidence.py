"""Evidence as bytes under their own hash, beside the store; a file that was changed is not given out."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from yunshao.errors import CheckFailed, WrongUse

MAX_BYTES = 64 << 20


class EvidenceFiles:
    """The folder of a workspace that holds pieces of evidence."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "evidence"

    def keep(self, name: str, data: bytes) -> str:
        """Keep bytes; gives their SHA-256. The same bytes are kept once. Raises WrongUse for too many."""
        if len(data) > MAX_BYTES:
            raise WrongUse(f"{name[:60]!r} has {len(data)} bytes", f"at most {MAX_BYTES}; keep its hash alone")
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = path.with_name(f"{digest}.{secrets.token_hex(4)}.part")
            part.write_bytes(data)
            part.replace(path)
        return digest

    def read(self, digest: str, label: str) -> bytes:
        """The bytes of a hash. Raises CheckFailed where they are gone or are others; `label` names them."""
        try:
            data = self.path(digest).read_bytes()
        except OSError:
            raise CheckFailed(f"{label}: its file is gone") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise CheckFailed(f"{label}: its file was changed")
        return data

    def path(self, digest: str) -> Path:
        """Where the bytes of a hash lie."""
        return self._folder / digest[:2] / digest
