"""Every text is there in both languages, and the project speaks of the project alone."""

from __future__ import annotations

import re
import string
import subprocess

import pytest
import yaml
from house.structure import ROOT

from yunshao.text import flatten

CATALOGUES = sorted(ROOT.glob("*/**/text.zh.yml"))


def _words(path: str) -> dict[str, str]:
    return flatten(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("chinese", [p for p in CATALOGUES if ".venv" not in p.parts], ids=lambda p: str(p.parent.name))
def test_both_languages_have_the_same_keys_and_the_same_places_to_fill(chinese: object) -> None:
    zh = _words(str(chinese))
    en = _words(str(chinese).replace(".zh.", ".en."))
    assert set(zh) == set(en)
    assert {key: _places(zh[key]) for key in zh} == {key: _places(en[key]) for key in en}
    assert not [key for key in zh if not zh[key].strip() or not en[key].strip()]


def test_there_is_a_catalogue_to_check() -> None:
    assert len(CATALOGUES) >= 3


def test_nothing_tracked_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    hosts = re.compile(
        "|".join(("files[.]python" + "hosted", "py" + "pi[.]org", "registry[.]npm" + "js", "repo1[.]ma" + "ven"))
    )
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".gz", ".zip"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [name] if hosts.search(text) or str(ROOT) + "/" in text else []
    assert not found
