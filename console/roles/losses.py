"""Losses in money, for the command line: numpy is loaded with this module and not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from yunshao.model.risk.fair import DRAWS, SEED, parse_scenario, simulate


def loss_row(inputs: Mapping[str, Sequence[float]], seed: int | None, draws: int | None, way: str) -> dict[str, Any]:
    """The figures of one scenario from estimates of one number or three. Raises WrongUse."""
    data = {key: values[0] if len(values) == 1 else list(values) for key, values in inputs.items()}
    scenario = parse_scenario(data, "--input")
    found = simulate(scenario, seed=SEED if seed is None else seed, draws=DRAWS if draws is None else draws, way=way)
    return found.as_row()


def scenario_row(given: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of one scenario of a playbook, with its estimates, to be drawn again. Raises WrongUse."""
    estimates = {key: value for key, value in given.items() if key != "name"}
    # A sealed document has its keys sorted, and the order of the forms of loss is that of the draws.
    estimates = orjson.loads(orjson.dumps(estimates, option=orjson.OPT_SORT_KEYS))
    found = simulate(parse_scenario(estimates, f"losses.{given['id']}"), seed=SEED, draws=DRAWS)
    return {**found.as_row(), "name": given["name"], "estimates": estimates}
