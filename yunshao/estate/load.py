"""The registry of the estate: `org.yaml` as values, refused with its place where it is wrong.

```yaml
city: {zh: 云泽市, en: Yunze City}
units:                              # a tree: exactly one without parent, of kind municipality
  - id: city                        # lower-case letters, digits, _ . -; `unowned` is reserved
    name: {zh: 市人民政府, en: Municipal government}
    kind: municipality              # municipality, system, district, department, office, group
    parent: ...                     # another unit; the order of the file is free
    chief: {role: general_chief, post: {zh: 总云长, en: General Cloud Chief}}     # a post, never a person
clouds:                             # a forest: small clouds (小云) have the big one (大云) as their parent
  - {id: big, name: {zh: .., en: ..}, kind: big, nature: gov, provider: huawei, owner: city}
systems:
  - id: ticketing
    name: {zh: 票务, en: Ticketing}
    unit: metro
    cloud: big                      # optional
    c: 4                            # confidentiality, integrity, availability, business importance: 1 to 5
    i: 4
    a: 5
    importance: 5
    business: {zh: 购票, en: Selling tickets}
    carry: tight                    # tight (default), medium, loose: how closely it carries that business
    mlps: 3                         # 1 to 5, or left out
    status: live                    # planned, live (default), retired
    hosting: small_cloud            # big_cloud, small_cloud (default), server_room
    weaknesses:
      - {id: no-mfa, name: {..}, severity: 4, kind: managerial, exposed: true, techniques: [T1078.004]}
    measures:
      - {id: trail, name: {..}, kind: protective, deployed: 1, health: 0.9, efficacy: 0.8, techniques: [T1078.004]}
data:                               # optional: what the systems hold (GB/T 43697)
  - {id: tickets, name: {..}, system: ticketing, level: general3, personal: ordinary, records: 9, stages: [use]}
claims:                             # whose telemetry: system, unit or cloud; a system implies the others
  accounts:  [{provider: aws, id: "111122223333", system: ticketing}]
  resources: [{pattern: "arn:aws:s3:::tickets-*", system: ticketing}]
  clusters:  [{name: metro-prod, system: ticketing}]
  hosts:     [{pattern: "tkt-*", system: ticketing}]
  networks:  [{cidr: 10.8.0.0/16, unit: metro}]
```
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml

from yunshao.errors import BadConfiguration
from yunshao.estate.fields import Node
from yunshao.estate.warnings import estate_warnings
from yunshao.model.estate import (
    CHIEF_ROLES,
    DATA_LEVELS,
    DATA_STAGES,
    PERSONAL,
    UNIT_KINDS,
    Chief,
    Claim,
    Cloud,
    DataSet,
    Estate,
    InfoSystem,
    Measure,
    Unit,
    Weakness,
)
from yunshao.yaml_text import check_depth

__all__ = ["estate_warnings", "parse_estate"]

MAX_BYTES = 8 << 20
MAX_ENTRIES = 20_000
MAX_CLAIMS = 200_000
CLOUD_KINDS = ("big", "department", "district", "other")
CLOUD_NATURES = ("gov", "sector", "enterprise")
CARRY = ("tight", "medium", "loose")
SYSTEM_STATUSES = ("planned", "live", "retired")
HOSTINGS = ("big_cloud", "small_cloud", "server_room")
WEAKNESS_KINDS = ("technical", "managerial")
MEASURE_KINDS = ("preventive", "protective")
ROLE_OF_KIND = {"general_chief": "municipality", "system_chief": "system", "office": "office"}
SINGLE_ROLES = ("general_chief", "coordinating_leader")
PROVIDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
CLAIM_KEYS = {
    "accounts": ("account", "id"),
    "resources": ("resource", "pattern"),
    "clusters": ("cluster", "name"),
    "hosts": ("host", "pattern"),
    "networks": ("network", "cidr"),
}


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice in one mapping, which YAML would let pass unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, count in keys.items():
            if count > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key[:60]!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def parse_estate(text: str, where: str) -> Estate:
    """The estate of a file's text. Raises BadConfiguration with the place, such as `units[3].parent`."""
    root = Node(_tree(text, where), where, "")
    root.allow("city", "units", "clouds", "systems", "data", "claims")
    city = root.both("city")
    units = _units(root)
    clouds = _clouds(root, units)
    systems = _systems(root, units, clouds)
    estate = Estate(city, units, clouds, systems)
    return Estate(city, units, clouds, systems, _claims(root, estate), _data(root, systems))


def _tree(text: str, where: str) -> Any:
    if len(text) > MAX_BYTES:
        raise BadConfiguration("larger than 8 MiB", "a registry is smaller", where)
    try:
        # The loader is a safe one: CSafeLoader with a check more.
        return yaml.load(check_depth(text), Loader=_Loader)  # noqa: S506
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise BadConfiguration(f"not YAML: {' '.join(str(error).split())[:300]}", "", where) from None


