"""An explanation reads well in both languages, and nothing in it steers a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from console.cli.rulebook.explained import Speaker, many_form, rule_form
from detectors.sigma.explain import explain
from detectors.sigma.explain_many import explain_many
from detectors.sigma.load import load_texts
from detectors.sigma.model import Loaded
from yunshao.model.event import Event

HEAD = "title: 'A [red]rule[/red]'\nid: 00000000-0000-4000-8000-000000000001\nname: base\nlevel: high\n"
SOURCE = "logsource: {product: aws, service: cloudtrail}\n"
ITEMS = (
    *("a: x", "a|cased: x", "a|contains: x", "a|startswith|cased: x", "a|endswith: x", "a: 'x*y'", "a: '*'", "a: '?*'"),
    *("a: ''", "a|re: x+", "a|cidr: 10.0.0.0/8", "a|exists: true", "a|exists: false", "a: null", "a|gt: 1", "a|lte: 2"),
    *("a|hour: 3", "a|month|gte: 3", "a|fieldref: b", "a|fieldref|contains: b", "a|neq: x", "a|contains|all: [x, y]"),
    *("a: [1, 2, 3, 4, 5]", "'|contains': x", "a|fieldref|startswith: b", "a|fieldref|endswith: b", "a|windash: -x"),
)
KINDS = (
    *("event_count", "value_count", "value_sum", "value_avg", "value_percentile", "value_median"),
    *("temporal", "temporal_ordered"),
)


def loaded(*texts: str) -> Loaded:
    found = load_texts([(f"{number}.yml", text.encode()) for number, text in enumerate(texts)], {})
    assert not found.refused
    return found


def event(value: object, source: str = "aws.cloudtrail") -> Event:
    return Event(source, "u\x1b[31m1", 0, {"a": value, "b": "x"}, lambda _native, _identity: {})


def printed(tree: object) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(tree)
    return out.getvalue()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("item", ITEMS)
def test_every_way_of_comparing_has_words(item: str, lang: str) -> None:
    rules = loaded(HEAD + SOURCE + f"detection: {{s: {{{item}}}, condition: not s}}\n").rules
    for value in ("x", 12, None, ["x", "y"], "\x1b[2J[bold]"):
        answer = explain(rules[0], event(value))
        told = printed(Speaker(lang, "Asia/Shanghai").rule(answer))
        assert "[red]rule[/red]" in told
        assert "\x1b" not in told
        assert rule_form(answer)["readings"][0]["tree"]["kind"] == "not"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_correlation_has_words(kind: str, lang: str) -> None:
    field = ", field: a" if kind.startswith("value") else ""
    more = ", percentile: 50" if kind == "value_percentile" else ""
    condition = "" if kind.startswith("temporal") else f", condition: {{gte: 2{field}{more}}}"
    block = f"correlation: {{type: {kind}, rules: [base], group-by: [b], timespan: 90m{condition}}}\n"
    ids = "title: Many\nid: 00000000-0000-4000-8000-000000000002\n"
    found = loaded(HEAD + SOURCE + "detection: {s: {b: x}, condition: s}\n", ids + block)
    answer = explain_many(found.correlations[0], found, [event(5)])
    told = printed(Speaker(lang, "Asia/Shanghai").many(answer))
    assert "\x1b" not in told
    assert "base" in told
    assert many_form(answer)["group"] == {"b": "x"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_event_of_another_source_is_said_before_anything_else(lang: str) -> None:
    rules = loaded(HEAD + SOURCE + "detection: {s: {a: x}, condition: s}\n").rules
    told = printed(Speaker(lang, "Asia/Shanghai").rule(explain(rules[0], event("x", "zeek")))).splitlines()
    assert "zeek" in told[2]
    assert "aws.cloudtrail" in told[2]
