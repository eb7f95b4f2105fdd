"""The other methods: every field of their tables, what a site may replace, and loss in money against closed forms."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv
from scipy.stats import poisson

from yunshao.errors import BadConfiguration, WrongUse
from yunshao.model.risk import METHODS, business_importance, calculate, effectiveness, parse_method
from yunshao.model.risk.catalog import method_of
from yunshao.model.risk.fair import (
    WAYS,
    Scenario,
    estimate,
    frequency_after,
    parse_scenario,
    simulate,
    worth,
)
from yunshao.model.risk.gbt45577 import possibility_of
from yunshao.model.risk.nist80030 import semi_quantitative
from yunshao.model.risk.pert import Pert

NAMES = {"VL": 1, "L": 2, "M": 3, "H": 4, "VH": 5}
# As printed: the highest likelihood first.
ISO = """medium high high very-high very-high
low medium high high very-high
low low medium high high
very-low low low medium medium
very-low very-low low low low"""
G5 = "L M H VH VH / L M M H VH / L L M M H / VL L L M M / VL VL L L L"
I2 = "VL L M H VH / VL L M H VH / VL L M M H / VL L L L M / VL VL VL L L"
# As printed: harm very high first, possibility high first.
DATA = "critical critical medium low slight / critical high medium low slight / high medium low slight slight"


def printed(text: str, names: dict[str, int], rows: str = " / ") -> list[list[int]]:
    return [[names[word] for word in row.split()] for row in text.split(rows)]


def test_every_field_of_iso_27005_is_as_printed():
    names = {"very-low": 1, "low": 2, "medium": 3, "high": 4, "very-high": 5}
    table = METHODS["iso27005"].criteria[0].table
    assert [list(row) for row in reversed(table)] == printed(ISO, names, "\n")


def test_iso_27005_checks():
    table = METHODS["iso27005"].criteria[0].table
    assert [table[row - 1][column - 1] for row, column in ((3, 4), (1, 5), (5, 1))] == [4, 2, 3]


def test_every_field_of_nist_800_30_is_as_printed():
    likelihood, risk = (one.table for one in METHODS["nist80030"].criteria)
    assert [list(row) for row in reversed(likelihood)] == printed(G5, NAMES)
    assert [list(row) for row in reversed(risk)] == printed(I2, NAMES)


def test_nist_800_30_checks():
    likelihood, risk = (one.table for one in METHODS["nist80030"].criteria)
    assert likelihood[NAMES["H"] - 1][NAMES["M"] - 1] == NAMES["M"]
    assert risk[NAMES["M"] - 1][NAMES["VH"] - 1] == NAMES["H"]


@pytest.mark.parametrize(
    ("value", "found"),
    [(0, (1, 0)), (4, (1, 0)), (5, (2, 2)), (20, (2, 2)), (21, (3, 5)), (79, (3, 5)), (80, (4, 8)), (96, (5, 10))],
)
def test_nist_bins(value, found):
    assert semi_quantitative(value) == found


def test_every_field_of_gbt_45577_is_as_printed():
    names = {"slight": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
    table = METHODS["gbt45577"].criteria[0].table
    assert [list(reversed(row)) for row in reversed(table)] == printed(DATA, names)


@pytest.mark.parametrize(("harm", "possibility", "level"), [(4, 2, 4), (5, 1, 4), (3, 1, 2)])
def test_gbt_45577_checks(harm, possibility, level):
    found = method_of("gbt45577").calculate({"harm": harm, "possibility": possibility})
    assert found.level == level
    assert found.level_name == ("slight", "low", "medium", "high", "critical")[level - 1]


@pytest.mark.parametrize(
    ("absent", "partial", "episodes", "level"), [(1, 0, 0, 3), (0, 0, 3, 3), (0, 1, 0, 2), (0, 0, 2, 2), (0, 0, 0, 1)]
)
def test_possibility_comes_of_controls_and_episodes(absent, partial, episodes, level):
    assert possibility_of(absent, partial, episodes) == level


def test_the_same_risk_has_other_levels_by_other_methods():
    assert calculate("gbt20984-matrix", 5, 2, 4).level == 4
    assert calculate("gbt20984-multiply", 5, 2, 4).level == 3


def test_a_tightly_coupled_business_is_raised():
    assert business_importance(2, 5) == 4
    assert business_importance(4, 3) == 4


def test_measures_multiply():
    assert effectiveness(1.0, 0.9, 0.5) == pytest.approx(0.45)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_each_method_gives_its_whole_scale_a_name(method):
    one = METHODS[method]
    for values in product(*(range(part.least, part.most + 1) for part in one.inputs)):
        found = one.calculate({part.key: value for part, value in zip(one.inputs, values, strict=True)})
        assert found.level_name == one.levels["en"][found.level - 1]
        assert found.value <= one.value_cuts[-1]


@pytest.mark.parametrize("values", [{"harm": 6, "possibility": 1}, {"harm": 1}, {"harm": 1, "possibility": 1, "x": 1}])
def test_inputs_that_a_method_does_not_know_are_refused(values):
    with pytest.raises(WrongUse):
        method_of("gbt45577").calculate(values)


OWN = {"id": "city-matrix", "name": {"zh": "本市矩阵", "en": "City matrix"}, "base": "gbt20984-matrix"}


def test_a_site_replaces_the_cuts_and_its_levels_follow():
    own = parse_method({**OWN, "cuts": {"R": [5, 10, 15, 22, 25]}}, "here")
    assert own.calculate({"asset": 4, "threat": 3, "vulnerability": 4}).level == 4
    assert calculate("gbt20984-matrix", 4, 3, 4).level == 3
    assert calculate("city-matrix", 4, 3, 4, {own.id: own}).method == "city-matrix"


@pytest.mark.parametrize(
    "wrong",
    [
        {"tables": {"L": [[1, 2, 3, 4, 5]] * 4}},
        {"tables": {"L": [[5, 4, 3, 2, 1]] * 5}},
        {"tables": {"R": [[1, 2, 3, 4, 99]] * 5}},
        {"cuts": {"R": [5, 5, 10, 15, 25]}},
        {"cuts": {"R": "many"}},
        {"cuts": []},
        {"base": "fair"},
        {"id": "../x"},
        {"name": "only one"},
    ],
    ids=str,
)
def test_a_method_that_cannot_be_right_is_refused(wrong):
    with pytest.raises(BadConfiguration):
        parse_method({**OWN, **wrong}, "here")


def test_a_method_that_is_no_mapping_is_refused():
    with pytest.raises(BadConfiguration):
        parse_method([1], "here")


F1 = {"id": "f1", "lef": [0.5, 2, 6], "primary": [50_000, 200_000, 1_000_000]}
F1_PRINTED = {
    "compound": (745_100, 627_500, 1_595_500, 1_932_000, 2_630_000, 0.135, 0.291),
    "product": (745_200, 615_000, 1_454_500, 1_774_500, 2_453_000, 0.0, 0.248),
}


def test_vector_f1_in_closed_form():
    assert round(parse_scenario(F1).mean, 2) == 745_138.89


@pytest.mark.parametrize("way", WAYS)
def test_vector_f1(way):
    row = simulate(parse_scenario(F1), draws=200_000, way=way).as_row()
    mean, p50, p90, p95, p99, none, million = F1_PRINTED[way]
    assert row["mean"] == pytest.approx(mean, rel=0.02)
    for key, value in (("p50", p50), ("p90", p90), ("p95", p95), ("p99", p99)):
        assert row[key] == pytest.approx(value, rel=0.03)
    assert row["no_loss"] == pytest.approx(none, abs=0.003)
    assert row["above_threshold"] == pytest.approx(million, abs=0.004)


def test_vector_f2_is_exact():
    row = simulate(parse_scenario({"lef": 3, "primary": 100_000}), way="product").as_row()
    assert {row[key] for key in ("mean", "p5", "p10", "p50", "p90", "p95", "p99", "var95", "es95")} == {300_000}


@pytest.mark.parametrize("way", WAYS)
def test_vector_f3_is_exact(way):
    found = simulate(parse_scenario({"lef": 0, "primary": [1, 2, 3]}), way=way)
    row = found.as_row()
    assert {row[key] for key in ("mean", "p5", "p50", "p99", "var95", "es95", "above_threshold")} == {0}
    assert row["no_loss"] == 1
    assert found.at_least(0) == 1
    assert found.at_least(0.01) == 0
    assert found.curve() == [(0.0, 1.0)]


SHAPES = (Pert(0.5, 2, 6), Pert(50_000, 200_000, 1_000_000), Pert(0, 0, 10), Pert(1, 10, 10), Pert(0, 5, 10))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_draws_of_an_estimate_have_its_moments_and_quantiles_within_1_per_cent(shape):
    drawn = np.sort(shape.draw(np.random.Generator(np.random.SFC64(7)), 400_000))
    assert drawn.mean() == pytest.approx(shape.mean, rel=0.01)
    assert drawn.var() == pytest.approx(shape.variance, rel=0.01)
    width = shape.most - shape.least
    for share in (0.05, 0.5, 0.9, 0.95, 0.99):
        assert abs(drawn[int(share * len(drawn))] - shape.quantile(share)) < 0.01 * width
        assert shape.quantile(share) == pytest.approx(shape.least + width * betaincinv(*shape.shapes, share))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_table_of_draws_is_the_exact_quantile_function(shape):
    middles = (np.arange(1 << 16) + 0.5) / (1 << 16)
    exact = shape.least + (shape.most - shape.least) * betaincinv(*shape.shapes, middles)
    assert np.abs(shape.table() - exact).max() < 2e-5 * (shape.most - shape.least)


@pytest.mark.parametrize("seed", range(3))
def test_the_compound_way_against_closed_forms_within_1_per_cent(seed):
    scenario = parse_scenario(F1)
    found = simulate(scenario, seed=seed, draws=400_000)
    frequency, loss = Pert(0.5, 2, 6), Pert(50_000, 200_000, 1_000_000)
    variance = frequency.mean * loss.variance + (frequency.mean + frequency.variance) * loss.mean**2
    assert found.mean == pytest.approx(scenario.mean, rel=0.01)
    assert found.losses.std() == pytest.approx(math.sqrt(variance), rel=0.01)
    assert 1 - found.above(0) == pytest.approx(frequency.laplace(), rel=0.01)


def test_value_at_risk_and_shortfall_against_closed_forms_within_1_per_cent():
    loss = Pert(50_000, 200_000, 1_000_000)
    found = simulate(parse_scenario({"lef": 2, "primary": [50_000, 200_000, 1_000_000]}), way="product", draws=400_000)
    for share in (0.5, 0.9, 0.95, 0.99):
        assert found.value_at_risk(share) == pytest.approx(2 * loss.quantile(share), rel=0.01)
        assert found.expected_shortfall(share) == pytest.approx(2 * loss.mean_above(share), rel=0.01)


def test_value_at_risk_of_counted_events_is_the_quantile_of_poisson():
    found = simulate(parse_scenario({"lef": 3, "primary": 1000}))
    for share in (0.5, 0.9, 0.95, 0.99):
        assert found.value_at_risk(share) == 1000 * poisson.ppf(share, 3)


def test_the_curve_falls_from_one_over_fifty_points():
    curve = simulate(parse_scenario(F1)).curve()
    assert len(curve) == 51
    assert curve[0] == (0.0, 1.0)
    assert all(a[0] < b[0] and a[1] >= b[1] for a, b in pairwise(curve))
    assert curve[-1][1] > 0


def test_the_same_seed_gives_the_same_figures_and_another_does_not():
    first, again, other = (simulate(parse_scenario(F1), seed=seed).as_row() for seed in (1, 1, 2))
    assert first == again
    assert first["mean"] != other["mean"]


def test_the_tree_above_the_frequency():
    attacked = parse_scenario({"tef": 10, "vulnerability": 0.3, "primary": 100})
    assert attacked.mean == pytest.approx(300)
    assert simulate(attacked).mean == pytest.approx(300, rel=0.01)
    even = parse_scenario({"tef": 10, "capability": [0, 50, 100], "strength": [0, 50, 100], "primary": 100})
    assert simulate(even).mean == pytest.approx(500, rel=0.02)


def test_secondary_losses_come_with_their_own_chance():
    scenario = parse_scenario(
        {
            "lef": 4,
            "primary": {"response": 100, "replacement": [0, 50, 100]},
            "secondary_share": 0.25,
            "secondary": {"fines": 1000},
        }
    )
    assert scenario.mean == pytest.approx(4 * (150 + 250))
    assert simulate(scenario, draws=400_000).mean == pytest.approx(1600, rel=0.01)


def test_the_return_on_a_measure_is_in_closed_form_too():
    before = parse_scenario({"lef": [0, 2, 4], "primary": 1000})
    after = parse_scenario({"lef": [0, 1, 2], "primary": 1000})
    found = worth(simulate(before, draws=400_000), simulate(after, draws=400_000), 250.0)
    assert found["return"] == pytest.approx((2000 - 1000 - 250) / 250, rel=0.02)
    assert worth(simulate(before), simulate(after), 0.0)["return"] is None


def test_incidents_move_the_frequency():
    assert round(frequency_after(3, 1), 3) == 1.333


@pytest.mark.parametrize(("mean", "level"), [(9_999, 1), (10_001, 2), (100_001, 3), (1_000_001, 4), (10_000_001, 5)])
def test_losses_have_levels_by_money(mean, level):
    assert simulate(parse_scenario({"lef": 1, "primary": mean}), way="product", draws=10).level() == level


@pytest.mark.parametrize(
    "wrong",
    [
        {"lef": [3, 2, 1], "primary": 1},
        {"lef": [1, 2], "primary": 1},
        {"lef": True, "primary": 1},
        {"lef": float("nan"), "primary": 1},
        {"lef": -1, "primary": 1},
        {"lef": 1},
        {"primary": 1},
        {"lef": 1, "tef": 1, "primary": 1},
        {"tef": 1, "primary": 1},
        {"tef": 1, "vulnerability": 2, "primary": 1},
        {"lef": 1, "primary": {"dreams": 1}},
        {"lef": 1, "primary": 1, "wishes": 1},
        [],
    ],
    ids=str,
)
def test_estimates_that_make_no_sense_are_refused(wrong):
    with pytest.raises(WrongUse):
        parse_scenario(wrong)


@pytest.mark.parametrize("how", [{"draws": 0}, {"draws": 10**9}, {"way": "guess"}])
def test_ways_of_drawing_that_make_no_sense_are_refused(how):
    with pytest.raises(WrongUse):
        simulate(parse_scenario(F1), **how)


def test_more_events_than_fit_are_refused():
    with pytest.raises(WrongUse):
        simulate(parse_scenario({"lef": 1e6, "primary": 1}))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1e9, allow_nan=False), min_size=3, max_size=3), st.floats(0, 20))
def test_any_ordered_estimate_can_be_drawn(parts, frequency):
    least, mode, most = sorted(parts)
    scenario = Scenario("any", {"response": Pert(least, mode, most)}, lef=estimate(frequency))
    row = simulate(scenario, draws=200).as_row()
    assert 0 <= row["p50"] <= row["p99"]
    assert all(a[1] >= b[1] for a, b in pairwise(row["curve"]))
