"""Whose an event is: from the account, resource, cluster, host or network that its OCSF form names."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from yunshao.model.address import PLAIN_V4
from yunshao.model.estate import Claim, Estate
from yunshao.model.event import Event, Ocsf, Owner

MAX_REMEMBERED = 50_000
MAX_LOOKED_AT = 50
MAX_VALUE = 2048
ENDPOINTS = ("dst_endpoint", "device", "src_endpoint")
PROVIDERS = {"amazon": "aws", "microsoft": "azure", "google": "gcp", "aliyun": "alibaba", "huaweicloud": "huawei"}

Find = Callable[[str], Owner | None]
Own = Callable[[Event, Owner], Owner]


def owner_of(estate: Estate) -> Own:
    """The function that says whose an event is: account, resource, cluster, host, network, then the intake's claim.

    It remembers answers by value, a bounded number of them; an estate without claims never looks at the event.
    """
    if not estate.claims:
        return lambda _event, claim: claim
    ways = _ways(estate.claims)

    def own(event: Event, claim: Owner) -> Owner:
        ocsf = event.ocsf
        for values, find in ways:
            for value in values(ocsf):
                owner = find(value)
                if owner is not None:
                    return owner
        return claim

    return own


def _ways(claims: tuple[Claim, ...]) -> list[tuple[Callable[[Ocsf], Iterable[str]], Find]]:
    """(values of an event, owner of a value) for each kind that is claimed at all, the strongest first."""
    kinds = {claim.kind for claim in claims}
    known: list[tuple[str, Callable[[Ocsf], Iterable[str]], Callable[[], Find]]] = [
        ("account", _account_values, lambda: _exact(claims, "account").get),
        ("resource", _resource_values, lambda: _remembered(_patterns(claims, "resource"))),
        ("cluster", _cluster_values, lambda: _exact(claims, "cluster").get),
        ("host", _host_values, lambda: _remembered(_patterns(claims, "host"))),
        ("network", _address_values, lambda: _remembered(_networks(claims))),
    ]
    return [(values, make()) for kind, values, make in known if kind in kinds]


def _remembered(find: Find) -> Find:
    """The same answers, remembered by value; forgets everything when full, which bounds it at no cost per call."""
    known: dict[str, Owner | None] = {}

    def remembered(value: str) -> Owner | None:
        if value in known:
            return known[value]
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        if len(value) > MAX_VALUE:
            return None
        known[value] = found = find(value)
        return found

    return remembered


def _owner(claim: Claim) -> Owner:
    return Owner(claim.unit, claim.system, claim.cloud)


def _exact(claims: Iterable[Claim], kind: str) -> dict[str, Owner]:
    """By value; an account's key is `provider|id` without regard to capitals, and the provider may be empty."""
    if kind == "account":
        return {f"{claim.provider}|{claim.value.lower()}": _owner(claim) for claim in claims if claim.kind == kind}
    return {claim.value: _owner(claim) for claim in claims if claim.kind == kind}


def _patterns(claims: Iterable[Claim], kind: str) -> Find:
    """Case is ignored; an exact value wins over the longest `prefix*`, and that over the other patterns in order."""
    exact: dict[str, Owner] = {}
    prefixes: dict[int, dict[str, Owner]] = {}
    others: list[tuple[re.Pattern[str], Owner]] = []
    for claim in claims:
        if claim.kind != kind:
            continue
        pattern = claim.value.lower()
        head = pattern.removesuffix("*")
        if "*" in head or "?" in head:
            others.append((_glob(pattern), _owner(claim)))
        elif head == pattern:
            exact[pattern] = _owner(claim)
        else:
            prefixes.setdefault(len(head), {})[head] = _owner(claim)
    lengths = sorted(prefixes, reverse=True)

    def find(value: str) -> Owner | None:
        value = value.lower()
        if value in exact:
            return exact[value]
        for length in lengths:
            owner = prefixes[length].get(value[:length])
            if owner is not None:
                return owner
        return next((owner for pattern, owner in others if pattern.fullmatch(value)), None)

    return find


def _glob(pattern: str) -> re.Pattern[str]:
    """`*` and `?` as a regular expression that never goes back: each part is taken at its first place, for good."""
    head, *parts = ["".join("." if char == "?" else re.escape(char) for char in part) for part in pattern.split("*")]
    if not parts:
        return re.compile(head, re.DOTALL)
    *middle, tail = parts
    return re.compile(head + "".join(f"(?>.*?{part})" for part in middle) + f".*{tail}", re.DOTALL)


def _networks(claims: Iterable[Claim]) -> Find:
    """The longest prefix wins."""
    tables: dict[tuple[int, int], dict[int, Owner]] = {}
    for claim in claims:
        if claim.kind == "network":
            network = ipaddress.ip_network(claim.value)
            table = tables.setdefault((network.version, network.prefixlen), {})
            table[int(network.network_address)] = _owner(claim)
    ordered = sorted(tables.items(), key=lambda item: -item[0][1])

    def find(value: str) -> Owner | None:
        if PLAIN_V4.fullmatch(value):
            number, bits, kind = int.from_bytes(bytes(map(int, value.split(".")))), 32, 4
        else:
            try:
                address = ipaddress.ip_address(value)
            except ValueError:
                return None
            if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
                address = address.ipv4_mapped
            number, bits, kind = int(address), address.max_prefixlen, address.version
        for (version, prefix), table in ordered:
            if version == kind:
                owner = table.get(number >> (bits - prefix) << (bits - prefix))
                if owner is not None:
                    return owner
        return None

    return find


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(*values: object) -> list[str]:
    return [value for value in values if isinstance(value, str) and value]


def _account_values(ocsf: Ocsf) -> Iterator[str]:
    cloud = _mapping(ocsf.get("cloud"))
    words = str(cloud.get("provider") or "").lower().split()
    provider = PROVIDERS.get(words[0], words[0]) if words else ""
    account, org = _mapping(cloud.get("account")), _mapping(cloud.get("org"))
    for written in _texts(account.get("uid"), cloud.get("project_uid"), org.get("uid")):
        uid = written.lower()
        if provider:
            yield f"{provider}|{uid}"
        yield f"|{uid}"


def _resource_values(ocsf: Ocsf) -> Iterator[str]:
    found = ocsf.get("resources")
    for resource in found[:MAX_LOOKED_AT] if isinstance(found, list) else ():
        yield from _texts(_mapping(resource).get("uid"), _mapping(resource).get("name"))
    for key in ("databucket", "resource"):
        part = _mapping(ocsf.get(key))
        yield from _texts(part.get("uid"), part.get("name"))


def _cluster_values(ocsf: Ocsf) -> Iterator[str]:
    found = ocsf.get("resources")
    for resource in found[:MAX_LOOKED_AT] if isinstance(found, list) else ():
        cluster = _mapping(_mapping(resource).get("cluster"))
        yield from _texts(cluster.get("name"), cluster.get("uid"))
    for holder in (ocsf, _mapping(ocsf.get("unmapped"))):
        named = holder.get("cluster")
        yield from _texts(named, _mapping(named).get("name"), _mapping(named).get("uid"))


def _endpoint_values(ocsf: Ocsf, key: str) -> Iterator[str]:
    for name in ENDPOINTS:
        yield from _texts(_mapping(ocsf.get(name)).get(key))


def _host_values(ocsf: Ocsf) -> Iterator[str]:
    for name in ENDPOINTS:
        part = _mapping(ocsf.get(name))
        yield from _texts(part.get("hostname"), part.get("name"))


def _address_values(ocsf: Ocsf) -> Iterator[str]:
    return _endpoint_values(ocsf, "ip")
