"""One gate over the rules that ship."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath

import pytest
import yaml

from collectors.catalog import PARSERS
from detectors.catalog import library, library_texts
from detectors.sigma.attack import current
from detectors.sigma.model import Correlation, Rule
from detectors.sigma.prove import Proof, prove
from detectors.sigma.route import SOURCES, sources_of

LOADED = library()
EVERYONE: list[Rule | Correlation] = [*LOADED.rules, *LOADED.correlations]
TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?\Z")
FIELD = re.compile(r"\{([^{}\s]+)\}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


@cache
def proofs() -> list[Proof]:
    return prove(LOADED, PARSERS)


def test_nothing_is_refused():
    assert [f"{each.file}:{each.line}: {each.reason}" for each in LOADED.refused] == []


def test_any_yaml_reader_reads_the_files_whole():
    for name, content in library_texts():
        assert all(isinstance(each, dict) for each in yaml.safe_load_all(content)), name


def test_names_are_unique():
    names = [rule.name for rule in EVERYONE]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", EVERYONE, ids=lambda rule: rule.name)
def test_a_rule_is_complete(rule):
    assert UUID.match(rule.id)
    assert rule.name == PurePosixPath(rule.file).stem
    assert rule.status == "stable"
    assert rule.description
    assert rule.techniques
    assert all(TECHNIQUE.match(technique) and current(technique) == technique for technique in rule.techniques)
    assert rule.falsepositives
    assert rule.words.why
    assert rule.words.triage
    assert rule.words.why.isascii()
    assert rule.title.isascii()


@pytest.mark.parametrize("rule", EVERYONE, ids=lambda rule: rule.name)
def test_a_rule_speaks_both_languages(rule):
    words = rule.words
    assert words.title_zh
    assert words.why_zh
    assert not words.title_zh.isascii()
    assert not words.why_zh.isascii()
    assert len(words.triage) == len(words.triage_zh)
    assert sorted(FIELD.findall(words.why)) == sorted(FIELD.findall(words.why_zh))


@pytest.mark.parametrize("rule", LOADED.rules, ids=lambda rule: rule.name)
def test_a_rule_is_read_by_a_source(rule):
    assert set(sources_of(rule.logsource)) <= set(SOURCES)
    assert sources_of(rule.logsource)


@pytest.mark.parametrize("rule", EVERYONE, ids=lambda rule: rule.name)
def test_a_rule_carries_its_proof(rule):
    fires = [case.fires for case in rule.cases]
    assert fires.count(True) >= 2
    assert fires.count(False) >= 2


@pytest.mark.parametrize("rule", EVERYONE, ids=lambda rule: rule.name)
def test_a_rule_passes_its_own_tests(rule):
    mine = [proof for proof in proofs() if proof.rule_id == rule.id]
    assert len(mine) == len(rule.cases)
    assert [f"{proof.file}:{proof.line}: {proof.reason}" for proof in mine if not proof.passed] == []
