"""The sealed bundle: files, evidence, a manifest with two hashes of each, and an Ed25519 signature over the manifest.

An SM2 signature may stand beside it, over the same manifest; the manifest names its key, so that it cannot be left out.

Bytes in, bytes out. Whoever has the bundle can check it off-line; whoever also has the key's fingerprint from
another hand knows who sealed it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes

from reports.bundle import Problem, is_safe, pack, unpack
from reports.keys import (
    KEY_BYTES,
    Check,
    Signer,
    canonical,
    fingerprint_of,
    is_sm2,
    leads_to,
    raw_public,
    signed_by,
)
from reports.shared.ledger import ndjson
from yunshao.errors import WrongUse
from yunshao.model.chain import Link, against, check, read_links

BUNDLE_VERSION = "yunshao-bundle/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
SIGNATURE_SM2 = "manifest.sm2.sig"
SEALS = {MANIFEST, SIGNATURE, SIGNATURE_SM2}
CHAIN = "chain.ndjson"
KEYS = "keys.ndjson"
MAX_MANIFEST = 4 << 20
Linked = Callable[[str], Sequence[Link]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a bundle is as it was sealed; `signed_by` says whether a pinned key vouches for it.

    `sm2` is the fingerprint of the SM2 key that signed beside, empty for none; `sm2_checked` whether it was checked.
    """

    ok: bool
    problems: tuple[Problem, ...]
    about: Mapping[str, Any]
    fingerprint: str
    signed_by: str
    sm2: str = ""
    sm2_checked: bool = False


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
    linked: Linked | None = None,
    rotations: Sequence[Mapping[str, Any]] = (),
    beside: Signer | None = None,
) -> bytes:
    """A bundle of the files and of `evidence/<name>.ndjson` for `alerts`, `events` and whatever else is named.

    `about` says report id, kind, created and generator. `linked` takes the digest of all that into the chain and gives
    the stretch that ends there; `rotations` are the keys' statements up to this one; `beside` is an SM2 key that signs
    too. The same input and key give the same bytes, but for SM2, which draws a number for each signature. Raises
    WrongUse for a name that could leave the folder it is unpacked in.
    """
    rows = {"alerts": (), "events": (), **evidence}
    parts = {**files, **{f"evidence/{name}.ndjson": ndjson(found) for name, found in rows.items()}}
    for name in parts:
        if not is_safe(name) or name in SEALS | {CHAIN, KEYS}:
            raise WrongUse(f"a bundle cannot hold a file named {name!r}", "use plain names without ..")
    digest = content_digest(about, [_entry(name, parts[name]) for name in sorted(parts)])
    if linked is not None:
        parts[CHAIN] = ndjson(one.as_row() for one in linked(digest))
    if rotations:
        parts[KEYS] = ndjson(rotations)
    order = sorted(parts)
    said = {
        "about": dict(about),
        "bundle": BUNDLE_VERSION,
        "files": [_entry(name, parts[name]) for name in order],
        "fingerprint": signer.fingerprint,
        "public_key": signer.public.hex(),
    }
    if beside:
        said["sm2"] = {"fingerprint": beside.fingerprint, "public_key": beside.public.hex()}
    manifest = canonical(said)
    seals = [(MANIFEST, manifest), (SIGNATURE, signer.sign(manifest))]
    if beside:
        seals.append((SIGNATURE_SM2, beside.sign(manifest)))
    return pack([*((name, parts[name]) for name in order), *seals])


