"""Playbook files: what is wrong is one refusal that names the file and the field."""

from __future__ import annotations

import contextlib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.catalog import library as rules
from playbooks.load import library, load_folder, parse_playbook
from playbooks.scenes import ALL_STORIES
from yunshao.errors import BadContent

TEXT = resources.files("playbooks").joinpath("library", "leaked_cloud_key.yml").read_text(encoding="utf-8")
ASSESSMENT = resources.files("playbooks").joinpath("library", "city_risk_assessment.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("kind: drill", "kind: party", "kind"),
        ("id: leaked_cloud_key", "id: '../etc'", "id"),
        ("every: quarter", "every: now_and_then", "every"),
        ("at: 2m", "at: 2 minutes", "run[1].at"),
        ("at: 8m", "at: 1m", "run"),
        ("send: aws.cloudtrail, part: hide", "sned: aws.cloudtrail", "run[4]"),
        ("within: 15m", "within: 15m, by: me", "expect[4]"),
        ("acknowledged_by: on_call", "acknowledged_by: the_cat", "expect[4].acknowledged_by"),
        ("story: leaked_cloud_key", "story: [a]", "story"),
        ("forms: {method: practical", "forms: {method: magic", "forms.method"),
        ("ask: on_call, does: contain, title", "ask: on_call, does: nothing, title", "run[3].does"),
        ("ask: on_call, does: contain, title", "ask: the_cat, title", "run[3].ask"),
        ("send: aws.cloudtrail, part: hide", "send: aws.cloudtrail, does: contain", "run[4].does"),
        ("forms:", "groups: {choir: {zh: 唱, en: sing}}\nforms:", "groups"),
        ("title: {zh: 云访问密钥泄露应急演练, en", "title: {en", "title"),
    ],
)
def test_a_wrong_field_is_named(old, new, place):
    assert old in TEXT
    with pytest.raises(BadContent) as refusal:
        parse_playbook(TEXT.replace(old, new, 1), "there.yml")
    assert "there.yml" in str(refusal.value)
    assert place in str(refusal.value)


@pytest.mark.parametrize("text", ["", "- a", "a: [", "\x00", "kind: drill", "&a [*a, *a]", "[" * 50_000, "x" * 300_000])
def test_what_is_no_playbook_is_refused_and_nothing_else_happens(text):
    with pytest.raises(BadContent):
        parse_playbook(text, "there.yml")


def test_an_alias_bomb_is_refused_in_no_time():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(12)
    )
    with pytest.raises(BadContent):
        parse_playbook(bomb, "there.yml")


@given(st.integers(0, len(TEXT) - 1), st.text(max_size=3))
def test_a_damaged_file_loads_or_is_refused(place, noise):
    for text in (TEXT, ASSESSMENT):
        with contextlib.suppress(BadContent):
            assert parse_playbook(text[:place] + noise + text[place + 1 :], "there.yml").id


def test_the_files_name_is_the_id(tmp_path):
    (tmp_path / "other.yml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(BadContent):
        load_folder(tmp_path)


@pytest.mark.parametrize("playbook", library().values(), ids=lambda one: one.id)
def test_a_shipped_playbook_can_be_played(playbook):
    if playbook.kind != "drill":
        assert playbook.threats or playbook.program
        return
    loaded = rules()
    known = {rule.name for rule in (*loaded.rules, *loaded.correlations)}
    assert {one.rule for one in playbook.expect if one.rule} <= known
    assert not playbook.story or playbook.story in ALL_STORIES
    told = {stage.part for stage in playbook.stages if stage.type == "send"}
    assert bool(told) == bool(playbook.story)


def test_a_dozen_drills_ship_and_one_of_them_is_played_at_the_table():
    drills = [one for one in library().values() if one.kind == "drill"]
    assert len(drills) >= 12
    assert {"tabletop", "practical"} <= {one.forms["method"] for one in drills}
