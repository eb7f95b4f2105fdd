"""Losses in money, for the command line: numpy is loaded with this module and not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yunshao.model.risk.fair import DRAWS, SEED, parse_scenario, simulate


def loss_row(inputs: Mapping[str, Sequence[float]], seed: int | None, draws: int | None, way: str) -> dict[str, Any]:
    """The figures of one scenario from estimates of one number or three. Raises WrongUse."""
    data = {key: values[0] if len(values) == 1 else list(values) for key, values in inputs.items()}
    scenario = parse_scenario(data, "--input")
    found = simulate(scenario, seed=SEED if seed is None else seed, draws=DRAWS if draws is None else draws, way=way)
    return found.as_row()
