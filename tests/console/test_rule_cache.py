"""What is kept of rules gives the same rules, and can do nothing but that."""

import os
import pickle
from pathlib import Path

import pytest

from console import rule_cache
from detectors.sigma.load import load_folders

RULE = """title: Rule {n}
id: 00000000-0000-4000-8000-{n:012}
logsource: {{product: aws, service: cloudtrail}}
detection:
  selection: {{eventName: Stop{n}, "sourceIPAddress|cidr": 10.0.{n}.0/24, "userAgent|re": "a{n}b+"}}
  condition: selection
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(rule_cache, "FEWEST", 2)
    rules = tmp_path / "rules"
    rules.mkdir()
    for number in range(4):
        (rules / f"{number}.yml").write_text(RULE.format(n=number))
    (rules / "wrong.yml").write_text("title: x\n")
    return rules


def kept(folder):
    return list((folder.parent / "cache" / "yunshao" / "rules").glob("*.rules"))


def facts(loaded):
    return [(rule.id, rule.title, rule.fields) for rule in loaded.rules], loaded.refused


def test_the_second_reading_gives_what_the_first_did(folder):
    first = rule_cache.load_cached([folder])
    assert len(kept(folder)) == 1
    assert facts(rule_cache._recalled(kept(folder)[0])) == facts(first) == facts(load_folders([folder]))


def test_an_edited_rule_is_read_anew(folder):
    rule_cache.load_cached([folder])
    (folder / "1.yml").write_text(RULE.format(n=1).replace("Rule 1", "Another"))
    assert "Another" in [rule.title for rule in rule_cache.load_cached([folder]).rules]
    assert len(kept(folder)) == 2


def test_a_file_that_was_tampered_with_runs_nothing(folder, tmp_path):
    first = rule_cache.load_cached([folder])
    mark = tmp_path / "mark"

    class Bomb:
        def __reduce__(self):
            return (os.system, (f"touch {mark}",))

    kept(folder)[0].write_bytes(pickle.dumps(Bomb()))
    assert facts(rule_cache.load_cached([folder])) == facts(first)
    assert not mark.exists()


def test_our_own_functions_cannot_be_called_either(folder):
    stream = b"cdetectors.sigma.load\nload_folders\n((lctR."
    path = Path(folder.parent, "x")
    path.write_bytes(stream)
    assert rule_cache._recalled(path) is None


def test_a_folder_that_others_can_write_to_is_not_used(folder):
    place = folder.parent / "cache" / "yunshao" / "rules"
    place.mkdir(parents=True)
    place.chmod(0o777)
    assert len(rule_cache.load_cached([folder]).rules) == 4
    assert kept(folder) == []
