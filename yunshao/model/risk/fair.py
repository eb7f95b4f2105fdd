"""Loss in money a year by Monte Carlo, after FAIR: risk = loss event frequency x loss magnitude.

Everything is seeded: the same scenario, seed and number of draws give the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from yunshao.errors import WrongUse
from yunshao.model.risk.pert import Floats, Pert
from yunshao.model.risk.scales import level_of, round_half_up

METHOD = "fair"
WAYS = ("compound", "product")
DRAWS = 100_000
MAX_DRAWS = 2_000_000
MAX_EVENTS = 40_000_000
SEED = 20260825
CURVE = 50
PERCENTILES = (5, 10, 50, 90, 95, 99)
THRESHOLDS = (1e4, 1e5, 1e6, 1e7)
LOSS_FORMS = ("productivity", "response", "replacement", "fines", "advantage", "reputation")
ONE = Pert(1, 1, 1)
NONE = Pert(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One loss scenario; money in CNY, frequencies a year.

    The frequency is `lef`, or `tef` x vulnerability; `vulnerability` is a share, or the chance that `capability`
    exceeds `strength` (both 0 to 100). `primary` and `secondary` hold an estimate for each form of loss; the secondary
    ones come with the chance `secondary_share` an event.
    """

    id: str
    primary: Mapping[str, Pert]
    lef: Pert | None = None
    tef: Pert | None = None
    vulnerability: Pert | None = None
    capability: Pert | None = None
    strength: Pert | None = None
    secondary_share: Pert = NONE
    secondary: Mapping[str, Pert] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.lef is None) == (self.tef is None):
            raise WrongUse(
                f"scenario {self.id}: give the loss event frequency, or the threat event frequency", "one of"
            )
        if self.tef is not None and self.vulnerability is None and (self.capability is None or self.strength is None):
            raise WrongUse(
                f"scenario {self.id}: a threat event frequency needs a vulnerability", "or capability, strength"
            )
        if not self.primary:
            raise WrongUse(f"scenario {self.id}: no primary loss is given", f"forms: {', '.join(LOSS_FORMS)}")
        for share in (self.vulnerability, self.secondary_share):
            if share is not None and share.most > 1:
                raise WrongUse(f"scenario {self.id}: a share is above 1", "from 0 to 1")

    @property
    def mean(self) -> float:
        """The annual loss expectancy in closed form; a chance of capability over strength is not in closed form."""
        frequency = self.lef.mean if self.lef else self._attacked()
        magnitude = sum(one.mean for one in self.primary.values())
        magnitude += self.secondary_share.mean * sum(one.mean for one in self.secondary.values())
        return frequency * magnitude

    def _attacked(self) -> float:
        if self.tef is None or self.vulnerability is None:
            return math.nan
        return self.tef.mean * self.vulnerability.mean


@dataclass(frozen=True, slots=True)
class Loss:
    """What a simulation gives: losses of one year, sorted, and how they came about."""

    scenario: str
    way: str
    seed: int
    draws: int
    losses: Floats

    @property
    def mean(self) -> float:
        """Annual loss expectancy."""
        return float(self.losses.mean())

    def value_at_risk(self, share: float = 0.95) -> float:
        """The loss that this share of years does not pass: the smallest whose rank reaches it."""
        return float(self.losses[min(max(math.ceil(share * self.draws) - 1, 0), self.draws - 1)])

    def expected_shortfall(self, share: float = 0.95) -> float:
        """The mean loss of the worst years: those from the rank of the value at risk on."""
        return float(self.losses[min(math.floor(share * self.draws), self.draws - 1) :].mean())

    def above(self, threshold: float) -> float:
        """The share of years with a loss greater than this."""
        return 1 - float(np.searchsorted(self.losses, threshold, side="right")) / self.draws

    def at_least(self, threshold: float) -> float:
        """The loss exceedance curve: the share of years with at least this loss."""
        return 1 - float(np.searchsorted(self.losses, threshold, side="left")) / self.draws

    def curve(self, points: int = CURVE) -> list[tuple[float, float]]:
        """(loss, share of years with at least that), from 0 over so many log-spaced losses; never rises."""
        paid = self.losses[np.searchsorted(self.losses, 0, side="right") :]
        if not len(paid):
            return [(0.0, 1.0)]
        least, most = float(paid[0]), float(paid[-1])
        spaced = np.geomspace(least, most, points) if most > least else np.array([most])
        # What geomspace loses to rounding must not lie outside of what was seen.
        return [(0.0, 1.0), *((float(at), self.at_least(float(at))) for at in np.clip(spaced, least, most))]

    def level(self, thresholds: Sequence[float] = THRESHOLDS) -> int:
        """The annual loss expectancy on a scale of 1 to 5 by money."""
        return level_of(self.mean, (*thresholds, math.inf))

    def as_row(self, threshold: float = 1e6) -> dict[str, Any]:
        """The figures as one JSON object, money to the cent."""
        money = {f"p{rank}": round_half_up(self.value_at_risk(rank / 100), 2) for rank in PERCENTILES}
        return {
            "method": METHOD,
            "scenario": self.scenario,
            "way": self.way,
            "seed": self.seed,
            "draws": self.draws,
            "mean": round_half_up(self.mean, 2),
            **money,
            "no_loss": round_half_up(1 - self.above(0), 6),
            "threshold": threshold,
            "above_threshold": round_half_up(self.above(threshold), 6),
            "var95": round_half_up(self.value_at_risk(), 2),
            "es95": round_half_up(self.expected_shortfall(), 2),
            "level": self.level(),
            "curve": [[round_half_up(at, 2), round_half_up(share, 6)] for at, share in self.curve()],
        }


