"""GB/T 20984: the matrix and the multiplicative method, and the value of assets and businesses.

The tables are those of the annex of the 2007 edition, which are still the common practice under the 2022 edition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from yunshao.model.risk.method import THREE, Criterion, Method, Step, Text, of_three
from yunshao.model.risk.scales import CARRY, Table, clamp, level_of, round_half_up

# Rows first: threat x weakness, asset x weakness, loss level x possibility level.
POSSIBILITY: Table = (
    (2, 4, 7, 11, 14),
    (3, 6, 10, 13, 17),
    (5, 9, 12, 16, 20),
    (7, 11, 14, 18, 22),
    (8, 12, 17, 20, 25),
)
LOSS: Table = (
    (2, 4, 6, 10, 13),
    (3, 5, 9, 12, 16),
    (4, 7, 11, 15, 20),
    (5, 8, 14, 19, 22),
    (6, 10, 16, 21, 25),
)
RISK: Table = (
    (3, 6, 9, 12, 16),
    (5, 8, 11, 15, 18),
    (6, 9, 13, 17, 21),
    (7, 11, 16, 20, 23),
    (9, 14, 20, 23, 25),
)
# The largest value of each level.
POSSIBILITY_CUTS = (5, 11, 16, 21, 25)
LOSS_CUTS = (5, 10, 15, 20, 25)
RISK_CUTS = (6, 12, 18, 23, 25)
PRODUCT_CUTS = (5, 10, 15, 20, 25)
CRITERIA = (
    Criterion("L", POSSIBILITY, POSSIBILITY_CUTS),
    Criterion("F", LOSS, LOSS_CUTS),
    Criterion("R", RISK, RISK_CUTS),
)


def asset_value_cia(confidentiality: int, integrity: int, availability: int) -> int:
    """Asset value of C, I, A: round(log2((2^C + 2^I + 2^A) / 3)), the common practice formula."""
    return int(round_half_up(math.log2((2**confidentiality + 2**integrity + 2**availability) / 3)))


def asset_value(cia: int, importance: int, carry: str) -> int:
    """Value of a system asset: half of C, I, A, half of the importance of what it carries (GB/T 20984-2022, 5.2.1)."""
    return clamp(round_half_up(0.5 * cia + 0.5 * importance * CARRY[carry]))


def business_importance(own: int, coupled: int) -> int:
    """Importance of a business tightly coupled to another: max(own, other - 1) (GB/T 20984-2022, annex D)."""
    return max(own, coupled - 1)


def business_value(value: int, carry: str) -> int:
    """Risk of a business through one asset that carries it: round(R x k)."""
    return int(round_half_up(value * CARRY[carry]))


def matrix_way(criteria: tuple[Criterion, ...]) -> Callable[[Mapping[str, int]], Step]:
    """The way of the matrix method over these tables: L(T,V) and F(A,V), then R of their levels."""
    by_key = {one.key: one for one in criteria}
    table_l, table_f, table_r = (by_key[key] for key in "LFR")

    def way(values: Mapping[str, int]) -> Step:
        asset, threat, weak = values["asset"], values["threat"], values["vulnerability"]
        possibility = table_l.table[threat - 1][weak - 1]
        loss = table_f.table[asset - 1][weak - 1]
        l_level, f_level = level_of(possibility, table_l.cuts), level_of(loss, table_f.cuts)
        value = table_r.table[f_level - 1][l_level - 1]
        level = level_of(value, table_r.cuts)
        said = (
            f"L(T={threat}, V={weak}) = {possibility}, level {l_level}",
            f"F(A={asset}, V={weak}) = {loss}, level {f_level}",
            f"R(L={l_level}, F={f_level}) = {value}, level {level}",
        )
        return Step(said, possibility, l_level, loss, f_level, value, level)

    return way


def matrix_method(key: str, name: Text, standard: str, criteria: tuple[Criterion, ...]) -> Method:
    """A matrix method over three tables `L`, `F` and `R` with their cuts."""
    cuts = next(one.cuts for one in criteria if one.key == "R")
    return Method(key, name, standard, THREE, matrix_way(criteria), of_three, criteria, value_cuts=cuts)


def multiply_way(values: Mapping[str, int]) -> Step:
    """L = sqrt(T V), F = sqrt(A V), R = round(L F); nothing is rounded in between."""
    asset, threat, weak = values["asset"], values["threat"], values["vulnerability"]
    possibility, loss = math.sqrt(threat * weak), math.sqrt(asset * weak)
    # sqrt(TV) sqrt(AV) = V sqrt(TA): one root less, so that whole results come out whole.
    value = int(round_half_up(weak * math.sqrt(threat * asset)))
    level = level_of(value, PRODUCT_CUTS)
    said = (
        f"L = sqrt({threat} x {weak}) = {possibility:.4f}",
        f"F = sqrt({asset} x {weak}) = {loss:.4f}",
        f"R = round(L x F) = {value}, level {level}",
    )
    levels = clamp(round_half_up(possibility)), clamp(round_half_up(loss))
    return Step(said, possibility, levels[0], loss, levels[1], value, level)


MATRIX = matrix_method(
    "gbt20984-matrix", {"zh": "GB/T 20984 矩阵法", "en": "GB/T 20984, matrix method"}, "GB/T 20984-2022", CRITERIA
)
MULTIPLY = Method(
    "gbt20984-multiply",
    {"zh": "GB/T 20984 相乘法", "en": "GB/T 20984, multiplicative method"},
    "GB/T 20984-2022",
    THREE,
    multiply_way,
    of_three,
    (Criterion("R", cuts=PRODUCT_CUTS),),
    value_cuts=PRODUCT_CUTS,
)
