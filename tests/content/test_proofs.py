"""What the tests inside the rules are worth: near misses, real shapes, and no part of a rule without a test."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import combinations
from typing import Any

import orjson
import pytest
import yaml
from content.traffic import pack
from shared_data import shared_data

from collectors.catalog import PARSERS
from collectors.files.content import gunzipped
from detectors.catalog import library
from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from detectors.sigma.model import Case, Correlation, Rule
from detectors.sigma.prove import RAW, event_of
from detectors.sigma.route import sources_of

LOADED = library()
EVERYONE: dict[str, Rule | Correlation] = {rule.id: rule for rule in (*LOADED.rules, *LOADED.correlations)}
MOST_APART = 6
"""A near miss differs from something that fires in no more than so many fields (words, in a line of text)."""
CHANCE = frozenset({"procid", "flow_id", "src_port", "id.orig_p", "alert.signature_id", "severity", "eventID", "ts"})
NEVER = {"no_source_has_this_field": "x"}
FIELD = re.compile(r"\{([^{}\s]+)\}")
Leaves = frozenset[tuple[str, str]]
LATER_ZEEK = {"kerberos": {"cipher"}, "rfb": {"share_flag"}}
"""Columns that Zeek documents and that the real logs at hand, of an older Zeek, do not have."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a record with its path; a message or a raw line in words."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for below in value:
            yield from leaves(below, path)
    elif path in ("message", RAW):
        yield from ((f"{path} {word}", word) for word in str(value).split())
    elif path not in CHANCE:
        yield path, str(value)


def distinct(records: Iterable[dict[str, Any]]) -> set[Leaves]:
    """Each different record once, as its leaves."""
    return {frozenset(leaves(record)) for record in records}


def apart(one: Leaves, other: Leaves) -> int:
    """In how many fields two records differ; a word that stands for another counts once."""
    differing = {path for path, _ in one ^ other}
    words = sum(path.startswith(("message ", f"{RAW} ")) for path in differing)
    return len(differing) - words + (words + 1) // 2


def nearest(case: Case, firing: set[Leaves]) -> int:
    """How far the nearest event of a test is from the nearest one that fires."""
    return min(apart(event, other) for event in distinct(case.events) for other in firing)


def events(rule: Rule | Correlation, *, fire: bool) -> list[dict[str, Any]]:
    """The events of the tests that fire, or that do not."""
    return [event for case in rule.cases if case.fires is fire for event in case.events]


def looked_at(rule: Rule | Correlation) -> set[str]:
    """The fields that a rule, what it counts, or its words name."""
    named = set(FIELD.findall(rule.words.why))
    if isinstance(rule, Rule):
        return named | set(rule.fields)
    below = (looked_at(EVERYONE[name]) for name in rule.rules)
    return named.union(rule.group_by, rule.fields, *below)


def seen(case: Case, fields: set[str]) -> list[set[tuple[str, str]]]:
    """What a rule sees of each event of a test."""
    stems = tuple(f"{field}." for field in fields)
    return [
        {(path, value) for path, value in leaves(event) if path.split(" ")[0] in fields or path.startswith(stems)}
        for event in case.events
    ]


@pytest.mark.parametrize("rule", EVERYONE.values(), ids=lambda rule: rule.name)
def test_what_does_not_fire_is_a_near_miss(rule: Rule | Correlation) -> None:
    firing = distinct(events(rule, fire=True))
    far = [f"{rule.file}:{case.line}" for case in rule.cases if not case.fires and nearest(case, firing) > MOST_APART]
    assert far == []


@pytest.mark.parametrize("rule", EVERYONE.values(), ids=lambda rule: rule.name)
def test_no_two_tests_that_fire_are_the_same_to_the_rule(rule: Rule | Correlation) -> None:
    fields = looked_at(rule) | {"message", RAW}
    firing = [case for case in rule.cases if case.fires]
    same = [pair for pair in combinations(firing, 2) if seen(pair[0], fields) == seen(pair[1], fields)]
    alike = [(one.line, other.line) for one, other in same]
    assert alike == []