def simulate(scenario: Scenario, *, seed: int = SEED, draws: int = DRAWS, way: str = "compound") -> Loss:
    """Losses of so many years. `compound`: Poisson many events, each with its own loss; `product`: frequency x loss.

    Both have the same mean and different tails. Raises WrongUse for more draws or events than can be held.
    """
    if way not in WAYS:
        raise WrongUse(f"unknown way {way!r}", f"one of {', '.join(WAYS)}")
    if not 1 <= draws <= MAX_DRAWS:
        raise WrongUse(f"{draws} draws", f"from 1 to {MAX_DRAWS}")
    rng = np.random.Generator(np.random.SFC64(seed))
    frequency = _frequency(scenario, rng, draws)
    if way == "product":
        losses = frequency * _magnitude(scenario, rng, draws)
    else:
        if float(frequency.sum()) > MAX_EVENTS:
            raise WrongUse("more loss events than can be drawn", "fewer draws, or --way product")
        events = rng.poisson(frequency)
        ends = np.cumsum(events)
        count = int(ends[-1])
        sums = np.zeros(count + 1)
        np.cumsum(_magnitude(scenario, rng, count), out=sums[1:])
        losses = sums[ends] - sums[ends - events]
    losses.sort()
    return Loss(scenario.id, way, seed, draws, losses)


def _frequency(scenario: Scenario, rng: np.random.Generator, draws: int) -> Floats:
    if scenario.lef is not None:
        return scenario.lef.draw(rng, draws)
    attacks = (scenario.tef or NONE).draw(rng, draws)
    if scenario.vulnerability is not None:
        return attacks * scenario.vulnerability.draw(rng, draws)
    capability, strength = scenario.capability or NONE, scenario.strength or NONE
    return attacks * float((capability.draw(rng, draws) > strength.draw(rng, draws)).mean())


def _magnitude(scenario: Scenario, rng: np.random.Generator, events: int) -> Floats:
    first, *others = scenario.primary.values()
    total = first.draw(rng, events)
    for one in others:
        total += one.draw(rng, events)
    if scenario.secondary and scenario.secondary_share.most > 0:
        comes = rng.random(events) < scenario.secondary_share.draw(rng, events)
        for one in scenario.secondary.values():
            total += np.where(comes, one.draw(rng, events), 0.0)
    return total


def worth(before: Loss, after: Loss, cost: float) -> dict[str, float | None]:
    """What a measure of this yearly cost brings: expectancy before and after, the loss avoided, its return on cost.

    Return = (loss avoided - cost) / cost; None at no cost. Draw both with the same seed.
    """
    avoided = before.mean - after.mean
    return {
        "before": round_half_up(before.mean, 2),
        "after": round_half_up(after.mean, 2),
        "avoided": round_half_up(avoided, 2),
        "cost": cost,
        "return": round_half_up((avoided - cost) / cost, 4) if cost > 0 else None,
        "es95_before": round_half_up(before.expected_shortfall(), 2),
        "es95_after": round_half_up(after.expected_shortfall(), 2),
    }


def frequency_after(incidents: int, years: float, alpha: float = 1.0, beta: float = 2.0) -> float:
    """Loss events a year from incidents that were seen: the mean of Gamma(alpha + n, beta + t)."""
    if incidents < 0 or years < 0 or alpha <= 0 or beta <= 0:
        raise WrongUse("incidents and years are not negative, and the prior is positive", "")
    return (alpha + incidents) / (beta + years)


def parse_scenario(data: object, place: str = "") -> Scenario:
    """A scenario from JSON types: an estimate is one number or [least, most likely, most]. Raises WrongUse."""
    if not isinstance(data, Mapping):
        raise WrongUse("a scenario is a mapping", "id, lef or tef, primary", place)
    names = ("lef", "tef", "vulnerability", "capability", "strength")
    unknown = sorted(set(map(str, data)) - {"id", "name", "primary", "secondary", "secondary_share", *names})
    if unknown:
        raise WrongUse(f"a scenario has no {', '.join(unknown)}", "", place)
    given = {name: estimate(data[name], name) for name in names if data.get(name) is not None}
    return Scenario(
        str(data.get("id", "scenario")),
        _forms(data.get("primary"), "primary"),
        secondary=_forms(data.get("secondary"), "secondary"),
        secondary_share=estimate(data.get("secondary_share", 0), "secondary_share"),
        **given,
    )


def _forms(data: object, name: str) -> dict[str, Pert]:
    if data is None:
        return {}
    if isinstance(data, Mapping):
        unknown = sorted(set(map(str, data)) - set(LOSS_FORMS))
        if unknown:
            raise WrongUse(f"{name}: no form of loss {', '.join(unknown)}", f"forms: {', '.join(LOSS_FORMS)}")
        return {str(key): estimate(value, f"{name}.{key}") for key, value in data.items()}
    return {LOSS_FORMS[0]: estimate(data, name)}


def estimate(value: object, name: str = "estimate") -> Pert:
    """One number, or three of them. Raises WrongUse."""
    parts = list(value) if isinstance(value, list | tuple) else [value] * 3
    numbers = [float(part) for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]
    if len(numbers) != 3 or len(parts) != 3:
        raise WrongUse(f"{name} is not a number or three of them", "least, most likely, most")
    return Pert(*numbers)
