"""Each way to tamper with what was sealed is found: in a bundle, in the store, and by a checkpoint kept outside."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from console.roles.reporting import bundle_path
from console.roles.sealing import (
    all_links,
    check_chain,
    extend,
    link_report,
    rotate,
    take_checkpoint,
)
from console.wiring import Workspace, open_workspace
from reports.keys import Signer, new_key, read_checkpoint
from reports.seal import seal, verify
from yunshao.errors import BadConfiguration, NotFound
from yunshao.model.alert import acknowledge, raise_alert
from yunshao.model.chain import Item, Link, link
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import Finding
from yunshao.ports import Batch

NOON = 1_767_268_800_000


def raised(number: int) -> Any:
    said = {"zh": "登录失败", "en": "A log-in failed"}
    ref = EventRef("syslog", f"e{number}", NOON)
    return raise_alert(Finding(f"rule-{number}", "r", said, "high", NOON, "root", (ref,), Owner("metro"), said), NOON)


def built(place: Workspace, report: str) -> bytes:
    """A report sealed as the product seals one."""
    about = {"report": report, "kind": "assessment", "created": NOON}
    data = seal(
        {"a.json": b"{}"},
        {},
        place.signer,
        about,
        lambda digest: link_report(place, report, digest),
        place.keys.rotations(),
    )
    path = bundle_path(place, report)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return data


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "yunshao.yaml").write_text("language: en\n", encoding="utf-8")
    found = open_workspace(tmp_path)
    found.store.commit(Batch(alerts=[raised(1), raised(2)]))
    for number in range(5):
        found.store.note("chief", "look", f"page-{number}")
    built(found, "first")
    found.store.note("chief", "look", "last")
    built(found, "second")
    yield found
    found.store.close()


def codes(place: Workspace, *checkpoints: dict[str, Any]) -> set[str]:
    return {flaw.code for flaw in check_chain(place, checkpoints)}


def tamper(place: Workspace, sql: str, *values: object) -> None:
    connection = sqlite3.connect(place.data / "yunshao.db")
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def rewritten(place: Workspace, keep: Callable[[Link], bool]) -> None:
    """The whole chain made anew, as somebody with the store in hand would: it fits in itself."""
    rows: list[Link] = []
    for one in filter(keep, list(all_links(place))):
        item = Item(one.kind, one.subject, one.place, one.digest)
        rows.append(link(rows[-1] if rows else None, item, one.at))
    tamper(place, "DELETE FROM chain")
    for one in rows:
        tamper(place, f"INSERT INTO chain VALUES ({','.join('?' * 8)})", *one.as_row().values())


def test_what_nobody_touched_is_whole(place: Workspace) -> None:
    assert codes(place, take_checkpoint(place)) == set()
    kinds = {one.kind for one in all_links(place)}
    assert kinds == {"alert", "audit", "report"}


def test_linking_again_links_nothing_twice(place: Workspace) -> None:
    extend(place)
    count = len(list(all_links(place)))
    extend(place)
    assert len(list(all_links(place))) == count


def test_a_changed_alert_is_linked_again_and_is_no_flaw(place: Workspace) -> None:
    key = raised(1).id
    place.store.change_alert(key, lambda alert: acknowledge(alert, "analyst", NOON))
    assert codes(place) == set()
    extend(place)
    assert codes(place) == set()
    assert sum(one.subject == key for one in all_links(place)) == 2


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE trail SET by='nobody' WHERE number=2", "audit_changed"),
        ("DELETE FROM trail WHERE number=2", "audit_removed"),
        ("DELETE FROM trail WHERE number=(SELECT max(number) FROM trail)", "audit_removed"),
        ("DELETE FROM chain WHERE number=3", "chain_removed"),
        ("DELETE FROM chain WHERE number=1", "chain_removed"),
        ("UPDATE chain SET digest=lower(hex(zeroblob(32))) WHERE number=3", "chain_changed"),
        ("UPDATE chain SET subject='another' WHERE number=3", "chain_changed"),
        ("UPDATE chain SET previous=hash WHERE number=4", "chain_broken"),
    ],
)
def test_tampering_with_the_store_is_found(place: Workspace, sql: str, code: str) -> None:
    tamper(place, sql)
    assert code in codes(place)


def test_links_in_another_order_are_found(place: Workspace) -> None:
    tamper(place, "UPDATE chain SET number=-1 WHERE number=3")
    tamper(place, "UPDATE chain SET number=3 WHERE number=4")
    tamper(place, "UPDATE chain SET number=4 WHERE number=-1")
    assert codes(place) & {"chain_broken", "chain_changed"}


def test_a_report_that_was_changed_or_removed_is_found(place: Workspace) -> None:
    bundle_path(place, "first").write_bytes(seal({"a.json": b"{1}"}, {}, place.signer, {"report": "first"}))
    assert "report_changed" in codes(place)
    bundle_path(place, "first").unlink()
    assert "report_removed" in codes(place)


def test_a_cut_chain_fits_in_itself_and_a_checkpoint_finds_it(place: Workspace) -> None:
    held = take_checkpoint(place)
    tamper(place, "DELETE FROM chain WHERE number > 3")
    assert not codes(place)
    assert codes(place, held) == {"chain_truncated"}
    tamper(place, "DELETE FROM chain")
    assert "chain_truncated" in codes(place, held)


def test_a_chain_made_anew_fits_in_itself_and_a_checkpoint_finds_it(place: Workspace) -> None:
    held = take_checkpoint(place)
    tamper(place, "DELETE FROM trail WHERE number=2")
    rewritten(place, lambda one: not (one.kind == "audit" and one.place == 2))
    assert not {code for code in codes(place) if code.startswith("chain")}
    # One link less: the end of the chain lies before the checkpoint, or what stands there is another link.
    assert codes(place, held) & {"chain_rewritten", "chain_truncated"}
    place.store.note("chief", "look", "more")
    extend(place)
    assert "chain_rewritten" in codes(place, held)


def bundle(place: Workspace, report: str) -> bytes:
    return bundle_path(place, report).read_bytes()


def resealed(data: bytes, signer: Signer, change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """The bundle with another stretch of chain in it, sealed again by somebody who holds a key."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        about = orjson.loads(archive.read("manifest.json"))["about"]
        rows = [orjson.loads(line) for line in archive.read("chain.ndjson").splitlines()]
        files = {"a.json": archive.read("a.json")}
    change(rows)
    return seal(files, {}, signer, about, lambda _: [Link(**row) for row in rows])


