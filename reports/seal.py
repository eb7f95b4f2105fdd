"""The sealed bundle: files, evidence, a manifest with two hashes of each, and an Ed25519 signature over the manifest.

Bytes in, bytes out. Whoever has the bundle can check it off-line; whoever also has the key's fingerprint from
another hand knows who sealed it.
"""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from reports.shared.ledger import ndjson
from yunshao.errors import BadConfiguration, WrongUse

BUNDLE_VERSION = "yunshao-bundle/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
MAX_BUNDLE = 1 << 30
MAX_FILE = 512 << 20
MAX_TOTAL = 1 << 30
MAX_FILES = 2000
MAX_MANIFEST = 4 << 20
KEY_BYTES = 32
SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a bundle: a stable code, the name of the part, and words."""

    code: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a bundle is as it was sealed; `signed_by` says whether a pinned key vouches for it."""

    ok: bool
    problems: tuple[Problem, ...]
    about: Mapping[str, Any]
    fingerprint: str
    signed_by: str


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that seals bundles."""

    key: Ed25519PrivateKey

    @classmethod
    def from_pem(cls, pem: bytes) -> Signer:
        """A signer from an unencrypted PEM key. Raises BadConfiguration when it is no Ed25519 key."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise BadConfiguration("the signing key cannot be read", "make a new one") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadConfiguration("the signing key is not an Ed25519 key", "make a new one")
        return cls(key)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.key.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key: what two people compare."""
        return fingerprint_of(self.public)

    def sign(self, content: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self.key.sign(content)


def new_key() -> bytes:
    """A new private key as PEM. Keep it where only the product can read it."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def fingerprint_of(public: bytes) -> str:
    """SHA-256 of a public key in hex."""
    return hashlib.sha256(public).hexdigest()


def sm3(content: bytes) -> str:
    """SM3 in hex, by OpenSSL through Python or, where that build lacks it, through cryptography."""
    if "sm3" in hashlib.algorithms_available:
        return hashlib.new("sm3", content).hexdigest()
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def seal(
    files: Mapping[str, bytes],
    evidence: Mapping[str, Iterable[Mapping[str, Any]]],
    signer: Signer,
    about: Mapping[str, Any],
) -> bytes:
    """A bundle of the files and of `evidence/<name>.ndjson` for `alerts`, `events` and whatever else is named.

    `about` says report id, kind, created and generator. The same input and key give the same bytes. Raises WrongUse
    for a name that could leave the folder it is unpacked in.
    """
    rows = {"alerts": (), "events": (), **evidence}
    parts = {**files, **{f"evidence/{name}.ndjson": ndjson(found) for name, found in rows.items()}}
    for name in parts:
        if not is_safe(name) or name in {MANIFEST, SIGNATURE}:
            raise WrongUse(f"a bundle cannot hold a file named {name!r}", "use plain names without ..")
    order = sorted(parts)
    manifest = canonical(
        {
            "about": dict(about),
            "bundle": BUNDLE_VERSION,
            "files": [_entry(name, parts[name]) for name in order],
            "fingerprint": signer.fingerprint,
            "public_key": signer.public.hex(),
        }
    )
    return _zip([*((name, parts[name]) for name in order), (MANIFEST, manifest), (SIGNATURE, signer.sign(manifest))])


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def is_safe(name: str) -> bool:
    """A relative path of plain segments: no drive, no backslash, no way up, nothing hidden in it."""
    parts = name.split("/")
    return (
        0 < len(name) <= 200
        and name.isprintable()
        and not any(part in {"", ".", ".."} for part in parts)
        and not any(character in name for character in "\\:\0")
    )


def _entry(name: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "sm3": sm3(content),
    }


def _zip(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip whose bytes depend on its content alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts:
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def verify(data: bytes, pinned_key: bytes | None = None) -> Verdict:
    """What is wrong with a bundle, each thing by name; never raises, whatever the bytes are.

    `pinned_key` is the public key that is expected, as 32 bytes or PEM. Without it the bundle can only be shown to be
    whole and signed by the key that it names itself.
    """
    problems: list[Problem] = []
    parts = _unpack(data, problems)
    manifest = _manifest(parts, problems)
    public = _public_key(manifest, problems)
    signed = _check_signature(parts, public, problems)
    pinned = _check_pin(public, pinned_key, problems)
    _check_files(parts, manifest, problems)
    about = manifest.get("about")
    return Verdict(
        ok=not problems,
        problems=tuple(problems),
        about=about if isinstance(about, dict) else {},
        fingerprint=fingerprint_of(public) if public else "",
        signed_by="pinned" if signed and pinned else "unpinned" if signed and pinned_key is None else "unknown",
    )


def _unpack(data: bytes, problems: list[Problem]) -> dict[str, bytes]:
    """The parts in their order in the file; what cannot be read is left out and named."""
    if len(data) > MAX_BUNDLE:
        problems.append(Problem("too_large", "", f"the bundle is larger than {MAX_BUNDLE} bytes"))
        return {}
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        ValueError,
        OSError,
        EOFError,
        NotImplementedError,
        OverflowError,
    ):
        problems.append(Problem("not_a_bundle", "", "not a zip file, or it was cut off"))
        return {}
    except (IndexError, RuntimeError, UnicodeError, MemoryError):
        problems.append(Problem("not_a_bundle", "", "a damaged zip file"))
        return {}
    _check_frame(data, archive, problems)
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        problems.append(Problem("too_many", "", f"more than {MAX_FILES} files"))
        return {}
    return _read_all(archive, entries, problems)


