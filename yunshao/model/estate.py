"""The estate: units, chiefs, clouds, systems, and whose account, network or host is whose."""

from __future__ import annotations

from dataclasses import dataclass, field

UNIT_KINDS = ("municipality", "system", "district", "department", "office", "group")
CHIEF_ROLES = (
    "general_chief",
    "coordinating_leader",
    "portfolio_leader",
    "system_chief",
    "unit_chief",
    "office",
)


DATA_LEVELS = ("core", "important", "general4", "general3", "general2", "general1")
PERSONAL = ("none", "ordinary", "sensitive")
DATA_STAGES = ("collection", "storage", "transmission", "use", "provision", "disclosure", "deletion")


@dataclass(frozen=True, slots=True)
class Chief:
    """A post, never a person: who answers for a unit, under which title."""

    role: str
    post: dict[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """One node of the chain of answerability; `parent` is empty for the municipality alone."""

    id: str
    name: dict[str, str]
    kind: str
    parent: str = ""
    chief: Chief | None = None


@dataclass(frozen=True, slots=True)
class Cloud:
    """The big cloud, or a small one that it leads (`parent`)."""

    id: str
    name: dict[str, str]
    kind: str
    nature: str
    provider: str
    owner: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Weakness:
    """A declared weakness of a system: severity 1 to 5, the ATT&CK techniques that use it."""

    id: str
    name: dict[str, str]
    severity: int
    kind: str = "technical"
    techniques: tuple[str, ...] = ()
    exposed: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A declared measure of a system: preventive or protective, its effectiveness factors 0 to 1."""

    id: str
    name: dict[str, str]
    kind: str
    deployed: float
    health: float
    techniques: tuple[str, ...] = ()
    efficacy: float | None = None


@dataclass(frozen=True, slots=True)
class InfoSystem:
    """One information system: C, I, A and business importance 1 to 5, MLPS level, where it runs."""

    id: str
    name: dict[str, str]
    unit: str
    confidentiality: int
    integrity: int
    availability: int
    importance: int
    business: dict[str, str]
    carry: str = "tight"
    cloud: str = ""
    mlps_level: int | None = None
    status: str = "live"
    hosting: str = "small_cloud"
    weaknesses: tuple[Weakness, ...] = ()
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSet:
    """Data that a system holds: its level (GB/T 43697: core, important, general1 to 4), personal information, volume.

    `stages` are the processing activities that it goes through: see `DATA_STAGES`.
    """

    id: str
    name: dict[str, str]
    system: str
    level: str
    personal: str = "none"
    records: int = 0
    abroad: bool = False
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What ties telemetry to an owner: an account, a network (CIDR), a host name pattern, a resource pattern."""

    kind: str
    value: str
    unit: str
    system: str = ""
    cloud: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Estate:
    """The whole registry. Order of the file is kept."""

    city: dict[str, str]
    units: dict[str, Unit] = field(default_factory=dict)
    clouds: dict[str, Cloud] = field(default_factory=dict)
    systems: dict[str, InfoSystem] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    data: tuple[DataSet, ...] = ()

    def chain(self, unit: str) -> tuple[Unit, ...]:
        """From the unit up to the municipality; empty for a unit that is not registered."""
        found: list[Unit] = []
        while unit in self.units and len(found) <= len(self.units):
            found.append(self.units[unit])
            unit = self.units[unit].parent
        return tuple(found)

    def below(self, unit: str) -> tuple[str, ...]:
        """The unit and every unit that reports to it."""
        return tuple(other for other in self.units if any(step.id == unit for step in self.chain(other)))

    def chief_post(self, unit: str, language: str = "en") -> str:
        """The post that answers for the unit: its own chief, or the nearest above."""
        for step in self.chain(unit):
            if step.chief:
                return step.chief.post.get(language) or step.chief.post["en"]
        return ""

    def unit_name(self, unit: str, language: str = "en") -> str:
        """The unit's name, or its id where it is not registered."""
        known = self.units.get(unit)
        return (known.name.get(language) or known.name["en"]) if known else unit