def found_in(data: bytes, *checkpoints: dict[str, Any]) -> set[str]:
    return {problem.code for problem in verify(data, None, checkpoints).problems}


def test_a_bundle_holds_its_stretch_of_the_chain(place: Workspace) -> None:
    assert found_in(bundle(place, "second"), take_checkpoint(place)) == set()
    with zipfile.ZipFile(io.BytesIO(bundle(place, "second"))) as archive:
        rows = [orjson.loads(line) for line in archive.read("chain.ndjson").splitlines()]
    assert [rows[0]["subject"], rows[-1]["subject"]] == ["first", "second"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: rows.pop(1), "chain_removed"),
        (lambda rows: rows.pop(), "chain_mismatch"),
        (lambda rows: rows.clear(), "chain_removed"),
        (lambda rows: rows.insert(1, rows.pop(2)), "chain_reordered"),
        (lambda rows: rows[1].update(at=1), "chain_changed"),
        (lambda rows: rows[-1].update(digest="0" * 64), "chain_mismatch"),
    ],
)
def test_a_stretch_that_was_changed_is_found_though_it_was_sealed_again(
    place: Workspace, change: Callable[[list[dict[str, Any]]], None], code: str
) -> None:
    assert code in found_in(resealed(bundle(place, "second"), place.signer, change))


def test_a_bundle_with_another_chain_is_found_by_a_checkpoint_of_its_stretch(place: Workspace) -> None:
    first = place.store.links()[-3]
    held = next(one for one in [take_checkpoint(place)])
    data = bundle(place, "second")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        rows = [orjson.loads(line) for line in archive.read("chain.ndjson").splitlines()]
    anew: list[Link] = []
    for row in rows:
        item = Item(row["kind"], row["subject"], row["place"], row["digest"])
        before = anew[-1] if anew else Link(row["number"] - 1, "audit", "x", 1, 1, "", "", "f" * 64)
        anew.append(link(before, item, row["at"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        about = orjson.loads(archive.read("manifest.json"))["about"]
    forged = seal({"a.json": b"{}"}, {}, place.signer, about, lambda _: anew)
    assert found_in(forged) == set()
    assert first.number < held["number"] == rows[-1]["number"]
    assert found_in(forged, held) == {"chain_rewritten"}


def test_a_key_that_handed_over_still_vouches_and_another_does_not(place: Workspace) -> None:
    old = place.signer.public
    held = take_checkpoint(place)
    ((before, after),) = rotate(place, "admin")
    again = open_workspace(place.folder)
    assert again.signer.fingerprint == after != before
    data = built(again, "third")
    assert verify(data, old, [held]).ok
    assert verify(data, again.signer.public).ok
    assert not verify(data, Signer.from_pem(new_key()).public).ok
    stranger = Signer.from_pem(new_key())
    forged = resealed(data, stranger, lambda _: None)
    assert verify(forged).ok
    assert {one.code for one in verify(forged, old).problems} == {"wrong_key"}
    assert "wrong_key" in found_in(forged, held)
    assert codes(again, held) == set()
    again.store.close()


def test_a_forged_statement_of_a_key_hands_nothing_over(place: Workspace) -> None:
    rotate(place, "admin")
    said = place.keys.rotations()
    stranger = Signer.from_pem(new_key())
    forged = [{**said[0], "to": stranger.public.hex()}]
    data = seal({}, {}, stranger, {"report": "x"}, None, forged)
    assert not verify(data, bytes.fromhex(said[0]["from"])).ok


def test_keys_are_private_and_the_old_one_is_gone(place: Workspace) -> None:
    old = (place.data / "keys" / "signing.pem").read_bytes()
    rotate(place, "admin")
    folder = place.data / "keys"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert old not in [path.read_bytes() for path in folder.iterdir()]


@pytest.mark.parametrize("change", [{"number": 1}, {"hash": "0" * 64}, {"signature": "zz"}, {"extra": 1}])
def test_a_checkpoint_that_was_changed_is_refused(place: Workspace, change: dict[str, Any]) -> None:
    held = take_checkpoint(place)
    assert read_checkpoint(orjson.dumps(held)) == held
    with pytest.raises(BadConfiguration):
        read_checkpoint(orjson.dumps({**held, **change}))


def test_what_is_no_checkpoint_is_refused() -> None:
    for content in (b"", b"[]", b"{", b'{"statement": "yunshao-checkpoint/1"}'):
        with pytest.raises(BadConfiguration):
            read_checkpoint(content)


def test_an_empty_store_has_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "yunshao.yaml").write_text("language: en\n", encoding="utf-8")
    empty = open_workspace(tmp_path)
    with pytest.raises(NotFound):
        take_checkpoint(empty)
    empty.store.close()
