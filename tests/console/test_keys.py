"""SM2 beside Ed25519, and keys on a token: made, handed over, refused in one line."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from console.cli.main import run
from console.keys import sm2_check
from console.roles.reporting import bundle_path
from console.roles.sealing import check_chain, link_report, rotate
from console.wiring import Workspace, open_workspace
from reports.keys import Signer, new_key, public_pem, raw_public, signed_by
from reports.seal import MANIFEST, SIGNATURE_SM2, Verdict, seal, verify
from yunshao.errors import BadConfiguration, Unreachable, YunshaoError

NOON = 1_767_268_800_000
SOFTHSM = next(
    (
        path
        for path in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
        if Path(path).exists()
    ),
    "",
)
PIN = "271828"


def workspace(folder: Path, text: str) -> Workspace:
    (folder / "yunshao.yaml").write_text("language: en\n" + text, encoding="utf-8")
    return open_workspace(folder)


def built(place: Workspace, report: str) -> bytes:
    """A report sealed as the product seals one."""
    about = {"report": report, "kind": "assessment", "created": NOON}
    data = seal(
        {"a.json": b"{}"}, {}, place.signer, about, lambda digest: link_report(place, report, digest),
        place.keys.rotations(), place.keys.beside,
    )  # fmt: skip
    path = bundle_path(place, report)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return data


def changed(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def problems(verdict: Verdict) -> set[tuple[str, str]]:
    return {(one.code, one.name) for one in verdict.problems}


class TestSm2:
    """A bundle that an SM2 key signed too."""

    @pytest.fixture(autouse=True)
    def _there(self) -> None:
        pytest.importorskip("gmssl_pyx", reason="the extra `sm2` is not installed")

    @pytest.fixture
    def place(self, tmp_path: Path) -> Workspace:
        return workspace(tmp_path, "seal: {sm2: true}\n")

    def test_the_standards_own_example_is_a_good_signature_and_another_text_is_not(self) -> None:
        check = sm2_check()
        assert check
        # GB/T 32918.5, annex A.2: the recommended curve, the usual id, "message digest".
        public = bytes.fromhex(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        )
        r = "00f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        s = "00b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
        signature = bytes.fromhex("3046" + "0221" + r + "0221" + s)
        assert check(public, signature, b"message digest")
        assert not check(public, signature, b"message digests")
        assert not check(public, b"", b"message digest")
        assert not check(b"\x04" + bytes(64), signature, b"message digest")

    def test_both_keys_vouch_for_a_bundle(self, place: Workspace) -> None:
        data, beside = built(place, "first"), place.keys.beside
        assert beside
        verdict = verify(data, None, (), sm2_check())
        assert (verdict.ok, verdict.sm2, verdict.sm2_checked) == (True, beside.fingerprint, True)
        for key in (place.signer.public, beside.public, public_pem(beside.public), public_pem(place.signer.public)):
            assert verify(data, key, (), sm2_check()).signed_by == "pinned"
        assert problems(verify(data, b"\x04" + bytes(64), (), sm2_check())) == {("wrong_key", MANIFEST)}

    def test_who_lacks_the_library_is_told_that_it_was_not_checked(self, place: Workspace) -> None:
        data, beside = built(place, "first"), place.keys.beside
        assert beside
        verdict = verify(data)
        assert (verdict.ok, verdict.sm2, verdict.sm2_checked) == (True, beside.fingerprint, False)
        assert problems(verify(data, beside.public)) == {("unchecked", SIGNATURE_SM2)}

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (lambda parts: parts.pop(SIGNATURE_SM2), {("no_signature", SIGNATURE_SM2)}),
            (lambda parts: parts.update({SIGNATURE_SM2: b"0" * 71}), {("bad_signature", SIGNATURE_SM2)}),
            (lambda parts: parts.update({SIGNATURE_SM2: b""}), {("bad_signature", SIGNATURE_SM2)}),
            (lambda parts: parts.update({"a.json": b"[]"}), {("changed", "a.json")}),
        ],
    )
    def test_what_was_changed_is_named(
        self, place: Workspace, change: Callable[[dict[str, bytes]], object], found: set[tuple[str, str]]
    ) -> None:
        assert problems(verify(changed(built(place, "first"), change), None, (), sm2_check())) == found

    @pytest.mark.parametrize("said", [None, 7, "04", {}, {"public_key": "04"}, {"public_key": "zz", "fingerprint": ""}])
    def test_a_manifest_that_names_no_key_beside_is_found(self, place: Workspace, said: object) -> None:
        def edit(parts: dict[str, bytes]) -> None:
            parts[MANIFEST] = orjson.dumps({**orjson.loads(parts[MANIFEST]), "sm2": said}, option=orjson.OPT_SORT_KEYS)

        found = problems(verify(changed(built(place, "first"), edit), None, (), sm2_check()))
        assert {("bad_key", MANIFEST), ("added", SIGNATURE_SM2)} < found

    def test_the_manifest_holds_the_key_so_that_another_cannot_sign_in_its_place(self, place: Workspace) -> None:
        (place.folder / "other").mkdir()
        data, other = built(place, "first"), workspace(place.folder / "other", "seal: {sm2: true}\n").keys.beside
        assert other

        def swap(parts: dict[str, bytes]) -> None:
            parts[SIGNATURE_SM2] = other.sign(parts[MANIFEST])

        assert problems(verify(changed(data, swap), None, (), sm2_check())) == {("bad_signature", SIGNATURE_SM2)}

    def test_both_keys_hand_over_and_the_old_ones_still_vouch(self, place: Workspace) -> None:
        old = place.keys.beside
        assert old
        before = (place.data / "keys" / "sm2.pem").read_bytes()
        assert len(rotate(place, "admin")) == len(rotate(place, "admin")) == 2
        new = place.keys.beside
        assert new
        assert new.public != old.public
        data = built(place, "second")
        assert verify(data, old.public, (), sm2_check()).signed_by == "pinned"
        files = {path: path.read_bytes() for path in (place.data / "keys").iterdir()}
        assert before not in files.values()
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert not check_chain(place)

    def test_openssl_reads_the_keys_and_finds_the_signature_good(self, place: Workspace, tmp_path: Path) -> None:
        beside = place.keys.beside
        assert beside
        (tmp_path / "p.pem").write_bytes(public_pem(beside.public))
        (tmp_path / "m").write_bytes(b"manifest")
        (tmp_path / "s").write_bytes(beside.sign(b"manifest"))
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "p.pem", "-in", "m", "-sigfile", "s", "-rawin",
             "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"], cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        if "SM2" in done.stderr or "sm3" in done.stderr:
            pytest.skip(f"this OpenSSL lacks SM2: {done.stderr.strip()[-200:]}")
        assert "Verified Successfully" in done.stdout, done.stderr
        openssl = subprocess.run(
            ["openssl", "pkey", "-in", str(place.data / "keys" / "sm2.pem"), "-pubout"], capture_output=True
        )
        assert openssl.stdout == public_pem(beside.public)

    @pytest.mark.parametrize("pem", [b"", b"nonsense", new_key(), public_pem(Signer.from_pem(new_key()).public)])
    def test_a_file_that_holds_no_sm2_key_is_refused(self, place: Workspace, pem: bytes) -> None:
        place.keys.beside  # noqa: B018
        (place.data / "keys" / "sm2.pem").write_bytes(pem)
        with pytest.raises(BadConfiguration, match="not an SM2 key"):
            place.keys.beside  # noqa: B018

    def test_the_command_says_who_signed_beside(
        self, place: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        built(place, "first")
        assert run(["seal", "key", "--sm2", "-w", str(place.folder)]) == 0
        (tmp_path / "sm2.pub").write_text(capsys.readouterr().out)
        assert run(["verify", str(bundle_path(place, "first")), "--key", str(tmp_path / "sm2.pub")]) == 0
        said = capsys.readouterr().out
        assert "signed beside by SM2 key" in said
        assert "not checked" not in said


def test_a_statement_of_a_hand_over_that_a_crash_cut_off_leads_nowhere(tmp_path: Path) -> None:
    place = workspace(tmp_path, "")
    old, file = place.signer.public, place.data / "keys" / "signing.pem"
    before = file.read_bytes()
    place.keys.rotate(NOON)
    lost = place.signer.public
    file.write_bytes(before)
    place.keys.rotate(NOON + 1)
    data = built(place, "first")
    assert verify(data, old).ok
    assert not verify(data, lost).ok


@pytest.mark.parametrize(
    "key", [b"\x02" + bytes(64), bytes(64), b"-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----"]
)
def test_what_is_no_key_is_none(key: bytes) -> None:
    assert raw_public(key) == b""
    assert not signed_by(key, b"", b"")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("pkcs11", reason="the extra `pkcs11` is not installed")
    if not (SOFTHSM and shutil.which("softhsm2-util")):
        pytest.skip("SoftHSM is not installed (softhsm2)")
    # The library reads its settings and finds its tokens once in a process: one for all tests, a label for each.
    home = tmp_path_factory.mktemp("softhsm")
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(f"directories.tokendir = {home}/tokens\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(home / "softhsm2.conf"))
        patch.setenv("YUNSHAO_PIN", PIN)
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "city", "--pin", PIN, "--so-pin", PIN],
            check=True, capture_output=True,
        )  # fmt: skip
        yield "city"


class TestToken:
    """Keys on a PKCS#11 token: SoftHSM stands for one."""

    @pytest.fixture
    def text(self, token: str, request: pytest.FixtureRequest) -> str:
        label = hashlib.sha256(request.node.name.encode()).hexdigest()[:32]
        return f"seal: {{pkcs11: {{module: {SOFTHSM}, token: {token}, label: '{label}'}}}}\n"

    def test_the_key_is_made_on_the_token_and_seals(self, tmp_path: Path, text: str) -> None:
        place = workspace(tmp_path, text)
        data = built(place, "first")
        assert verify(data, place.signer.public).ok
        assert {path.name for path in (place.data / "keys").iterdir()} == {"signing.token"}
        assert workspace(tmp_path, text).signer.public == place.signer.public

    def test_the_private_half_cannot_be_read_out(self, tmp_path: Path, text: str) -> None:
        import pkcs11

        place = workspace(tmp_path, text)
        public = place.signer.public
        with pkcs11.lib(SOFTHSM).get_token(token_label="city").open(user_pin=PIN) as session:
            wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
            name = hashlib.sha256(public).digest()
            (key,) = session.get_objects({**wanted, pkcs11.Attribute.ID: name})
            assert (key[pkcs11.Attribute.SENSITIVE], key[pkcs11.Attribute.EXTRACTABLE]) == (True, False)

    def test_a_key_in_a_file_hands_over_to_the_token_and_that_to_the_next(self, tmp_path: Path, text: str) -> None:
        in_file = workspace(tmp_path, "").signer.public
        place = workspace(tmp_path, text)
        with pytest.raises(BadConfiguration, match="seal rotate"):
            place.signer  # noqa: B018
        rotate(place, "admin")
        assert not (place.data / "keys" / "signing.pem").exists()
        first = place.signer.public
        rotate(place, "admin")
        assert place.keys._token().keys() == [place.signer.public] != [first]
        data = built(place, "second")
        assert all(verify(data, key).ok for key in (in_file, first, place.signer.public))
        assert not check_chain(place)
        with pytest.raises(BadConfiguration, match=r"put seal\.pkcs11 back"):
            workspace(tmp_path, "").signer  # noqa: B018

    def test_a_key_that_its_keeper_put_there_is_used(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        assert workspace(tmp_path / "one", text).signer.public == workspace(tmp_path / "two", text).signer.public

    @pytest.mark.parametrize(
        ("old", "new", "kind", "words"),
        [
            ("module: ", "module: /nowhere", BadConfiguration, "no PKCS#11 library"),
            ("token: city", "token: village", Unreachable, "no token labelled 'village'"),
        ],
    )
    def test_what_is_not_there_is_one_clear_line(
        self, tmp_path: Path, text: str, old: str, new: str, kind: type[YunshaoError], words: str
    ) -> None:
        with pytest.raises(kind, match=words) as said:
            workspace(tmp_path, text.replace(old, new)).signer  # noqa: B018
        assert "\n" not in str(said.value)

    def test_a_wrong_pin_and_none_are_refused_by_the_command(
        self, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place = workspace(tmp_path, text)
        for pin, words in (("9999", "the token refuses the PIN"), ("", "the variable YUNSHAO_PIN is not set")):
            monkeypatch.setenv("YUNSHAO_PIN", pin)
            assert run(["seal", "key", "-w", str(place.folder)]) == 2
            said = capsys.readouterr()
            assert said.out == ""
            assert words in said.err
            assert said.err.count("\n") == 1

    def test_a_key_that_is_gone_from_the_token_is_named(self, tmp_path: Path, text: str) -> None:
        place = workspace(tmp_path, text)
        signer = place.signer
        place.keys._token().destroy(signer.public)
        with pytest.raises(BadConfiguration, match=signer.fingerprint):
            place.signer  # noqa: B018
