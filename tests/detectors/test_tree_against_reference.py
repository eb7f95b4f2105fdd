"""Public rules in both readings: on the logs at hand, and on events made to match each rule nearly."""

from __future__ import annotations

import json
import random
import tarfile
from functools import cache
from typing import Any

import orjson
import reference
from shared_data import shared_data

from detectors.sigma.build import Builder
from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher, finder_of, view_of
from detectors.sigma.model import Rule
from detectors.sigma.route import Feed, feeds
from detectors.sigma.tree import AllOf, AnyOf, Item, Node
from detectors.sigma.values import MISSING
from yunshao.model.event import Event

EVERY = 6
NEIGHBOURS = 12


@cache
def packed(pack: str) -> dict[str, bytes]:
    with tarfile.open(shared_data(pack)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


@cache
def read() -> tuple[tuple[Rule, ...], dict[str, reference.Rule], Matcher]:
    """Every sixth public rule in both readings, and all of those in one matcher."""
    names = [name for name in sorted(packed("sigma/sigma-rules.tar.gz")) if name.endswith(".yml")]
    files = [(name, packed("sigma/sigma-rules.tar.gz")[name]) for name in names[::EVERY]]
    loaded = load_texts(files, {})
    refused = {each.file for each in loaded.refused}
    plain = {rule.id: rule for name, text in files if name not in refused for rule in reference.read_rules(text)}
    # Old collections, whose first document is a common part, are not of this version.
    rules = tuple(rule for rule in loaded.rules if rule.id in plain)
    return rules, plain, Matcher(rules)


@cache
def routed() -> dict[str, list[tuple[Rule, Feed]]]:
    found: dict[str, list[tuple[Rule, Feed]]] = {}
    for rule in read()[0]:
        for feed in feeds(rule.logsource):
            found.setdefault(feed.source, []).append((rule, feed))
    return found


@cache
def guard_of(feed: Feed):
    return Builder(finder_of(feed)).build(feed.guard)


def plainly(rule: Rule, feed: Feed, event: Event) -> bool:
    """What the reference says. Where a source has a field, and which of its records a log source means, is ours."""
    view, find = view_of(event), finder_of(feed)

    def look(name: str) -> Any:
        value = find(name)(view, event)
        return reference.ABSENT if value is MISSING else value

    return (feed.guard is None or guard_of(feed)(view, event)) and read()[1][rule.id].holds(view, look)


def agree(event: Event, pairs: list[tuple[Rule, Feed]]) -> int:
    """How many of the rules fire; both readings must say the same of each."""
    fired = {rule.id for rule in read()[2].matches(event)}
    wanted = {rule.id for rule, feed in pairs if plainly(rule, feed, event)}
    asked = {rule.id for rule, _feed in pairs}
    assert fired & asked == wanted, event.native
    return len(wanted)


def test_public_rules_say_the_same_of_real_cloudtrail():
    fires = seen = 0
    for name, text in sorted(packed("cloud/aws-stratus-detonations.tar.gz").items()):
        if not name.endswith(".json") or name.endswith("labels.json"):
            continue
        held = orjson.loads(text)
        for native in held.get("Records", [held]) if isinstance(held, dict) else held:
            seen += 1
            fires += agree(Event("aws.cloudtrail", "u", 0, native, lambda _n, _i: {}), routed()["aws.cloudtrail"])
    assert (seen, fires > 0) == (310, True)


def test_public_rules_say_the_same_of_real_windows_events():
    files = packed("sigma/regression-dev.tar.xz")
    names = [name for name in sorted(files) if name.endswith(".json") and not name.endswith("index.json")]
    fires = 0
    for name in names[::3]:
        native, _end = json.JSONDecoder().raw_decode(files[name].decode("utf-8-sig").lstrip())
        fires += agree(Event("windows.event", "u", 0, native, lambda _n, _i: {}), routed()["windows.event"])
    assert fires > 0


def test_public_rules_say_the_same_of_events_that_nearly_match():
    dice, fires = random.Random(7), 0
    for rule in read()[0]:
        found = feeds(rule.logsource)
        if not found:
            continue
        feed = dice.choice(found)
        native = nearly(read()[1][rule.id], dice)
        if feed.guard is not None:
            meet(feed.guard, native, dice)
        others = routed()[feed.source]
        event = Event(feed.source, "u", 0, native, lambda _n, _i: {})
        near = [(rule, feed), *dice.sample(others, min(NEIGHBOURS, len(others)))]
        # A rule may read one source in two ways; it is asked about only where it has one.
        fires += agree(event, [pair for pair in near if sum(each[0] is pair[0] for each in others) == 1])
    assert fires > len(read()[0]) / 4


def nearly(rule: reference.Rule, dice: random.Random) -> dict[str, Any]:
    """A record with what the selections of a rule ask for, seldom what its filters do, now and then a bit wrong."""
    native: dict[str, Any] = {}
    for name, selection in rule.detection.selections.items():
        if ("filter" in name or "exclusion" in name) and dice.random() < 0.8:
            continue
        for item in dice.choice(selection.any_of):
            wanted = [spelled(dice.choice(forms), dice) for forms in item.values]
            value = "x ".join(map(str, wanted)) if item.every else dice.choice(wanted)
            if value is not None:
                put(native, item.name or "message", spoilt(value, dice), dice)
    return native


def spelled(value: reference.Value, dice: random.Random) -> Any:
    if value.kind == "text":
        filled = {reference.MANY: dice.choice(["", "mid", "\\a\\"]), reference.ONE: "z"}
        return "".join(filled.get(token, token) for token in value.tokens)
    if value.kind == "re":
        return str(value.raw).replace("\\\\", "\\").replace(".*", "a").replace("\\s+", " ").strip("^$")
    if value.kind in reference.NUMERIC:
        return value.more + dice.choice([-1, 0, 1])
    return str(value.more.network_address) if value.kind == "cidr" else "there" if value.kind == "exists" else None


def spoilt(value: Any, dice: random.Random) -> Any:
    if not isinstance(value, str) or dice.random() < 0.75:
        return value
    return dice.choice([value.swapcase(), value[1:], value[:-1], value + "x", "q" + value, [value, "other"]])


def put(native: dict[str, Any], name: str, value: Any, dice: random.Random) -> None:
    """The value under the name, as one key or nested."""
    head, dot, rest = name.partition(".")
    inner = native.get(head, {})
    if dot and isinstance(inner, dict) and dice.random() < 0.5:
        native[head] = inner
        put(inner, rest, value, dice)
    else:
        native[name] = value


def meet(guard: Node, native: dict[str, Any], dice: random.Random) -> None:
    """Make the record one of the log source's."""
    match guard:
        case Item(field, tests):
            if field and not guard.negated:
                parts = getattr(dice.choice(tests), "parts", ("w",))
                native.setdefault(field, "".join(part if isinstance(part, str) else "w" for part in parts))
        case AllOf(children):
            for child in children:
                meet(child, native, dice)
        case AnyOf(children):
            meet(dice.choice(children), native, dice)