def _check_frame(data: bytes, archive: zipfile.ZipFile, problems: list[Problem]) -> None:
    """Nothing may stand before or after the archive, or in its comment: another reader could take that for content."""
    if archive.comment:
        problems.append(Problem("foreign_bytes", "", "the zip file carries a comment"))
    if not data.startswith(b"PK\x03\x04") or data[-22:-18] != b"PK\x05\x06":
        problems.append(Problem("foreign_bytes", "", "there are bytes around the zip file"))


def _read_all(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], problems: list[Problem]
) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        name = entry.filename
        shown = ascii(name)[1:-1]
        if not is_safe(name) or stat.S_ISLNK(entry.external_attr >> 16):
            problems.append(Problem("unsafe_name", shown, "a name that leaves the folder, or a link"))
            continue
        if name in parts:
            problems.append(Problem("duplicate", shown, "the name is in the zip file twice"))
            continue
        content = _read(archive, entry, min(MAX_FILE, MAX_TOTAL - total), problems)
        if content is not None:
            total += len(content)
            parts[name] = content
    return parts


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int, problems: list[Problem]) -> bytes | None:
    """One part, unpacked no further than there is room."""
    shown = ascii(entry.filename)[1:-1]
    try:
        with archive.open(entry) as stream:
            content = stream.read(room + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
    ):
        problems.append(Problem("unreadable", shown, "the part is damaged or cut off"))
        return None
    if len(content) > room:
        problems.append(Problem("too_large", shown, "unpacks to more than a bundle may hold"))
        return None
    return content


def _manifest(parts: Mapping[str, bytes], problems: list[Problem]) -> dict[str, Any]:
    content = parts.get(MANIFEST)
    if content is None:
        if parts or not problems:
            problems.append(Problem("no_manifest", MANIFEST, "the bundle has no manifest"))
        return {}
    try:
        manifest = orjson.loads(content) if len(content) <= MAX_MANIFEST else None
    except orjson.JSONDecodeError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("bundle") != BUNDLE_VERSION or not _well_formed(manifest):
        problems.append(Problem("bad_manifest", MANIFEST, "the manifest is not one that this version writes"))
        return {}
    if canonical(manifest) != content:
        problems.append(Problem("bad_manifest", MANIFEST, "the manifest is not in canonical form"))
    return manifest


def _well_formed(manifest: Mapping[str, Any]) -> bool:
    files = manifest.get("files")
    return isinstance(files, list) and all(
        isinstance(entry, dict)
        and all(isinstance(entry.get(key), str) for key in ("name", "sha256", "sm3"))
        and type(entry.get("size")) is int
        for entry in files
    )


def _public_key(manifest: Mapping[str, Any], problems: list[Problem]) -> bytes:
    """The key that the manifest names, when it is one and its fingerprint is right."""
    if not manifest:
        return b""
    try:
        public = bytes.fromhex(str(manifest.get("public_key", "")))
    except ValueError:
        public = b""
    if len(public) != KEY_BYTES or manifest.get("fingerprint") != fingerprint_of(public):
        problems.append(Problem("bad_key", MANIFEST, "the public key and its fingerprint do not fit"))
        return b""
    return public


def _check_signature(parts: Mapping[str, bytes], public: bytes, problems: list[Problem]) -> bool:
    signature, manifest = parts.get(SIGNATURE), parts.get(MANIFEST)
    if signature is None:
        if parts or not problems:
            problems.append(Problem("no_signature", SIGNATURE, "the bundle is not signed"))
        return False
    if manifest is None or not public:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, manifest)
    except (InvalidSignature, ValueError):
        problems.append(Problem("bad_signature", SIGNATURE, "the signature does not fit the manifest"))
        return False
    return True


def _check_pin(public: bytes, pinned_key: bytes | None, problems: list[Problem]) -> bool:
    """Whether the manifest's key is the one that was expected."""
    if pinned_key is None:
        return False
    wanted = raw_public(pinned_key)
    if not wanted:
        problems.append(Problem("bad_pin", "", "the expected key is not an Ed25519 public key"))
        return False
    if wanted != public:
        problems.append(Problem("wrong_key", MANIFEST, f"not sealed by the expected key {fingerprint_of(wanted)}"))
        return False
    return True


def raw_public(key: bytes) -> bytes:
    """A public key of 32 bytes, or the PEM of one, as 32 bytes; empty for anything else."""
    if len(key) == KEY_BYTES:
        return key
    try:
        loaded = serialization.load_pem_public_key(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return b""
    return loaded.public_bytes_raw() if isinstance(loaded, Ed25519PublicKey) else b""


def _check_files(parts: Mapping[str, bytes], manifest: Mapping[str, Any], problems: list[Problem]) -> None:
    """Every file against the manifest: there, unchanged, in order, and nothing besides."""
    if not manifest:
        return
    wanted = [entry["name"] for entry in manifest["files"]]
    found = [name for name in parts if name not in {MANIFEST, SIGNATURE}]
    if len(set(wanted)) != len(wanted):
        problems.append(Problem("bad_manifest", MANIFEST, "the manifest names a file twice"))
    for entry in manifest["files"]:
        _check_file(entry, parts.get(entry["name"]), problems)
    for name in found:
        if name not in set(wanted):
            problems.append(Problem("added", name, "the file is not in the manifest"))
    sealed = [*wanted, MANIFEST, SIGNATURE]
    if [name for name in sealed if name in parts] != [name for name in parts if name in set(sealed)]:
        problems.append(Problem("reordered", "", "the files are not in the order of the manifest"))


def _check_file(entry: Mapping[str, Any], content: bytes | None, problems: list[Problem]) -> None:
    name = entry["name"]
    if content is None:
        problems.append(Problem("removed", name, "the file is missing"))
    elif _entry(name, content) != entry:
        problems.append(Problem("changed", name, "the file is not what was sealed"))
