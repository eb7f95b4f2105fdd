"""Risk by the published methods: scales, tables and formulas as data and pure functions.

Scales run from 1 (very low) to 5 (very high). Figures of different methods are never comparable; `method` says which.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from yunshao.errors import WrongUse

Table = tuple[tuple[int, ...], ...]

# GB/T 20984-2007, annex: the tables that are still the common practice under the 2022 edition. Rows first.
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

# ISO/IEC 27005:2022, annex A: rows likelihood 1 to 5, columns consequence 1 to 5.
ISO27005: Table = (
    (1, 1, 2, 2, 2),
    (1, 2, 2, 3, 3),
    (2, 2, 3, 4, 4),
    (2, 3, 4, 4, 5),
    (3, 4, 4, 5, 5),
)
# NIST SP 800-30 r1, tables G-5 (initiation, adverse impact) and I-2 (likelihood, impact).
NIST_LIKELIHOOD: Table = (
    (1, 1, 2, 2, 2),
    (1, 2, 2, 3, 3),
    (2, 2, 3, 3, 4),
    (2, 3, 3, 4, 5),
    (2, 3, 4, 5, 5),
)
NIST_RISK: Table = (
    (1, 1, 1, 2, 2),
    (1, 2, 2, 2, 3),
    (1, 2, 3, 3, 4),
    (1, 2, 3, 4, 5),
    (1, 2, 3, 4, 5),
)
LEVELS = {
    "zh": ("很低", "低", "中等", "高", "很高"),
    "en": ("very low", "low", "medium", "high", "very high"),
}
CARRY = {"tight": 1.0, "medium": 0.8, "loose": 0.6}


@dataclass(frozen=True, slots=True)
class Calculation:
    """One risk by one method: its inputs, every step in words, the value and the level 1 to 5."""

    method: str
    asset: int
    threat: int
    vulnerability: int
    way: tuple[str, ...]
    likelihood: float
    likelihood_level: int
    loss: float
    loss_level: int
    value: int
    level: int

    def as_row(self) -> dict[str, Any]:
        """The calculation as one JSON object."""
        return {
            "method": self.method,
            "asset": self.asset,
            "threat": self.threat,
            "vulnerability": self.vulnerability,
            "way": list(self.way),
            "L": round_half_up(self.likelihood, 4),
            "L_level": self.likelihood_level,
            "F": round_half_up(self.loss, 4),
            "F_level": self.loss_level,
            "R": self.value,
            "level": self.level,
            "level_name": LEVELS["en"][self.level - 1],
        }


def round_half_up(value: float, digits: int = 0) -> float:
    """Round as auditors do by hand: halves go up."""
    scale = 10.0**digits
    return math.floor(value * scale + 0.5) / scale


def level_of(value: float, cuts: tuple[int, ...]) -> int:
    """The level 1 to 5 whose upper bound first holds the value."""
    return min(bisect_left(cuts, value) + 1, len(cuts))


def monotonic(table: Table) -> bool:
    """Whether a table never falls along either axis, as a risk matrix must not."""
    along_rows = all(a <= b for row in table for a, b in pairwise(row))
    down_columns = all(a <= b for upper, lower in pairwise(table) for a, b in zip(upper, lower, strict=True))
    return along_rows and down_columns


def asset_value_cia(confidentiality: int, integrity: int, availability: int) -> int:
    """Asset value of C, I, A: round(log2((2^C + 2^I + 2^A) / 3)), the common practice formula."""
    return int(round_half_up(math.log2((2**confidentiality + 2**integrity + 2**availability) / 3)))


def asset_value(cia: int, importance: int, carry: str) -> int:
    """Value of a system asset: half of C, I, A, half of the importance of what it carries (GB/T 20984-2022, 5.2.1)."""
    return clamp(round_half_up(0.5 * cia + 0.5 * importance * CARRY[carry]))


def clamp(value: float) -> int:
    """The value as a whole number from 1 to 5."""
    return max(1, min(5, int(value)))


def frequency_level(per_year: float) -> int:
    """Threat frequency 1 to 5 from confirmed episodes a year."""
    return next((level for level, least in ((5, 52.0), (4, 12.0), (3, 2.0), (2, 0.2)) if per_year >= least), 1)


def per_year(episodes: int, precision: float, window_days: float) -> float:
    """Confirmed episodes a year: episodes x precision x 365 / window."""
    return episodes * precision * 365 / window_days


def effectiveness(deployed: float, health: float, efficacy: float) -> float:
    """Effectiveness E of a measure, 0 to 1: deployed share x healthy share x efficacy."""
    return deployed * health * efficacy


def eased(vulnerability: int, effect: float) -> int:
    """The weakness that existing measures leave: floor(V (1 - 0.5 E) + 0.5), 1 to 5."""
    return clamp(round_half_up(vulnerability * (1 - 0.5 * effect)))


def business_value(value: int, carry: str) -> int:
    """Risk of a business through one asset that carries it: round(R x k)."""
    return int(round_half_up(value * CARRY[carry]))


def gbt20984_matrix(asset: int, threat: int, vulnerability: int) -> Calculation:
    """GB/T 20984, matrix method: L(T,V) and F(A,V) by table, then R by the table of their levels."""
    possibility = POSSIBILITY[threat - 1][vulnerability - 1]
    loss = LOSS[asset - 1][vulnerability - 1]
    possibility_level, loss_level = level_of(possibility, POSSIBILITY_CUTS), level_of(loss, LOSS_CUTS)
    value = RISK[loss_level - 1][possibility_level - 1]
    level = level_of(value, RISK_CUTS)
    way = (
        f"L(T={threat}, V={vulnerability}) = {possibility}, level {possibility_level}",
        f"F(A={asset}, V={vulnerability}) = {loss}, level {loss_level}",
        f"R(L={possibility_level}, F={loss_level}) = {value}, level {level}",
    )
    return Calculation(
        "gbt20984-matrix",
        asset,
        threat,
        vulnerability,
        way,
        possibility,
        possibility_level,
        loss,
        loss_level,
        value,
        level,
    )


def gbt20984_multiply(asset: int, threat: int, vulnerability: int) -> Calculation:
    """GB/T 20984, multiplicative method: L = sqrt(T V), F = sqrt(A V), R = round(L F)."""
    possibility, loss = math.sqrt(threat * vulnerability), math.sqrt(asset * vulnerability)
    # sqrt(TV) sqrt(AV) = V sqrt(TA): one root less, so that whole results come out whole.
    value = int(round_half_up(vulnerability * math.sqrt(threat * asset)))
    level = level_of(value, PRODUCT_CUTS)
    way = (
        f"L = sqrt({threat} x {vulnerability}) = {possibility:.4f}",
        f"F = sqrt({asset} x {vulnerability}) = {loss:.4f}",
        f"R = round(L x F) = {value}, level {level}",
    )
    levels = clamp(round_half_up(possibility)), clamp(round_half_up(loss))
    return Calculation(
        "gbt20984-multiply", asset, threat, vulnerability, way, possibility, levels[0], loss, levels[1], value, level
    )


def _likelihood(threat: int, vulnerability: int) -> int:
    """Likelihood 1 to 5 from frequency and ease: their geometric mean, halves up."""
    return clamp(round_half_up(math.sqrt(threat * vulnerability)))


def iso27005(asset: int, threat: int, vulnerability: int) -> Calculation:
    """ISO/IEC 27005:2022 annex A: likelihood is the geometric mean of threat and weakness, consequence the asset."""
    likelihood = _likelihood(threat, vulnerability)
    level = ISO27005[likelihood - 1][asset - 1]
    way = (
        f"likelihood = round(sqrt({threat} x {vulnerability})) = {likelihood}",
        f"consequence = {asset}",
        f"matrix({likelihood}, {asset}) = {LEVELS['en'][level - 1]}",
    )
    return Calculation(
        "iso27005", asset, threat, vulnerability, way, likelihood, likelihood, asset, asset, level, level
    )


def nist80030(asset: int, threat: int, vulnerability: int) -> Calculation:
    """NIST SP 800-30 r1: threat is the likelihood of initiation, weakness that of adverse impact, asset the impact."""
    likelihood = NIST_LIKELIHOOD[threat - 1][vulnerability - 1]
    level = NIST_RISK[likelihood - 1][asset - 1]
    way = (
        f"overall likelihood, table G-5 ({threat}, {vulnerability}) = {LEVELS['en'][likelihood - 1]}",
        f"impact = {LEVELS['en'][asset - 1]}",
        f"risk, table I-2 ({likelihood}, {asset}) = {LEVELS['en'][level - 1]}",
    )
    return Calculation(
        "nist80030", asset, threat, vulnerability, way, likelihood, likelihood, asset, asset, level, level
    )


METHODS: dict[str, Callable[[int, int, int], Calculation]] = {
    "gbt20984-matrix": gbt20984_matrix,
    "gbt20984-multiply": gbt20984_multiply,
    "iso27005": iso27005,
    "nist80030": nist80030,
}


def calculate(method: str, asset: int, threat: int, vulnerability: int) -> Calculation:
    """One risk by the named method. Raises WrongUse for an unknown method or a value outside 1 to 5."""
    if method not in METHODS:
        raise WrongUse(f"unknown method {method!r}", f"one of {', '.join(METHODS)}")
    for name, value in (("asset", asset), ("threat", threat), ("vulnerability", vulnerability)):
        if not 1 <= value <= 5:
            raise WrongUse(f"{name} is {value}", "the scales run from 1 (very low) to 5 (very high)")
    return METHODS[method](asset, threat, vulnerability)
