"""org.yaml: what is read, and how what is wrong is refused."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from yunshao.errors import BadConfiguration
from yunshao.estate.load import estate_warnings, parse_estate

TEXT = {"zh": "名", "en": "name"}
GOOD: dict[str, Any] = {
    "city": {"zh": "云泽市", "en": "Yunze"},
    "units": [
        {"id": "metro", "name": TEXT, "kind": "department", "parent": "city"},
        {
            "id": "city",
            "name": TEXT,
            "kind": "municipality",
            "chief": {"role": "general_chief", "post": {"zh": "总云长", "en": "General Cloud Chief"}},
        },
    ],
    "clouds": [
        {
            "id": "small",
            "name": TEXT,
            "kind": "department",
            "nature": "gov",
            "provider": "aws",
            "owner": "metro",
            "parent": "big",
        },
        {"id": "big", "name": TEXT, "kind": "big", "nature": "gov", "provider": "huawei", "owner": "city"},
    ],
    "systems": [
        {
            "id": "tickets",
            "name": TEXT,
            "unit": "metro",
            "cloud": "small",
            "c": 4,
            "i": 4,
            "a": 5,
            "importance": 5,
            "business": TEXT,
            "mlps": 3,
            "weaknesses": [{"id": "w1", "name": TEXT, "severity": 4, "exposed": True, "techniques": ["T1078.004"]}],
            "measures": [
                {"id": "m1", "name": TEXT, "kind": "protective", "deployed": 1, "health": 0.9, "efficacy": 0.5}
            ],
        }
    ],
    "claims": {
        "accounts": [{"provider": "aws", "id": "111122223333", "system": "tickets"}],
        "networks": [{"cidr": "10.8.0.0/16", "cloud": "small"}],
    },
}


def parse(tree: object) -> Any:
    return parse_estate(yaml.safe_dump(tree, allow_unicode=True), "org.yaml")


def changed(path: str, value: object) -> dict[str, Any]:
    tree = copy.deepcopy(GOOD)
    target: Any = tree
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in way:
        target = target[part]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return tree


def test_a_good_registry_is_read_whole() -> None:
    estate = parse(GOOD)
    assert list(estate.units) == ["metro", "city"]
    system = estate.systems["tickets"]
    assert (system.confidentiality, system.availability, system.mlps_level, system.carry) == (4, 5, 3, "tight")
    assert system.weaknesses[0].exposed
    assert system.measures[0].efficacy == 0.5
    assert estate.chief_post("metro", "zh") == "总云长"


def test_a_claim_by_a_system_implies_its_unit_and_cloud() -> None:
    account, network = parse(GOOD).claims
    assert (account.unit, account.system, account.cloud) == ("metro", "tickets", "small")
    assert (network.unit, network.system, network.cloud) == ("metro", "", "small")


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("extra", 1, "file"),
        ("city", "Yunze", "city"),
        ("city/zh", None, "city.zh"),
        ("units/0/parent", "rural", "units[0].parent"),
        ("units/0/parent", None, "units[1].parent"),
        ("units/1/parent", "metro", "parent"),
        ("units/0/id", "city", "units[1].id"),
        ("units/0/id", "Metro", "units[0].id"),
        ("units/0/id", "unowned", "units[0].id"),
        ("units/0/kind", "village", "units[0].kind"),
        ("units/1/kind", "district", "units[1].kind"),
        ("units/0/boss", "somebody", "units[0]"),
        ("units/0/chief", {"role": "general_chief", "post": TEXT}, "units[0].chief.role"),
        ("units/0/chief", {"role": "king", "post": TEXT}, "units[0].chief.role"),
        ("units/0/chief", {"role": "system_chief", "post": TEXT}, "units[0].chief.role"),
        ("units", [], "units"),
        ("units", "metro", "units"),
        ("clouds/0/parent", "none", "clouds[0].parent"),
        ("clouds/1/parent", "small", "parent"),
        ("clouds/0/kind", "big", "clouds[1].kind"),
        ("clouds/0/owner", None, "clouds[0].owner"),
        ("clouds/0/provider", "Big Cloud", "clouds[0].provider"),
        ("systems/0/unit", "rural", "systems[0].unit"),
        ("systems/0/cloud", "rural", "systems[0].cloud"),
        ("systems/0/c", 6, "systems[0].c"),
        ("systems/0/c", True, "systems[0].c"),
        ("systems/0/i", "4", "systems[0].i"),
        ("systems/0/a", None, "systems[0].a"),
        ("systems/0/mlps", 0, "systems[0].mlps"),
        ("systems/0/carry", "firm", "systems[0].carry"),
        ("systems/0/weaknesses/0/techniques", ["T12"], "systems[0].weaknesses[0].techniques[0]"),
        ("systems/0/weaknesses/0/exposed", "yes", "systems[0].weaknesses[0].exposed"),
        ("systems/0/measures/0/id", "w1", "systems[0].measures[0].id"),
        ("systems/0/measures/0/health", 1.5, "systems[0].measures[0].health"),
        ("systems/0/measures/0/deployed", float("nan"), "systems[0].measures[0].deployed"),
        ("claims/networks/0/cidr", "10.8.0.1/16", "claims.networks[0].cidr"),
        ("claims/networks/0/cidr", "tickets", "claims.networks[0].cidr"),
        ("claims/networks/0/cloud", None, "claims.networks[0]"),
        ("claims/accounts/0/system", "rural", "claims.accounts[0].system"),
        ("claims/accounts/0/unit", "city", "claims.accounts[0].unit"),
        ("claims/accounts/0/id", 111122223333, "claims.accounts[0].id"),
        ("claims/people", [], "claims"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(path: str, value: object, place: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        parse(changed(path, value))
    assert caught.value.where == "org.yaml"
    assert f"{place}: " in caught.value.what or f"{place}:" in caught.value.what
    assert "\n" not in caught.value.line()


def test_the_same_account_is_not_claimed_twice() -> None:
    tree = copy.deepcopy(GOOD)
    tree["claims"]["accounts"] *= 2
    with pytest.raises(BadConfiguration, match=r"claims\.accounts\[1\]\.id.*twice"):
        parse(tree)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="'city' stands twice"):
        parse_estate("city: {zh: a, en: a}\ncity: {zh: b, en: b}\n", "org.yaml")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "\x00", "{" * 5000, "- &a [*a]", "2", "null"])
def test_text_that_is_no_registry_is_one_clear_error(text: str) -> None:
    with pytest.raises(BadConfiguration):
        parse_estate(text, "org.yaml")


def test_a_long_chain_of_units_is_read_in_linear_time() -> None:
    units = [{"id": "u0", "name": TEXT, "kind": "municipality"}]
    units += [{"id": f"u{n}", "name": TEXT, "kind": "group", "parent": f"u{n - 1}"} for n in range(1, 4000)]
    estate = parse({"city": TEXT, "units": list(reversed(units))})
    assert len(estate.chain("u3999")) == 4000


def test_warnings_name_a_unit_without_chief_and_a_cloud_beside_the_big_one() -> None:
    tree = changed("clouds/0/parent", None)
    warnings = "\n".join(estate_warnings(parse(tree)))
    assert "unit metro: no chief" in warnings
    assert "G-08" in warnings


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "zh", "en", "kind", "parent", "units", "claims", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["city", "units", "units/0", "systems/0/weaknesses", "claims/accounts", "clouds/0/name"]), values
)
def test_any_value_anywhere_is_read_or_refused(path: str, value: object) -> None:
    with contextlib.suppress(BadConfiguration):
        parse(changed(path, value))
