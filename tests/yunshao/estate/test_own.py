"""Whose an event is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunshao.estate.own import owner_of
from yunshao.estate.rollup import roll_up, roll_up_table, share
from yunshao.model.estate import Claim, Estate, Unit
from yunshao.model.event import NOBODY, Event, Owner

CLAIM = Owner("intake", "", "")


def estate(*claims: Claim) -> Estate:
    return Estate({"zh": "市", "en": "City"}, claims=claims)


def event(ocsf: dict[str, Any]) -> Event:
    return Event("test", "1", 0, {}, lambda _native, _identity: ocsf)


def unit(ocsf: dict[str, Any], *claims: Claim) -> str:
    return owner_of(estate(*claims))(event(ocsf), CLAIM).unit


def account(uid: str, provider: str = "AWS") -> dict[str, Any]:
    return {"cloud": {"provider": provider, "account": {"uid": uid}}}


def test_without_claims_the_intake_decides_and_the_event_is_not_looked_at() -> None:
    def never(_native: object, _identity: object) -> dict[str, Any]:
        raise AssertionError("normalised for nothing")

    assert owner_of(estate())(Event("test", "1", 0, {}, never), CLAIM) is CLAIM


def test_an_account_is_its_owners() -> None:
    claim = Claim("account", "111122223333", "metro", "tickets", "small", "aws")
    assert owner_of(estate(claim))(event(account("111122223333")), NOBODY) == Owner("metro", "tickets", "small")


def test_the_same_number_at_another_provider_is_not() -> None:
    assert unit(account("7", "Azure"), Claim("account", "7", "metro", provider="aws")) == "intake"


def test_an_account_claimed_without_provider_is_found_at_any() -> None:
    assert unit(account("7", "Alibaba Cloud"), Claim("account", "7", "metro")) == "metro"


def test_capitals_in_the_id_of_an_account_do_not_matter() -> None:
    claim = Claim("account", "0A0A-11BB", "metro", provider="azure")
    assert unit(account("0a0a-11bb", "Azure"), claim) == unit(account("0A0A-11BB", "Azure"), claim) == "metro"


def test_the_account_wins_over_the_network() -> None:
    ocsf = {**account("7"), "src_endpoint": {"ip": "10.0.0.1"}}
    assert unit(ocsf, Claim("network", "10.0.0.0/8", "net"), Claim("account", "7", "acc", provider="aws")) == "acc"


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        ("arn:aws:s3:::tickets-2024", "tickets"),
        ("arn:aws:s3:::tickets-2024-private", "longer"),
        ("arn:aws:s3:::exact", "exact"),
        ("ARN:AWS:S3:::EXACT", "exact"),
        ("a-middle-z", "middle"),
        ("a-midle-z", "intake"),
        ("one7", "question"),
        ("one77", "intake"),
    ],
)
def test_a_resource_goes_to_the_most_specific_pattern(value: str, owner: str) -> None:
    claims = [
        Claim("resource", "arn:aws:s3:::tickets*", "tickets"),
        Claim("resource", "arn:aws:s3:::tickets-2024-*", "longer"),
        Claim("resource", "arn:aws:s3:::exact", "exact"),
        Claim("resource", "a*middle*z", "middle"),
        Claim("resource", "one?", "question"),
    ]
    assert unit({"resources": [{"uid": value}]}, *claims) == owner


def test_a_pattern_full_of_stars_answers_at_once() -> None:
    assert unit({"resources": [{"uid": "a" * 2000}]}, Claim("resource", "*a" * 200 + "*b", "slow")) == "intake"


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("10.8.9.9", "narrow"),
        ("10.9.9.9", "wide"),
        ("::ffff:10.8.0.1", "narrow"),
        ("fd00::1", "six"),
        ("11.0.0.1", "intake"),
    ],
)
def test_the_longest_network_prefix_wins(address: str, owner: str) -> None:
    claims = [
        Claim("network", "10.0.0.0/8", "wide"),
        Claim("network", "10.8.0.0/16", "narrow"),
        Claim("network", "fd00::/8", "six"),
    ]
    assert unit({"dst_endpoint": {"ip": address}}, *claims) == owner


def test_a_host_name_is_matched_without_case() -> None:
    assert unit({"device": {"hostname": "TKT-07"}}, Claim("host", "tkt-*", "metro")) == "metro"


def test_a_cluster_is_its_owners() -> None:
    assert unit({"resources": [{"cluster": {"name": "prod"}}]}, Claim("cluster", "prod", "metro")) == "metro"


shapes = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x),
)


@given(
    st.dictionaries(st.sampled_from(["cloud", "resources", "device", "src_endpoint", "unmapped", "databucket"]), shapes)
)
def test_no_shape_of_event_breaks_the_search(ocsf: dict[str, Any]) -> None:
    kinds = ("resource", "cluster", "host")
    claims = [Claim(kind, "?x*", "u") for kind in kinds] + [
        Claim("network", "10.0.0.0/8", "n"),
        Claim("account", "1", "a"),
    ]
    assert unit(ocsf, *claims)


CITY = Estate(
    {"zh": "市", "en": "City"},
    {
        "city": Unit("city", {}, "municipality"),
        "system": Unit("system", {}, "system", "city"),
        "metro": Unit("metro", {}, "department", "system"),
        "rural": Unit("rural", {}, "department", "city"),
    },
)


def test_figures_are_summed_up_the_chain_and_the_unowned_stand_apart() -> None:
    sums = roll_up(CITY, {"metro": 2, "rural": 3, "city": 1, "unowned": 5, "gone": 7})
    assert sums == {"city": 6, "system": 2, "metro": 2, "rural": 3, "unowned": 12}


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["city", "metro", "rural", "unowned", "gone"]), st.integers(0, 9)), max_size=4
    )
)
def test_the_roll_up_of_parts_is_the_roll_up_of_the_whole(parts: list[dict[str, int]]) -> None:
    whole: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            whole[name] = whole.get(name, 0) + count
    rolled = [roll_up(CITY, part) for part in parts]
    assert roll_up(CITY, whole) == {key: sum(part[key] for part in rolled) for key in roll_up(CITY, {})}
    total = roll_up(CITY, whole)
    assert total["city"] + total["unowned"] == sum(whole.values())


def test_a_table_is_rolled_up_column_by_column() -> None:
    table = roll_up_table(CITY, {"metro": {"open": 2}, "rural": {"open": 1, "closed": 4}})
    assert table["city"] == {"open": 3, "closed": 4}
    assert table["metro"] == {"open": 2, "closed": 0}


def test_a_share_of_nothing_is_not_a_number() -> None:
    assert share(1, 0) is None
    assert share(1, 4) == 0.25
