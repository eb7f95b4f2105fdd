"""A sealed bundle verifies, and every kind of tampering has its own name."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.bundle import MAX_FILES
from reports.keys import Signer, canonical, fingerprint_of, new_key
from reports.seal import MANIFEST, SIGNATURE, Verdict, seal, sm3, verify
from yunshao.errors import BadConfiguration, WrongUse

SIGNER = Signer.from_pem(new_key())
OTHER = Signer.from_pem(new_key())
FILES = {
    "assessment.zh.html": b"<p>report</p>" * 40,
    "assessment.json": b'{"a":1}\n',
    "assessment.zh.pdf": bytes(range(256)) * 9,
}
ABOUT = {"report": "assess-1", "kind": "assessment", "created": 1_774_915_200_000, "generator": "Yunshao 0.1.0"}
EVIDENCE = {"alerts": [{"id": "a1", "title": "多次失败"}], "events": [{"uid": "e1"}, {"uid": "e2"}]}
BUNDLE = seal(FILES, EVIDENCE, SIGNER, ABOUT)

Parts = list[tuple[str, bytes]]


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist()]


def zipped(parts: Parts) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tampered(change: Callable[[dict[str, bytes]], None]) -> bytes:
    parts = dict(parts_of(BUNDLE))
    change(parts)
    return zipped(list(parts.items()))


def codes(verdict: Verdict) -> set[str]:
    return {problem.code for problem in verdict.problems}


def test_a_fresh_bundle_verifies() -> None:
    verdict = verify(BUNDLE)
    assert verdict.ok
    assert verdict.problems == ()
    assert verdict.about == ABOUT
    assert verdict.fingerprint == SIGNER.fingerprint
    assert verdict.signed_by == "unpinned"


def test_a_pinned_key_vouches_for_it() -> None:
    assert verify(BUNDLE, SIGNER.public).signed_by == "pinned"


def test_the_bundle_holds_files_evidence_manifest_and_signature() -> None:
    names = [name for name, _ in parts_of(BUNDLE)]
    assert names == [*sorted(FILES), "evidence/alerts.ndjson", "evidence/events.ndjson", MANIFEST, SIGNATURE]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert seal(dict(reversed(FILES.items())), EVIDENCE, SIGNER, ABOUT) == BUNDLE


def test_an_ordinary_zip_reader_finds_no_fault() -> None:
    with zipfile.ZipFile(io.BytesIO(BUNDLE)) as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("name", [*FILES, "evidence/alerts.ndjson", "evidence/events.ndjson"])
def test_an_edit_of_any_file_is_found(name: str) -> None:
    verdict = verify(tampered(lambda parts: parts.update({name: parts[name] + b" "})))
    assert not verdict.ok
    assert [(problem.code, problem.name) for problem in verdict.problems] == [("changed", name)]


@pytest.mark.parametrize("name", [*FILES, "evidence/alerts.ndjson"])
def test_a_removed_file_is_found(name: str) -> None:
    verdict = verify(tampered(lambda parts: parts.pop(name) and None))
    assert [(problem.code, problem.name) for problem in verdict.problems] == [("removed", name)]


def test_an_added_file_is_found() -> None:
    parts = parts_of(BUNDLE)
    assert codes(verify(zipped([("aa.txt", b"new"), *parts]))) == {"added"}


def test_reordered_files_are_found() -> None:
    parts = parts_of(BUNDLE)
    parts[0], parts[1] = parts[1], parts[0]
    assert codes(verify(zipped(parts))) == {"reordered"}


def test_evidence_lines_in_another_order_are_found() -> None:
    def swap(parts: dict[str, bytes]) -> None:
        lines = parts["evidence/events.ndjson"].splitlines(keepends=True)
        parts["evidence/events.ndjson"] = b"".join(reversed(lines))

    assert codes(verify(tampered(swap))) == {"changed"}


def test_a_manifest_edit_breaks_the_signature() -> None:
    def edit(parts: dict[str, bytes]) -> None:
        parts[MANIFEST] = parts[MANIFEST].replace(b"assess-1", b"assess-2")

    assert codes(verify(tampered(edit))) == {"bad_signature"}


def test_a_manifest_in_other_words_is_found() -> None:
    def respace(parts: dict[str, bytes]) -> None:
        parts[MANIFEST] = parts[MANIFEST].replace(b'":', b'": ')

    assert codes(verify(tampered(respace))) == {"bad_manifest", "bad_signature"}


def test_a_signature_edit_is_found() -> None:
    def flip(parts: dict[str, bytes]) -> None:
        parts[SIGNATURE] = bytes([parts[SIGNATURE][0] ^ 1]) + parts[SIGNATURE][1:]

    assert codes(verify(tampered(flip))) == {"bad_signature"}


def test_a_missing_signature_and_a_missing_manifest_are_found() -> None:
    assert "no_signature" in codes(verify(tampered(lambda parts: parts.pop(SIGNATURE) and None)))
    assert "no_manifest" in codes(verify(tampered(lambda parts: parts.pop(MANIFEST) and None)))


def test_a_whole_bundle_sealed_again_by_another_key_is_found_by_the_pin() -> None:
    forged = seal({**FILES, "assessment.json": b'{"a":2}\n'}, EVIDENCE, OTHER, ABOUT)
    assert verify(forged).ok
    verdict = verify(forged, SIGNER.public)
    assert codes(verdict) == {"wrong_key"}
    assert verdict.signed_by == "unknown"


def test_a_swapped_key_in_the_manifest_is_found() -> None:
    def swap(parts: dict[str, bytes]) -> None:
        manifest = orjson.loads(parts[MANIFEST])
        manifest["public_key"] = OTHER.public.hex()
        manifest["fingerprint"] = fingerprint_of(OTHER.public)
        parts[MANIFEST] = canonical(manifest)

    assert codes(verify(tampered(swap))) == {"bad_signature"}


def test_a_key_that_does_not_fit_its_fingerprint_is_found() -> None:
    def swap(parts: dict[str, bytes]) -> None:
        manifest = orjson.loads(parts[MANIFEST])
        manifest["public_key"] = OTHER.public.hex()
        parts[MANIFEST] = canonical(manifest)

    assert "bad_key" in codes(verify(tampered(swap)))


def test_a_name_that_stands_twice_is_found() -> None:
    parts = parts_of(BUNDLE)
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = zipped([parts[0], *parts])
    assert "duplicate" in codes(verify(doubled))


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../../b", "C:\\x", "a\\b", "a//b", "./a", "x\u202ey", "n" * 300]
)
def test_a_name_that_leaves_the_folder_is_found(name: str) -> None:
    parts = parts_of(BUNDLE)
    assert "unsafe_name" in codes(verify(zipped([(name, b"x"), *parts])))


def test_a_link_is_found() -> None:
    buffer = io.BytesIO(BUNDLE)
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("link", (1980, 1, 1, 0, 0, 0))
        info.create_system = 3
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "unsafe_name" in codes(verify(buffer.getvalue()))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_bundle_is_found(share: float) -> None:
    verdict = verify(BUNDLE[: int(len(BUNDLE) * share)])
    assert not verdict.ok
    assert "not_a_bundle" in codes(verdict)


def test_bytes_before_or_after_the_zip_are_found() -> None:
    assert "foreign_bytes" in codes(verify(b"MZ" + BUNDLE))
    assert not verify(BUNDLE + b"tail").ok


def test_a_zip_comment_is_found() -> None:
    buffer = io.BytesIO(BUNDLE)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"hello"
    assert "foreign_bytes" in codes(verify(buffer.getvalue()))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.bundle.MAX_FILE", 1 << 20)
    bomb = zipped([("bomb", bytes(8 << 20)), *parts_of(BUNDLE)])
    assert len(bomb) < 1 << 20
    assert "too_large" in codes(verify(bomb))


def test_many_small_bombs_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.bundle.MAX_TOTAL", 1 << 20)
    assert "too_large" in codes(verify(zipped([(f"b{place}", bytes(600_000)) for place in range(4)])))


def test_too_many_files_are_refused() -> None:
    assert codes(verify(zipped([(f"f{place}", b"") for place in range(MAX_FILES + 1)]))) >= {"too_many"}


def test_a_lie_about_the_size_is_found() -> None:
    place = BUNDLE.rindex(b"PK\x01\x02")
    lied = bytearray(BUNDLE)
    lied[place + 24 : place + 28] = struct.pack("<I", 5)
    assert not verify(bytes(lied)).ok


def test_an_unknown_kind_of_key_is_refused() -> None:
    with pytest.raises(BadConfiguration):
        Signer.from_pem(b"nonsense")
    assert codes(verify(BUNDLE, b"nonsense")) == {"bad_pin"}


@pytest.mark.parametrize("name", ["../x", MANIFEST, SIGNATURE, "", "a\\b"])
def test_a_bundle_is_not_made_with_a_dangerous_name(name: str) -> None:
    with pytest.raises(WrongUse):
        seal({name: b"x"}, EVIDENCE, SIGNER, ABOUT)


def test_sm3_is_the_standard_one() -> None:
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")
    assert sm3(b"abc") == digest.finalize().hex()
    assert sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(BUNDLE) - 1), st.integers(1, 255))
def test_no_single_changed_byte_passes(place: int, change: int) -> None:
    broken = bytearray(BUNDLE)
    broken[place] ^= change
    assert not verify(bytes(broken), SIGNER.public).ok or parts_of(bytes(broken)) == parts_of(BUNDLE)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    assert not verify(data).ok
    assert not verify(b"PK\x03\x04" + data).ok


NAMES = st.sampled_from(["files", "name", "about", "bundle"])


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8, alphabet="ab{}[]"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
        max_leaves=8,
    )
)
def test_any_manifest_gets_a_verdict(manifest: object) -> None:
    parts = dict(parts_of(BUNDLE))
    parts[MANIFEST] = orjson.dumps(manifest)
    assert not verify(zipped(list(parts.items()))).ok
