"""What the library says about ordinary days: next to nothing, and at little cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from content.traffic import FRIDAY_MS, HOUR_MS, Tally, in_order, judged, levels, own, pack, table

COUNT = 100_000
MOST = {"critical": 1, "high": 5, "medium": 20, "low": 50}
"""Alerts that one rule may raise per 100,000 everyday events, several a day about one entity counted once.

A city of middling size logs as much in an hour. Two people at a desk can look into twenty things an hour and note fifty
small ones; of what calls them from elsewhere (high) or wakes them (critical) hardly any may be for nothing.
"""
MOST_MATCHES = 0.01
"""The share of everyday events that one rule may match. Each match of a rule that is counted is kept for a while, so
this is what the library costs."""
MOST_UNDER_ATTACK = 40
"""Alerts of one rule about a whole recording of attacks. Most are about signatures: one for each that matched a pair of
machines. Without a correlation over it a rule would raise thousands."""
FROM_MEDIUM = ("critical", "high", "medium")
BENIGN: dict[str, Callable[[], Tally]] = {
    "administration": lambda: judged(pack("aws.cloudtrail", "cloud/aws-custodian-events.tar.gz", "tests/data/cwe/")),
    "a cluster": lambda: judged(pack("k8s.audit", "cloud/kubernetes-audit.tar.gz", "demo.log")),
    "desks": lambda: judged(pack("zeek", "network/zeek-labelled-dev.tar.xz", ".labeled", only="Benign")),
    "background": lambda: judged(pack("zeek", "network/zeek-labelled-dev.tar.xz", ".labeled", only="Background")),
    "shells": lambda: judged(pack("zeek", "network/zeek-labelled-dev.tar.xz", "004-zeek-scenario-ssh")),
}
MIXED: dict[str, Callable[[], Tally]] = {
    "attacks among administration": lambda: judged(
        in_order(pack("aws.cloudtrail", "cloud/aws-invictus-simulation.tar.gz", "CloudTrail/"))
    ),
    "a competition": lambda: judged(in_order(pack("zeek", "network/zeek-wrccdc-json.tar", ".json.gz"))),
    "a sensor": lambda: judged(pack("suricata.eve", "network/suricata-alerts-dev.tar.gz", "alerts-only")),
    "a host under attack": lambda: judged(pack("syslog", "host/linux-and-flow-samples.tar.gz", "auth.log")),
}
Show = Callable[[str, object], None]


@cache
def days() -> Tally:
    """The whole library over the project's own everyday traffic, judged once."""
    return judged(own(COUNT))


@cache
def benign(name: str) -> Tally:
    """The whole library over real traffic that is held to be harmless."""
    return BENIGN[name]()


def over(counts: dict[str, float], bound: Callable[[str], float]) -> dict[str, float]:
    """The rules that exceed their bound, and by what."""
    return {name: count for name, count in counts.items() if count > bound(name)}


@pytest.mark.slow
def test_no_rule_floods_the_desk_on_ordinary_days(record_property: Show) -> None:
    tally, level = days(), levels()
    record_property("show", table("own everyday traffic", tally))
    rates = {name: tally.per_100_000(count) for name, count in tally.grouped().items()}
    assert over(rates, lambda name: MOST.get(level[name], 0)) == {}


@pytest.mark.slow
def test_nor_on_a_busy_morning_of_a_large_city(record_property: Show) -> None:
    tally, level = judged(own(20_000, FRIDAY_MS + 9 * HOUR_MS, 150_000)), levels()
    record_property("show", table("own traffic of one crowded morning", tally, rows=4))
    rates = {name: tally.per_100_000(count) for name, count in tally.grouped().items()}
    assert over(rates, lambda name: MOST.get(level[name], 0)) == {}


@pytest.mark.slow
def test_no_rule_matches_more_than_one_in_a_hundred_everyday_events() -> None:
    tally = days()
    shares = {name: count / tally.total for name, count in tally.matches.items()}
    assert over(shares, lambda _: MOST_MATCHES) == {}


@pytest.mark.slow
def test_the_own_traffic_speaks_of_every_source_and_is_all_read() -> None:
    tally = days()
    assert tally.rejected == 0
    assert tally.total == COUNT
    assert set(tally.events) == {"aws.cloudtrail", "k8s.audit", "zeek", "suricata.eve", "syslog"}


@pytest.mark.parametrize("name", BENIGN)
def test_nothing_of_weight_is_said_about_real_harmless_traffic(name: str, record_property: Show) -> None:
    tally, level = benign(name), levels()
    record_property("show", table(f"real: {name}", tally, rows=4))
    assert tally.total >= 20
    assert {rule: count for rule, count in tally.alerts.items() if level[rule] in FROM_MEDIUM} == {}


def test_desks_that_browse_cost_little() -> None:
    tally = benign("desks")
    shares = {name: count / tally.total for name, count in tally.matches.items()}
    assert over(shares, lambda _: MOST_MATCHES) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXED)
def test_under_attack_the_desk_is_told_once_and_not_a_hundred_times(name: str, record_property: Show) -> None:
    tally = MIXED[name]()
    record_property("show", table(f"real: {name}", tally))
    assert tally.alerts
    assert over(dict(tally.alerts), lambda _: MOST_UNDER_ATTACK) == {}
