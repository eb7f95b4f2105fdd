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
claims:                             # whose telemetry: each with system, unit or cloud; a system implies its unit and cloud
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
from typing import Any, Protocol

import yaml

from yunshao.errors import BadConfiguration
from yunshao.estate.fields import Node
from yunshao.model.estate import (
    CHIEF_ROLES,
    UNIT_KINDS,
    Chief,
    Claim,
    Cloud,
    Estate,
    InfoSystem,
    Measure,
    Unit,
    Weakness,
)

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


class _Placed(Protocol):
    @property
    def id(self) -> str: ...


def parse_estate(text: str, where: str) -> Estate:
    """The estate of a file's text. Raises BadConfiguration with the place, such as `units[3].parent`."""
    root = Node(_tree(text, where), where, "")
    root.allow("city", "units", "clouds", "systems", "claims")
    city = root.both("city")
    units = _units(root)
    clouds = _clouds(root, units)
    systems = _systems(root, units, clouds)
    estate = Estate(city, units, clouds, systems)
    return Estate(city, units, clouds, systems, _claims(root, estate))


def _tree(text: str, where: str) -> Any:
    if len(text) > MAX_BYTES:
        raise BadConfiguration("larger than 8 MiB", "a registry is smaller", where)
    if re.search(r"(?m)^[^#'\"]*[:\-\[,]\s+[&*][A-Za-z0-9]", text):
        raise BadConfiguration("YAML anchors and aliases are not taken", "write the values out", where)
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadConfiguration(f"not YAML: {' '.join(str(error).split())[:300]}", "", where) from None


def _enter[Thing: _Placed](known: dict[str, Thing], node: Node, thing: Thing, what: str) -> None:
    if thing.id in known:
        node.refuse("id", f"a second {what} {thing.id!r}", "ids are unique")
    known[thing.id] = thing