def texts() -> Iterator[tuple[str, bytes]]:
    """The rule files that ship."""
    for folder in sorted(resources.files("detectors").joinpath("library").iterdir(), key=lambda entry: entry.name):
        for entry in folder.iterdir():
            if entry.name.endswith(".yml"):
                yield entry.name.removesuffix(".yml"), entry.read_bytes()


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Every rule as an ordinary YAML reader reads it, without our own block, by its name."""
    return {name: yaml.safe_load(text.split(b"\nyunshao:")[0]) for name, text in texts()}


@cache
def outcomes(rule_id: str) -> list[tuple[Any, bool]]:
    """The events of a rule's tests, parsed, and whether each fires."""
    rule = EVERYONE[rule_id]
    assert isinstance(rule, Rule)
    first, log = sources_of(rule.logsource)[0], rule.logsource.service or rule.logsource.category
    return [
        (event_of(PARSERS[case.source or first], event, number, case.hint, log), case.fires)
        for case in rule.cases
        for number, event in enumerate(case.events)
    ]


@pytest.mark.parametrize("rule", LOADED.rules, ids=lambda rule: rule.name)
def test_every_selection_of_a_rule_is_needed_by_one_of_its_tests(rule: Rule) -> None:
    document = documents()[rule.name]
    idle = []
    for name in document["detection"].keys() - {"condition"}:
        changed = document | {"detection": document["detection"] | {name: NEVER}}
        loaded = load_texts([(name, yaml.safe_dump(changed, allow_unicode=True).encode())], {})
        assert loaded.refused == ()
        matches = Matcher(loaded.rules).matches
        if all(bool(matches(event)) == fires for event, fires in outcomes(rule.id)):
            idle.append(name)
    assert idle == []


def bases(rule: Rule | Correlation) -> Iterator[Rule]:
    """The rules on single events that a rule is made of."""
    if isinstance(rule, Rule):
        yield rule
    else:
        for name in rule.rules:
            yield from bases(EVERYONE[name])


def keys_of(source: str) -> Iterator[tuple[str, str, set[str]]]:
    """For each test event of a source: the rule's name, the log it belongs to, its top-level keys."""
    for rule in EVERYONE.values():
        base = next(bases(rule))
        if sources_of(base.logsource)[:1] == (source,):
            for event in (*events(rule, fire=True), *events(rule, fire=False)):
                yield rule.name, str(event.get("_path", base.logsource.service)), set(event)


def zeek_columns() -> dict[str, set[str]]:
    """The columns of each Zeek log in the real logs at hand."""
    columns = {log: {"_path", *names} for log, names in LATER_ZEEK.items()}
    for record in pack("zeek", "network/zeek-labelled-dev.tar.xz", ".labeled"):
        native = orjson.loads(record.raw)
        columns.setdefault(native["_path"], set()).update(native)
    with tarfile.open(shared_data("network/zeek-wrccdc-json.tar")) as archive:
        for member in archive:
            if member.name.endswith(".json.gz"):
                held = archive.extractfile(member)
                lines = b"".join(part for part in gunzipped([held.read()]) if isinstance(part, bytes)).splitlines()
                for line in lines:
                    native = orjson.loads(line)
                    columns.setdefault(native["_path"], set()).update(native)
    return columns


def test_zeek_events_have_only_columns_that_zeek_writes() -> None:
    columns = zeek_columns()
    strange = {(name, log, *sorted(keys - columns[log])) for name, log, keys in keys_of("zeek") if keys - columns[log]}
    assert strange == set()


def test_cloudtrail_events_have_only_fields_that_real_ones_have() -> None:
    real: set[str] = set()
    for name in ("cloud/aws-invictus-simulation.tar.gz", "cloud/aws-stratus-detonations.tar.gz"):
        for record in pack("aws.cloudtrail", name, ".json"):
            real |= orjson.loads(record.raw).keys()
    strange = {(name, *sorted(keys - real)) for name, _, keys in keys_of("aws.cloudtrail") if keys - real}
    assert strange == set()
