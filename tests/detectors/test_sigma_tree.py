"""The public Sigma rules and their events, read where they are and never copied."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from functools import cache
from pathlib import Path

import orjson
import pytest
import yaml
from shared_data import shared_data
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from detectors.sigma.model import Loaded
from yunshao.model.event import Event


@cache
def packed(pack: str) -> dict[str, bytes]:
    """The files of a pack by name."""
    with tarfile.open(shared_data(pack)) as archive:
        members = [member for member in archive if member.isfile()]
        return {member.name.removeprefix("./"): archive.extractfile(member).read() for member in members}


def tree(prefix: str) -> list[tuple[str, bytes]]:
    files = packed("sigma/sigma-rules.tar.gz")
    return [
        (name, text)
        for name, text in sorted(files.items())
        if f"/{name}".find(f"/{prefix}") >= 0 and name.endswith(".yml")
    ]


@cache
def rules() -> Loaded:
    return load_texts(tree("rules"), {})


@cache
def matcher() -> Matcher:
    return Matcher(rules().rules)


def test_99_percent_of_the_rules_load_and_the_rest_say_why():
    loaded = rules()
    total = len(loaded.rules) + len(loaded.refused)
    kinds = Counter(each.reason.split(": ")[-1].split("%")[0] for each in loaded.refused)
    print(f"{len(loaded.rules)} of {total} compile; refused: {dict(kinds)}; read by nobody: {len(matcher().unread)}")  # noqa: T201
    assert total >= 3_780
    assert len(loaded.rules) >= 0.99 * total
    assert all(each.line > 0 and each.reason for each in loaded.refused)


def test_old_rules_load_or_point_at_correlations():
    loaded = load_texts([*tree("deprecated"), *tree("unsupported")], {})
    print(f"{len(loaded.rules)} load, {len(loaded.refused)} are refused")  # noqa: T201
    assert len(loaded.rules) + len(loaded.refused) >= 259
    assert all(
        "correlation" in each.reason or "placeholder" in each.reason or "named" in each.reason or "taken" in each.reason
        for each in loaded.refused
    )


def test_what_the_reference_implementation_takes_we_take():
    """A sample of every tenth rule: accepted by both, or in need of a placeholder's value."""
    refused = {each.file: each.reason for each in rules().refused}
    for name, text in tree("rules")[::10]:
        try:
            SigmaRule.from_dict(yaml.load(text, Loader=yaml.CSafeLoader))
        except SigmaError:
            continue
        assert name not in refused or "placeholder" in refused[name], name


def natives(text: str) -> list[dict]:
    """Every JSON object of a text: one after the other, or in lists."""
    decoder, position, found = json.JSONDecoder(), 0, []
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        value, position = decoder.raw_decode(text, position)
        found.extend(value if isinstance(value, list) else [value])
    return found


def test_each_rule_fires_on_its_regression_event():
    files = packed("sigma/regression-dev.tar.xz")
    index = next(json.loads(text) for name, text in files.items() if name.endswith("index.json"))
    missed, met = [], 0
    for entry in index:
        for test in entry["tests"] or ():
            path = str(Path(test["path"]).with_suffix(".json"))
            text = next((text for name, text in files.items() if name.endswith(path)), None)
            if text is None:
                continue
            events = [
                Event("windows.event", "u", 0, native, lambda _n, _i: {})
                for native in natives(text.decode("utf-8-sig"))
            ]
            fired = {rule.id for event in events for rule in matcher().matches(event)}
            missed += [rule for rule in entry["rules"] if rule not in fired]
            met += sum(rule in fired for rule in entry["rules"])
    print(f"{met} rules fire on their events, {len(missed)} do not")  # noqa: T201
    assert met >= 95
    assert not missed


@pytest.mark.parametrize("pack", ["cloud/aws-stratus-detonations.tar.gz", "cloud/aws-invictus-simulation.tar.gz"])
def test_real_cloudtrail_runs_through_every_rule(pack):
    fired: Counter[str] = Counter()
    seen = 0
    for name, text in packed(pack).items():
        if not name.endswith(".json") or name.endswith("labels.json"):
            continue
        records = orjson.loads(text)
        records = records.get("Records", [records]) if isinstance(records, dict) else records
        for native in records:
            if isinstance(native, dict) and "eventName" in native:
                seen += 1
                fired.update(
                    rule.title for rule in matcher().matches(Event("aws.cloudtrail", "u", 0, native, lambda _n, _i: {}))
                )
    print(f"{seen} events, {sum(fired.values())} matches of {len(fired)} rules")  # noqa: T201
    assert seen > 300
    assert fired