def content_digest(about: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of what a report is: what the chain links. The chain's own stretch and the keys are not part of it."""
    kept = [entry for entry in entries if entry["name"] not in {CHAIN, KEYS}]
    return hashlib.sha256(canonical({"about": dict(about), "files": kept})).hexdigest()


def _entry(name: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "sm3": sm3(content),
    }


def verify(
    data: bytes,
    pinned_key: bytes | None = None,
    checkpoints: Sequence[Mapping[str, Any]] = (),
    sm2: Check | None = None,
) -> Verdict:
    """What is wrong with a bundle, each thing by name; never raises, whatever the bytes are.

    `pinned_key` is the public key that is expected, as bytes (32, or 65 for SM2) or PEM, or one that handed over to
    that which sealed. Without it the bundle can only be shown to be whole and signed by the key that it names itself.
    `checkpoints` were kept outside, see `reports.keys.read_checkpoint`. `sm2` checks SM2 signatures; without it the one
    beside is left unchecked, and the verdict says so.
    """
    problems: list[Problem] = []
    parts = unpack(data, problems)
    manifest = _manifest(parts, problems)
    public = _public_key(manifest, problems)
    beside = _key_beside(manifest, problems)
    signed = _check_signature(parts, public, problems)
    beside_signed = _check_beside(parts, beside, sm2, problems)
    statements = _lines(parts.get(KEYS, b""))
    pinned = _check_pin((public, beside), pinned_key, statements, sm2, problems)
    _check_files(parts, manifest, problems)
    if CHAIN in parts:
        problems += _check_chain(parts, manifest, checkpoints)
    for one in checkpoints:
        if public and not leads_to(public, bytes.fromhex(one["public_key"]), statements):
            problems.append(Problem("wrong_key", MANIFEST, "not sealed by the key of the checkpoint, or one after it"))
    about = manifest.get("about")
    return Verdict(
        ok=not problems,
        problems=tuple(problems),
        about=about if isinstance(about, dict) else {},
        fingerprint=fingerprint_of(public) if public else "",
        signed_by="pinned" if signed and pinned else "unpinned" if signed and pinned_key is None else "unknown",
        sm2=fingerprint_of(beside) if beside else "",
        sm2_checked=beside_signed,
    )


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


def _key_beside(manifest: Mapping[str, Any], problems: list[Problem]) -> bytes:
    """The SM2 key that the manifest names beside, when it is one and its fingerprint is right."""
    if "sm2" not in manifest:
        return b""
    said = manifest["sm2"]
    try:
        public = bytes.fromhex(str(said["public_key"])) if isinstance(said, dict) and "public_key" in said else b""
    except ValueError:
        public = b""
    if not is_sm2(public) or said != {"fingerprint": fingerprint_of(public), "public_key": public.hex()}:
        problems.append(Problem("bad_key", MANIFEST, "the SM2 key and its fingerprint do not fit"))
        return b""
    return public


def _check_beside(parts: Mapping[str, bytes], public: bytes, sm2: Check | None, problems: list[Problem]) -> bool:
    """Whether the SM2 signature that the manifest promises was checked and fits."""
    signature = parts.get(SIGNATURE_SM2)
    if not public:
        if signature is not None:
            problems.append(Problem("added", SIGNATURE_SM2, "the manifest names no SM2 key"))
        return False
    if signature is None:
        problems.append(
            Problem("no_signature", SIGNATURE_SM2, "the SM2 signature that the manifest promises is missing")
        )
        return False
    if sm2 is None:
        return False
    if not signed_by(public, signature, parts[MANIFEST], sm2):
        problems.append(Problem("bad_signature", SIGNATURE_SM2, "the SM2 signature does not fit the manifest"))
        return False
    return True


def _check_signature(parts: Mapping[str, bytes], public: bytes, problems: list[Problem]) -> bool:
    signature, manifest = parts.get(SIGNATURE), parts.get(MANIFEST)
    if signature is None:
        if parts or not problems:
            problems.append(Problem("no_signature", SIGNATURE, "the bundle is not signed"))
        return False
    if manifest is None or not public:
        return False
    if not signed_by(public, signature, manifest):
        problems.append(Problem("bad_signature", SIGNATURE, "the signature does not fit the manifest"))
        return False
    return True


def files_of(data: bytes) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    """What a bundle says it is about, and the names and hashes of the files that it holds now."""
    parts = unpack(data, [])
    about = _manifest(parts, []).get("about")
    names = sorted(name for name in parts if name not in SEALS)
    return about if isinstance(about, dict) else {}, [_entry(name, parts[name]) for name in names]


def _lines(content: bytes) -> list[object]:
    """NDJSON as values; a line that is none is None."""
    found: list[object] = []
    for line in content.splitlines():
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            found.append(None)
    return found


def _check_chain(
    parts: Mapping[str, bytes], manifest: Mapping[str, Any], checkpoints: Sequence[Mapping[str, Any]]
) -> list[Problem]:
    """The stretch of the chain: whole in itself, ending at this very report, and that of the checkpoints."""
    links, flaws = read_links(_lines(parts[CHAIN]))
    flaws += check(links)
    for one in checkpoints:
        flaws += against(links, one)
    problems = [Problem(flaw.code, CHAIN, f"link {flaw.number}: {flaw.text}") for flaw in flaws]
    about = manifest.get("about")
    if not links or not isinstance(about, Mapping):
        return [*problems, Problem("chain_removed", CHAIN, "the stretch of the chain is empty")]
    last = links[-1]
    wanted = content_digest(about, manifest["files"])
    if (last.kind, last.subject, last.digest) != ("report", str(about.get("report")), wanted):
        problems.append(Problem("chain_mismatch", CHAIN, "the chain does not end at this report"))
    return problems


def _check_pin(
    keys: tuple[bytes, bytes],
    pinned_key: bytes | None,
    statements: Sequence[object],
    sm2: Check | None,
    problems: list[Problem],
) -> bool:
    """Whether the key that was expected is the manifest's, or the SM2 key beside it where an SM2 key was expected."""
    if pinned_key is None:
        return False
    wanted = raw_public(pinned_key)
    if not wanted:
        problems.append(Problem("bad_pin", "", "the expected key is neither an Ed25519 nor an SM2 public key"))
        return False
    if is_sm2(wanted) and sm2 is None:
        problems.append(Problem("unchecked", SIGNATURE_SM2, "SM2 is not installed: pip install 'yunshao[sm2]'"))
        return False
    if not leads_to(keys[is_sm2(wanted)], wanted, statements, sm2):
        problems.append(Problem("wrong_key", MANIFEST, f"not sealed by the expected key {fingerprint_of(wanted)}"))
        return False
    return True


def _check_files(parts: Mapping[str, bytes], manifest: Mapping[str, Any], problems: list[Problem]) -> None:
    """Every file against the manifest: there, unchanged, in order, and nothing besides."""
    if not manifest:
        return
    wanted = [entry["name"] for entry in manifest["files"]]
    found = [name for name in parts if name not in SEALS]
    if len(set(wanted)) != len(wanted):
        problems.append(Problem("bad_manifest", MANIFEST, "the manifest names a file twice"))
    for entry in manifest["files"]:
        _check_file(entry, parts.get(entry["name"]), problems)
    for name in found:
        if name not in set(wanted):
            problems.append(Problem("added", name, "the file is not in the manifest"))
    sealed = [*wanted, MANIFEST, SIGNATURE, SIGNATURE_SM2]
    if [name for name in sealed if name in parts] != [name for name in parts if name in set(sealed)]:
        problems.append(Problem("reordered", "", "the files are not in the order of the manifest"))


def _check_file(entry: Mapping[str, Any], content: bytes | None, problems: list[Problem]) -> None:
    name = entry["name"]
    if content is None:
        problems.append(Problem("removed", name, "the file is missing"))
    elif _entry(name, content) != entry:
        problems.append(Problem("changed", name, "the file is not what was sealed"))
