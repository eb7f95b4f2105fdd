"""Stages, grouping and the site's overlay: read strictly, applied, and written without disturbing the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.samples import NOON, event
from hypothesis import given
from hypothesis import strategies as st

from detectors.replay import replay
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.grouping import grouping_text, read_grouping
from detectors.sigma.load import load_folders, load_texts
from detectors.sigma.model import Loaded
from detectors.sigma.overlay import (
    LIVE,
    OFFLINE,
    Decision,
    judging,
    overlaid,
    parse_overlay,
    strangers,
    with_decision,
)
from yunshao.errors import BadConfiguration
from yunshao.model.finding import ALONE, GROUP_FIELDS, HOUR_MS, HOURLY, LEVELS, STAGES, Grouping

RULE = """
title: Rule {n}
id: 0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a0{n}
name: rule_{n}
level: high
logsource: {{product: aws, service: cloudtrail}}
detection: {{selection: {{op: Delete}}, condition: selection}}
yunshao: {said}
"""


def rules(*said: str) -> Loaded:
    return load_texts([(f"{n}.yml", RULE.format(n=n, said=one).encode()) for n, one in enumerate(said)], {})


def names(loaded: Loaded) -> list[str]:
    return [rule.name for rule in loaded.rules]


@pytest.mark.parametrize(
    ("said", "grouping"),
    [
        ("{}", HOURLY),
        ("{group: none}", ALONE),
        ("{group: {by: [entity], within: 6h}}", Grouping(("entity",), 6 * HOUR_MS)),
        ("{group: {by: unit}}", Grouping(("unit",), HOUR_MS)),
        ("{group: {within: 5m}}", Grouping(HOURLY.by, 300_000)),
        ("{group: {by: [unit, entity], within: 1h}}", HOURLY),
    ],
)
def test_a_rule_says_how_its_findings_are_grouped(said: str, grouping: Grouping) -> None:
    (rule,) = rules(said).rules
    assert rule.grouping == grouping
    (finding,) = replay(SigmaDetector(Loaded((rule,))), [event("a", time=NOON, op="Delete")])
    assert (finding.grouping, finding.staged) == (grouping, False)


@pytest.mark.parametrize(
    "said",
    [
        "{group: all}", "{group: {}}", "{group: {by: [nobody]}}", "{group: {by: []}}", "{group: {within: 8d}}",
        "{group: {within: 0h}}", "{group: {within: 6}}", "{group: {per: 6h}}", "{group: [entity]}", "{stage: live}",
        "{group: {by: [[entity]]}}",
    ],
)  # fmt: skip
def test_a_grouping_or_stage_that_cannot_be_is_refused_with_its_line(said: str) -> None:
    loaded = rules(said)
    assert not loaded.rules
    assert loaded.refused[0].line > 1


@given(
    st.lists(st.sampled_from(GROUP_FIELDS), min_size=1, unique=True),
    st.one_of(st.integers(1, 10_080).map(lambda n: f"{n}m"), st.integers(1, 168).map(lambda n: f"{n}h")),
)
def test_a_grouping_is_written_as_it_is_read(by: list[str], within: str) -> None:
    grouping = read_grouping({"by": by, "within": within})
    (again,) = parse_overlay(f"r: {{group: {grouping_text(grouping)}}}", "overlay.yml")
    assert again.grouping == grouping


def test_each_stage_judges_where_it_may() -> None:
    loaded = rules(*(f"{{stage: {stage}}}" for stage in STAGES), "{}")
    assert names(judging(loaded, OFFLINE)) == ["rule_1", "rule_2", "rule_3", "rule_4"]
    assert names(judging(loaded, LIVE)) == ["rule_2", "rule_3", "rule_4"]


def test_a_staged_rule_marks_its_findings() -> None:
    findings = replay(SigmaDetector(rules("{stage: staged}", "{}")), [event("a", time=NOON, op="Delete")])
    assert [(finding.rule_name, finding.staged) for finding in findings] == [("rule_0", True), ("rule_1", False)]


OVERLAY = """
# why we did this
rule_0: {stage: staged, level: low, group: none, reason: too many}
0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a01: {enabled: false}
gone_rule: {stage: draft}
"""


def test_an_overlay_decides_by_id_or_name_and_keeps_strangers() -> None:
    decisions = parse_overlay(OVERLAY, "overlay.yml")
    loaded = overlaid(rules("{}", "{}", "{stage: staged}"), decisions)
    first = loaded.rules[0]
    assert (first.stage, first.level, first.grouping) == ("staged", "low", ALONE)
    assert names(judging(loaded, LIVE)) == ["rule_0", "rule_2"]
    assert strangers(loaded, decisions) == ["gone_rule"]


@pytest.mark.parametrize(
    "text",
    [
        "[a]", "a: b", "a: {stage: live}", "a: {level: loud}", "a: {enabled: maybe}", "a: {group: all}", "a: {x: 1}",
        "a: {stage: staged}\na: {stage: test}", "{" * 5000, "a: {level: [low]}",
    ],
)  # fmt: skip
def test_an_overlay_that_cannot_be_used_is_one_error_with_its_place(text: str) -> None:
    with pytest.raises(BadConfiguration, match=r"overlay\.yml:\d+"):
        parse_overlay(text, "overlay.yml")


def test_writing_a_decision_leaves_every_other_line_alone() -> None:
    written = with_decision(OVERLAY, Decision("rule_0", stage="production", reason="mended"))
    assert written.replace('rule_0:\n  stage: production\n  reason: "mended"\n', "") == OVERLAY.replace(
        "rule_0: {stage: staged, level: low, group: none, reason: too many}\n", ""
    )
    assert with_decision(written, Decision("rule_9", level="low")).startswith(written)


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=40)
decisions = st.builds(
    Decision,
    st.sampled_from(["rule_a", "0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a01", "rule_b"]),
    stage=st.none() | st.sampled_from(STAGES),
    level=st.none() | st.sampled_from(LEVELS),
    enabled=st.none() | st.booleans(),
    grouping=st.sampled_from([None, ALONE, Grouping(("unit",), 6 * HOUR_MS)]),
    reason=words.map(str.strip).filter(bool),
)


@given(st.lists(decisions, max_size=6))
def test_what_is_written_is_read_again(wanted: list[Decision]) -> None:
    text = ""
    for decision in wanted:
        text = with_decision(text, decision)
    last = {decision.rule: decision for decision in wanted}
    assert {one.rule: one for one in parse_overlay(text, "overlay.yml")} == last if text else not wanted


def test_a_folder_of_rules_holds_an_overlay_and_exceptions_beside_them(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "rule.yml").write_text(RULE.format(n=0, said="{}"), encoding="utf-8")
    (folder / "overlay.yml").write_text("rule_0: {stage: staged}", encoding="utf-8")
    (folder / "exceptions.yml").write_text("exceptions: []", encoding="utf-8")
    loaded = load_folders([folder])
    assert (names(loaded), loaded.refused) == (["rule_0"], ())