def _second(node: Node, known: Mapping[str, object] | set[str], key: str, what: str) -> None:
    if key in known:
        node.refuse("id", f"a second {what} {key!r}", "ids are unique")


def _units(root: Node) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    places: dict[str, Node] = {}
    for node in root.nodes("units", MAX_ENTRIES):
        node.allow("id", "name", "kind", "parent", "chief")
        unit = Unit(
            id=node.id(),
            name=node.both("name"),
            kind=node.one_of("kind", UNIT_KINDS),
            parent=node.id("parent", ""),
            chief=_chief(node),
        )
        _second(node, units, unit.id, "unit")
        units[unit.id], places[unit.id] = unit, node
    if not units:
        root.refuse("units", "no unit", "at least the municipality is needed")
    _check_tree(units, places, "unit")
    _check_roots(units, places)
    _check_roles(units, places)
    return units


def _chief(node: Node) -> Chief | None:
    if not node.has("chief"):
        return None
    chief = node.node("chief")
    chief.allow("role", "post")
    return Chief(chief.one_of("role", CHIEF_ROLES), chief.both("post"))


def _check_tree(known: Mapping[str, Unit] | Mapping[str, Cloud], places: Mapping[str, Node], what: str) -> None:
    """Every parent exists, and nothing is its own ancestor. Linear: what leads up to a root is not walked again."""
    grounded: set[str] = {""}
    for start, thing in known.items():
        if thing.parent and thing.parent not in known:
            places[start].refuse("parent", f"no {what} {thing.parent!r}", f"ids of {what}s stand in this file")
        way: list[str] = []
        seen: set[str] = set()
        step = start
        while step not in grounded:
            if step in seen:
                places[start].refuse("parent", f"a circle: {' -> '.join([*way[-8:], step])}", "one must stand on top")
            way.append(step)
            seen.add(step)
            step = known[step].parent if step in known else ""
        grounded.update(way)


def _check_roots(units: Mapping[str, Unit], places: Mapping[str, Node]) -> None:
    roots = [unit for unit in units.values() if not unit.parent]
    for second in roots[1:]:
        places[second.id].refuse("parent", f"a second unit without parent, beside {roots[0].id!r}", "there is one root")
    if roots[0].kind != "municipality":
        places[roots[0].id].refuse("kind", "the unit without parent is the municipality", "kind: municipality")


def _check_roles(units: Mapping[str, Unit], places: Mapping[str, Node]) -> None:
    held: dict[str, str] = {}
    for unit in units.values():
        role = unit.chief.role if unit.chief else ""
        wanted = ROLE_OF_KIND.get(role)
        if wanted and unit.kind != wanted:
            places[unit.id].refuse("chief.role", f"{role} answers for a unit of kind {wanted}, not {unit.kind}")
        if role in SINGLE_ROLES and role in held:
            places[unit.id].refuse("chief.role", f"a second {role}, beside {held[role]!r}", "there is one")
        held.setdefault(role, unit.id)


def _known(node: Node, key: str, known: Mapping[str, object], what: str) -> str:
    """The id below `key`, which must be registered; empty where the key is missing."""
    value = node.id(key, "")
    if value and value not in known:
        node.refuse(key, f"no {what} {value!r}", f"ids of {what}s stand in this file")
    return value


def _provider(node: Node, default: str | None = None) -> str:
    provider = node.text("provider", default)
    if provider and not PROVIDER.fullmatch(provider):
        node.refuse("provider", f"{provider[:60]!r} is no provider", "lower case, such as aws, huawei, own")
    return provider


def _clouds(root: Node, units: Mapping[str, Unit]) -> dict[str, Cloud]:
    clouds: dict[str, Cloud] = {}
    places: dict[str, Node] = {}
    for node in root.nodes("clouds", MAX_ENTRIES):
        node.allow("id", "name", "kind", "nature", "provider", "owner", "parent")
        node.text("owner")
        cloud = Cloud(
            id=node.id(),
            name=node.both("name"),
            kind=node.one_of("kind", CLOUD_KINDS),
            nature=node.one_of("nature", CLOUD_NATURES),
            provider=_provider(node),
            owner=_known(node, "owner", units, "unit"),
            parent=node.id("parent", ""),
        )
        _second(node, clouds, cloud.id, "cloud")
        if cloud.kind == "big" and any(other.kind == "big" for other in clouds.values()):
            node.refuse("kind", "a second big cloud", "one big cloud leads the small ones")
        clouds[cloud.id], places[cloud.id] = cloud, node
    _check_tree(clouds, places, "cloud")
    return clouds


def _systems(root: Node, units: Mapping[str, Unit], clouds: Mapping[str, Cloud]) -> dict[str, InfoSystem]:
    systems: dict[str, InfoSystem] = {}
    parts: set[str] = set()
    for node in root.nodes("systems", MAX_ENTRIES):
        system = _system(node, units, clouds, parts)
        _second(node, systems, system.id, "system")
        systems[system.id] = system
    return systems


