"""The city that the generator writes about: of the demo's table, or of any registry, so that drills fit the estate."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import yaml

from playbooks.scenes.table import DATA, MEASURES, SYSTEMS, UNITS, WEAKNESSES
from yunshao.estate.load import parse_estate
from yunshao.model.estate import Claim, Estate

EXCHANGE = "exchange-"
FOREIGN_ACCOUNT = "990000000042"
UNCLAIMED_ACCOUNTS = ("880000000017", "880000000018")
SPARE_ACCOUNT = "111122223333"
SPARE_NETWORK = "10.99.0.0/16"


@dataclass(frozen=True, slots=True)
class Site:
    """One unit's corner of the estate: its cloud account, its network (first two bytes), the stem of its host names."""

    unit: str
    account: str
    network: str
    host: str
    system: str = ""
    claimed: bool = True


@dataclass(frozen=True, slots=True)
class City:
    """Everything the generator needs to know."""

    sites: tuple[Site, ...]
    exchange: Site
    buckets: tuple[str, ...]

    def site(self, number: int) -> Site:
        """A claimed site, by any number."""
        claimed = [site for site in self.sites if site.claimed]
        return claimed[number % len(claimed)]


def _two(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def demo_tree() -> dict[str, Any]:
    """The demo's registry as the tree of an org.yaml."""
    return {
        "city": _two("云州市", "Yunzhou"),
        "units": _units(),
        "clouds": _clouds(),
        "systems": _systems(),
        "data": [_data(one) for one in DATA],
        "claims": _claims(),
    }


def demo_estate() -> str:
    """The demo's org.yaml."""
    head = "# The registry of the demo city. 云州 exists nowhere; chiefs are posts, not people.\n"
    return head + yaml.safe_dump(demo_tree(), allow_unicode=True, sort_keys=False, width=110)


def _units() -> list[dict[str, Any]]:
    city = {
        "id": "city",
        "kind": "municipality",
        "name": _two("云州市人民政府", "Yunzhou Municipal Government"),
        "chief": {"role": "general_chief", "post": _two("总云长", "General Cloud Chief")},
    }
    office = {
        "id": "chief-office",
        "parent": "city",
        "kind": "office",
        "name": _two("市云长制办公室", "Cloud Chief Office"),
        "chief": {"role": "office", "post": _two("云长制办公室主任", "Head of the Cloud Chief Office")},
    }
    systems = [
        {
            "id": key,
            "parent": "city",
            "kind": "system",
            "name": _two(f"{zh}系统", f"{en} system"),
            "chief": {"role": "system_chief", "post": _two(f"{zh}系统云长", f"System Cloud Chief, {en}")},
        }
        for key, zh, en in SYSTEMS
    ]
    units = [
        {
            "id": key,
            "parent": parent,
            "kind": kind,
            "name": _two(zh, en),
            "chief": {"role": "unit_chief", "post": _two(f"{zh}云长", f"Cloud Chief, {en}")},
        }
        for key, parent, kind, zh, en, _ in UNITS
    ]
    return [city, office, *systems, *units]


def _clouds() -> list[dict[str, Any]]:
    big = {
        "id": "big-cloud",
        "kind": "big",
        "nature": "gov",
        "provider": "aws",
        "owner": "big-data-bureau",
        "name": _two("云州市政务大云", "Yunzhou municipal cloud"),
    }
    small = [
        {
            "id": f"{key}-cloud",
            "kind": "district" if kind == "district" else "department",
            "nature": "gov",
            "provider": "aws",
            "owner": key,
            "parent": "big-cloud",
            "name": _two(f"{zh}云", f"{en} cloud"),
        }
        for key, _, kind, zh, en, _ in UNITS[1:]
    ]
    return [big, *small]


def _systems() -> list[dict[str, Any]]:
    found = []
    for unit, *_, systems in UNITS:
        for key, zh, en, work_zh, work_en, c, i, a, importance, mlps in systems:
            row: dict[str, Any] = {
                "id": key,
                "unit": unit,
                "cloud": "big-cloud" if unit == "big-data-bureau" else f"{unit}-cloud",
                "name": _two(zh, en),
                "business": _two(work_zh, work_en),
                "c": c,
                "i": i,
                "a": a,
                "importance": importance,
                "mlps": mlps,
                "hosting": "big_cloud" if unit == "big-data-bureau" else "small_cloud",
            }
            weaknesses = [_weakness(one) for one in WEAKNESSES if one[0] == key]
            measures = [_measure(one) for one in MEASURES if one[0] == key]
            found.append(
                row | ({"weaknesses": weaknesses} if weaknesses else {}) | ({"measures": measures} if measures else {})
            )
    return found


def _data(row: tuple[Any, ...]) -> dict[str, Any]:
    system, key, zh, en, level, personal, records, stages = row
    return {
        "id": key,
        "name": _two(zh, en),
        "system": system,
        "level": level,
        "personal": personal,
        "records": records,
        "stages": list(stages),
    }


def _weakness(row: tuple[Any, ...]) -> dict[str, Any]:
    _, key, zh, en, severity, exposed, techniques = row
    return {"id": key, "name": _two(zh, en), "severity": severity, "exposed": exposed, "techniques": techniques}


def _measure(row: tuple[Any, ...]) -> dict[str, Any]:
    _, key, zh, en, kind, deployed, health, efficacy, techniques = row
    return {
        "id": key,
        "name": _two(zh, en),
        "kind": kind,
        "deployed": deployed,
        "health": health,
        "efficacy": efficacy,
        "techniques": techniques,
    }


def _claims() -> dict[str, Any]:
    accounts, networks, hosts = [], [], []
    for number, (unit, *_, systems) in enumerate(UNITS):
        owner = {"system": systems[0][0]}
        accounts.append({"provider": "aws", "id": f"44000000{number:04d}", **owner})
        networks.append({"cidr": f"10.{20 + number}.0.0/16", **owner})
        hosts.append({"pattern": f"{unit}-*", **owner})
    resources = [{"pattern": "arn:aws*:s3:::exchange-*", "system": "sharing-exchange"}]
    return {"accounts": accounts, "resources": resources, "hosts": hosts, "networks": networks}


def demo_city() -> City:
    """The demo's city, with two accounts that nobody claims."""
    city = city_of(parse_estate(demo_estate(), "demo"))
    strays = tuple(
        Site("", account, f"10.{200 + number}", f"stray-{number}", claimed=False)
        for number, account in enumerate(UNCLAIMED_ACCOUNTS)
    )
    return City((*city.sites, *strays), city.exchange, city.buckets)


def city_of(estate: Estate) -> City:
    """A city over any registry; what it does not claim is filled with spare values, which then belong to nobody."""
    accounts = [claim for claim in estate.claims if claim.kind == "account" and claim.value.isdigit()]
    networks = {claim.unit: claim for claim in estate.claims if claim.kind == "network"}
    hosts = {claim.unit: claim for claim in estate.claims if claim.kind == "host"}
    sites = tuple(_site(claim, networks.get(claim.unit), hosts.get(claim.unit)) for claim in accounts)
    sites = sites or (Site("", SPARE_ACCOUNT, _stem(SPARE_NETWORK), "drill", claimed=True),)
    owner = next((c for c in estate.claims if c.kind == "resource" and EXCHANGE in c.value), None)
    exchange = next((site for site in sites if owner and site.unit == owner.unit), sites[0])
    return City(sites, exchange, ("exchange-population", "exchange-legal-persons", "exchange-spatial"))


def _site(account: Claim, network: Claim | None, host: Claim | None) -> Site:
    stem = (host.value.split("*")[0].rstrip("-") if host else "") or account.unit or "host"
    return Site(account.unit, account.value, _stem(network.value if network else SPARE_NETWORK), stem, account.system)


def _stem(cidr: str) -> str:
    """The first two bytes of an IPv4 network; the spare one for anything else."""
    network = ipaddress.ip_network(cidr, strict=False)
    if network.version != 4:
        return _stem(SPARE_NETWORK)
    return ".".join(str(network.network_address).split(".")[:2])
