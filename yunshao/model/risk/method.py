"""What a method is: named inputs with their scales, criteria fixed before scoring, and a way from one to a level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yunshao.errors import WrongUse
from yunshao.model.risk.scales import LEVELS, Table, round_half_up

Text = Mapping[str, str]
Levels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Input:
    """One number that a method asks for: a whole one from `least` to `most`."""

    key: str
    name: Text
    least: int = 1
    most: int = 5


@dataclass(frozen=True, slots=True)
class Criterion:
    """A table (rows first) or the upper bounds of the levels, as they stood when risks were scored."""

    key: str
    table: Table = ()
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Calculation:
    """One risk by one method: its inputs, every step in words, the value and the level.

    `likelihood` and `loss` are what the method makes of its inputs on the way; levels are whole numbers from 1.
    """

    method: str
    inputs: Mapping[str, int]
    way: tuple[str, ...]
    likelihood: float
    likelihood_level: int
    loss: float
    loss_level: int
    value: int
    level: int
    level_name: str

    def as_row(self) -> dict[str, Any]:
        """The calculation as one JSON object."""
        return {
            "method": self.method,
            **self.inputs,
            "way": list(self.way),
            "L": round_half_up(self.likelihood, 4),
            "L_level": self.likelihood_level,
            "F": round_half_up(self.loss, 4),
            "F_level": self.loss_level,
            "R": self.value,
            "level": self.level,
            "level_name": self.level_name,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What a method's way gives, before it is named."""

    way: tuple[str, ...]
    likelihood: float
    likelihood_level: int
    loss: float
    loss_level: int
    value: int
    level: int


@dataclass(frozen=True, slots=True)
class Method:
    """A way of reckoning risk. `read` turns asset, threat and weakness (each 1 to 5) into the method's own inputs."""

    id: str
    name: Text
    standard: str
    inputs: tuple[Input, ...]
    way: Callable[[Mapping[str, int]], Step]
    read: Callable[[int, int, int], dict[str, int]]
    criteria: tuple[Criterion, ...] = ()
    levels: Levels = field(default_factory=lambda: LEVELS)
    value_cuts: tuple[int, ...] = (1, 2, 3, 4, 5)

    def calculate(self, values: Mapping[str, int]) -> Calculation:
        """One risk from the method's own inputs. Raises WrongUse for one that is missing, unknown or off its scale."""
        known = {one.key: one for one in self.inputs}
        stray = sorted(set(values) - set(known))
        missing = sorted(set(known) - set(values))
        if stray or missing:
            raise WrongUse(
                f"{self.id} does not take {', '.join(stray)}" if stray else f"{self.id} needs {', '.join(missing)}",
                f"its inputs are {', '.join(known)}",
            )
        for key, one in known.items():
            if not one.least <= values[key] <= one.most:
                raise WrongUse(f"{key} is {values[key]}", f"the scale runs from {one.least} (lowest) to {one.most}")
        step = self.way(values)
        return Calculation(
            self.id,
            {key: values[key] for key in known},
            step.way,
            step.likelihood,
            step.likelihood_level,
            step.loss,
            step.loss_level,
            step.value,
            step.level,
            self.levels["en"][step.level - 1],
        )


def of_three(asset: int, threat: int, vulnerability: int) -> dict[str, int]:
    """The reading of a method that asks for the three numbers themselves."""
    return {"asset": asset, "threat": threat, "vulnerability": vulnerability}


ASSET = Input("asset", {"zh": "资产价值", "en": "asset value, or consequence"})
THREAT = Input("threat", {"zh": "威胁频率", "en": "threat frequency"})
WEAKNESS = Input("vulnerability", {"zh": "脆弱性严重程度", "en": "severity of the weakness"})
THREE = (ASSET, THREAT, WEAKNESS)