def _system(node: Node, units: Mapping[str, Unit], clouds: Mapping[str, Cloud], parts: set[str]) -> InfoSystem:
    node.allow(
        *("id", "name", "unit", "cloud", "c", "i", "a", "importance", "business", "carry", "mlps", "status", "hosting"),
        *("weaknesses", "measures"),
    )
    node.text("unit")
    return InfoSystem(
        id=node.id(),
        name=node.both("name"),
        unit=_known(node, "unit", units, "unit"),
        confidentiality=node.level("c"),
        integrity=node.level("i"),
        availability=node.level("a"),
        importance=node.level("importance"),
        business=node.both("business"),
        carry=node.one_of("carry", CARRY, "tight"),
        cloud=_known(node, "cloud", clouds, "cloud"),
        mlps_level=node.level("mlps") if node.has("mlps") else None,
        status=node.one_of("status", SYSTEM_STATUSES, "live"),
        hosting=node.one_of("hosting", HOSTINGS, "small_cloud"),
        weaknesses=tuple(_weakness(part, parts) for part in node.nodes("weaknesses", MAX_ENTRIES)),
        measures=tuple(_measure(part, parts) for part in node.nodes("measures", MAX_ENTRIES)),
    )


def _part(node: Node, parts: set[str]) -> str:
    part = node.id()
    _second(node, parts, part, "weakness or measure")
    parts.add(part)
    return part


def _weakness(node: Node, parts: set[str]) -> Weakness:
    node.allow("id", "name", "severity", "kind", "techniques", "exposed")
    return Weakness(
        id=_part(node, parts),
        name=node.both("name"),
        severity=node.level("severity"),
        kind=node.one_of("kind", WEAKNESS_KINDS, "technical"),
        techniques=node.techniques(),
        exposed=node.flag("exposed"),
    )


def _measure(node: Node, parts: set[str]) -> Measure:
    node.allow("id", "name", "kind", "deployed", "health", "efficacy", "techniques")
    return Measure(
        id=_part(node, parts),
        name=node.both("name"),
        kind=node.one_of("kind", MEASURE_KINDS),
        deployed=node.share("deployed"),
        health=node.share("health"),
        techniques=node.techniques(),
        efficacy=node.share("efficacy") if node.has("efficacy") else None,
    )


def _data(root: Node, systems: Mapping[str, InfoSystem]) -> tuple[DataSet, ...]:
    found: dict[str, DataSet] = {}
    for node in root.nodes("data", MAX_ENTRIES):
        node.allow("id", "name", "system", "level", "personal", "records", "abroad", "stages")
        node.text("system")
        one = DataSet(
            id=node.id(),
            name=node.both("name"),
            system=_known(node, "system", systems, "system"),
            level=node.one_of("level", DATA_LEVELS),
            personal=node.one_of("personal", PERSONAL, "none"),
            records=node.count("records"),
            abroad=node.flag("abroad"),
            stages=node.words("stages", DATA_STAGES),
        )
        _second(node, found, one.id, "data set")
        found[one.id] = one
    return tuple(found.values())


def _claims(root: Node, estate: Estate) -> tuple[Claim, ...]:
    if not root.has("claims"):
        return ()
    tree = root.node("claims")
    tree.allow(*CLAIM_KEYS)
    claims: dict[tuple[str, str, str], Claim] = {}
    for group, (kind, key) in CLAIM_KEYS.items():
        for node in tree.nodes(group, MAX_CLAIMS):
            claim = _claim(node, kind, key, estate)
            name = (claim.kind, claim.provider, claim.value)
            if name in claims:
                node.refuse(key, f"{claim.value!r} is claimed twice", "one entry, one owner")
            claims[name] = claim
    return tuple(claims.values())


def _claim(node: Node, kind: str, key: str, estate: Estate) -> Claim:
    node.allow(key, "unit", "system", "cloud", *(["provider"] if kind == "account" else []))
    unit = _known(node, "unit", estate.units, "unit")
    system = _known(node, "system", estate.systems, "system")
    cloud = _known(node, "cloud", estate.clouds, "cloud")
    if not (unit or system or cloud):
        node.refuse("", "claimed for nobody", "give system, unit or cloud")
    if system:
        owner = estate.systems[system]
        if unit and unit != owner.unit:
            node.refuse("unit", f"system {system!r} belongs to {owner.unit!r}", "leave unit out, or mend it")
        unit, cloud = owner.unit, cloud or owner.cloud
    unit = unit or estate.clouds[cloud].owner
    provider = _provider(node, "") if kind == "account" else ""
    return Claim(kind, _value(node, kind, key), unit, system, cloud, provider)


def _value(node: Node, kind: str, key: str) -> str:
    value = node.text(key)
    if kind != "network":
        return value
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        node.refuse(key, f"{value[:60]!r} is no network", "a CIDR such as 10.8.0.0/16, host bits zero")
