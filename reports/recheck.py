"""The rows of reviews again: points of a scorecard, conclusions of a self-check, levels of data-security risk."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.recompute import Difference, same
from reports.shared.plain import mapping, mappings, number, pick, whole
from yunshao.errors import WrongUse
from yunshao.model.controls import STATES, conclusion_2021, conclusion_2025, pass_rate, score_2021
from yunshao.model.risk.gbt45577 import DATA_RISK, possibility_of
from yunshao.model.scorecard import SUMS, total, value_of

Row = Mapping[str, Any]
MOST_SCENARIOS = 50


def check_review(document: Row, alerts: Sequence[Row]) -> tuple[int, list[Difference]]:
    """How many rows of a review were recomputed, and those that do not follow from what they rest on."""
    checks = {"scorecard": _scorecard, "mlps": _mlps, "data_security": _data}
    kind = str(document.get("kind"))
    done = list(checks[kind](document, alerts)) if kind in checks else []
    done += _losses(document)
    return len(done), [one for one in done if not same(one.printed, one.found)]


def _losses(document: Row) -> Iterator[Difference]:
    """Every scenario drawn again from its own estimates, seed and number of draws."""
    for row in mappings(document, "quantitative")[:MOST_SCENARIOS]:
        estimates, draws = mapping(row, "estimates"), whole(row.get("draws"))
        if not estimates:
            continue
        # numpy is loaded where there is something to draw.
        fair = importlib.import_module("yunshao.model.risk.fair")
        printed = tuple(_num(row, key) for key in ("mean", "p50", "p95", "es95"))
        try:
            found = fair.simulate(
                fair.parse_scenario(estimates), seed=whole(row.get("seed")), draws=draws, way=str(row.get("way"))
            ).as_row()
            again = tuple(_num(found, key) for key in ("mean", "p50", "p95", "es95"))
        except (WrongUse, ValueError):
            again = ()
        yield Difference(f"loss {row.get('scenario')}", printed, again)


def _num(row: Row, key: str) -> float:
    return number(row.get(key)) or 0.0


def _scorecard(document: Row, alerts: Sequence[Row]) -> Iterator[Difference]:
    rows = mappings(document, "indicators")
    for row in rows:
        name, unit = str(row.get("indicator")), row.get("unit")
        if name not in SUMS:
            continue
        of = SUMS[name]
        listed = alerts if of.rows == "alerts" else mappings(document, of.rows)
        mine = [one for one in listed if unit in ("", one.get("unit"))]
        den = sum(_num(one, of.whole) for one in mine) if of.whole else float(len(mine))
        got = sum(_num(one, of.counted) for one in mine)
        num = den - got if of.missing else got
        value = value_of(num, den)
        printed = (_num(row, "num"), _num(row, "den"), *_maybe(row.get("value")))
        yield Difference(f"indicator {name} {unit}", printed, (num, den, *_maybe(value)))
    for score in mappings(document, "scores"):
        mine = [row for row in rows if row.get("unit") == score.get("unit")]
        usable = [
            {"value": number(row.get("value")), "target": _num(row, "target"), "weight": _num(row, "weight")}
            for row in mine
        ]
        yield Difference(f"score {score.get('unit')}", _maybe(score.get("score")), _maybe(total(usable)))


def _maybe(value: object) -> tuple[float, ...]:
    found = number(value)
    return () if found is None else (found,)


def _mlps(document: Row, _: Sequence[Row]) -> Iterator[Difference]:
    items = mappings(document, "items")
    for system in mappings(document, "systems"):
        mine = [row for row in items if row.get("system") == system.get("id")]
        states = [str(row.get("state")) if row.get("state") in STATES else "unknown" for row in mine]
        rate = pass_rate(states)
        printed = (*(float(whole(system.get(state))) for state in STATES), *_maybe(system.get("rate")))
        found = (*(float(states.count(state)) for state in STATES), *_maybe(rate))
        yield Difference(f"system {system.get('id')}", printed, found)
        if document.get("template") == "2021":
            rows = [
                (str(row.get("side")), state, whole(row.get("weight"))) for row, state in zip(mine, states, strict=True)
            ]
            score = score_2021(rows)
            ended = conclusion_2021(score, whole(system.get("high")), whole(system.get("medium")))
            yield Difference(f"score {system.get('id')}", _maybe(system.get("score")), _maybe(score))
        else:
            ended = conclusion_2025(rate, whole(system.get("major")))
        yield Difference(f"conclusion {system.get('id')}", (1.0,), (float(ended == system.get("conclusion")),))


def _data(document: Row, alerts: Sequence[Row]) -> Iterator[Difference]:
    value = {row.get("id"): whole(row.get("value")) for row in mappings(document, "data_assets")}
    confirmed = {row.get("id") for row in alerts if row.get("verdict") == "true_positive"}
    for row in mappings(document, "risk_sources"):
        harm = min(5, value.get(row.get("data"), 0) + bool(row.get("sensitive")))
        absent, partial = int(row.get("state") == "not_met"), int(row.get("state") == "partly")
        cited = row.get("alerts")
        episodes = sum(key in confirmed for key in cited) if isinstance(cited, list) else 0
        possibility = possibility_of(absent, partial, episodes)
        level = DATA_RISK[possibility - 1][harm - 1] if 1 <= harm <= 5 else 0
        printed = tuple(_num(row, key) for key in ("harm", "possibility", "level"))
        yield Difference(f"source {row.get('id')}", printed, (float(harm), float(possibility), float(level)))
    stated = mapping(mapping(document, "summary"), "levels")
    for level in (5, 4, 3, 2, 1):
        counted = sum(whole(pick(row, "level")) == level for row in mappings(document, "risk_sources"))
        yield Difference(f"summary level {level}", (_num(stated, str(level)),), (float(counted),))
