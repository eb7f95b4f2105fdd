"""Risk by the published methods: the test vectors, and what must hold whatever the input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunshao.errors import WrongUse
from yunshao.model.risk import (
    LOSS,
    METHODS,
    POSSIBILITY,
    RISK,
    asset_value,
    asset_value_cia,
    business_value,
    calculate,
    eased,
    effectiveness,
    frequency_level,
    monotonic,
    per_year,
)

SCALE = st.integers(1, 5)
VECTORS = [
    ("gbt20984-matrix", (2, 2, 2), (6, 2), (5, 1), (6, 1)),
    ("gbt20984-matrix", (2, 2, 3), (10, 2), (9, 2), (8, 2)),
    ("gbt20984-matrix", (4, 3, 4), (16, 3), (19, 4), (16, 3)),
    ("gbt20984-matrix", (5, 2, 4), (13, 3), (21, 5), (20, 4)),
    ("gbt20984-matrix", (5, 5, 5), (25, 5), (25, 5), (25, 5)),
    ("gbt20984-multiply", (4, 1, 3), (1.7321, None), (3.4641, None), (6, 2)),
    ("gbt20984-multiply", (4, 3, 4), (3.4641, None), (4.0, None), (14, 3)),
    ("gbt20984-multiply", (5, 2, 4), (2.8284, None), (4.4721, None), (13, 3)),
    ("gbt20984-multiply", (5, 5, 5), (5, None), (5, None), (25, 5)),
]


@pytest.mark.parametrize(("method", "given_", "likelihood", "loss", "risk"), VECTORS)
def test_a_vector_comes_out_to_the_printed_digit(method, given_, likelihood, loss, risk):
    row = calculate(method, *given_).as_row()
    assert (row["L"], row["F"], (row["R"], row["level"])) == (likelihood[0], loss[0], risk)
    if likelihood[1]:
        assert (row["L_level"], row["F_level"]) == (likelihood[1], loss[1])


@pytest.mark.parametrize(("cia", "value"), [((5, 3, 4), 4), ((4, 4, 4), 4), ((1, 1, 5), 4), ((3, 4, 2), 3)], ids=str)
def test_asset_value_of_confidentiality_integrity_availability(cia, value):
    assert asset_value_cia(*cia) == value


def test_the_value_of_a_system_takes_what_it_carries_in():
    assert asset_value(4, 5, "tight") == 5
    assert asset_value(4, 5, "loose") == 4


def test_measures_ease_a_weakness_by_half_at_most():
    assert eased(4, 0.6) == 3
    assert eased(5, 1.0) == 3
    assert eased(4, 0.0) == 4
    assert effectiveness(0.5, 0.5, 0.8) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("yearly", "level"), [(52, 5), (51.9, 4), (12, 4), (11.9, 3), (2, 3), (1.9, 2), (0.2, 2), (0.19, 1), (0, 1)]
)
def test_frequency_has_the_levels_of_the_scale(yearly, level):
    assert frequency_level(yearly) == level


def test_episodes_are_counted_for_a_year_and_weighed_by_how_often_such_alerts_are_true():
    assert per_year(9, 0.5, 90) == pytest.approx(18.25)


def test_business_risk_is_eased_by_a_loose_tie():
    assert business_value(20, "medium") == 16
    assert business_value(23, "loose") == 14


@pytest.mark.parametrize("table", [POSSIBILITY, LOSS, RISK])
def test_a_table_never_falls_along_an_axis(table):
    assert monotonic(table)


@given(st.sampled_from(sorted(METHODS)), SCALE, SCALE, SCALE)
def test_more_of_anything_is_never_less_risk(method, asset, threat, weakness):
    here = calculate(method, asset, threat, weakness)
    assert 1 <= here.level <= 5
    for more in ((asset + 1, threat, weakness), (asset, threat + 1, weakness), (asset, threat, weakness + 1)):
        if max(more) <= 5:
            assert calculate(method, *more).level >= here.level


@given(SCALE, SCALE, SCALE)
def test_each_calculation_says_its_way(asset, threat, weakness):
    for method in METHODS:
        assert len(calculate(method, asset, threat, weakness).way) == 3


@pytest.mark.parametrize("values", [(0, 1, 1), (1, 6, 1), (1, 1, -1)])
def test_what_is_off_the_scale_is_refused(values):
    with pytest.raises(WrongUse):
        calculate("iso27005", *values)


def test_an_unknown_method_is_refused():
    with pytest.raises(WrongUse):
        calculate("guess", 1, 1, 1)
