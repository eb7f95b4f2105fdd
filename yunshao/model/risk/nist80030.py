"""NIST SP 800-30 r1: tables G-5 and I-2."""

from __future__ import annotations

from collections.abc import Mapping

from yunshao.model.risk.method import THREE, Criterion, Method, Step, of_three
from yunshao.model.risk.scales import LEVELS, Table, level_of

# Table G-5: rows initiation or occurrence, columns adverse impact. Table I-2: rows likelihood, columns impact.
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
# The semi-quantitative scale: the largest value of each bin of 0 to 100, and the score that stands for it.
BINS = (4, 20, 79, 95, 100)
SCORES = (0, 2, 5, 8, 10)


def semi_quantitative(value: float) -> tuple[int, int]:
    """Level 1 to 5 and score 0 to 10 of a value from 0 to 100 (tables D-, F-, G- and I-, semi-quantitative values)."""
    level = level_of(value, BINS)
    return level, SCORES[level - 1]


def way(values: Mapping[str, int]) -> Step:
    """Threat is the likelihood of initiation, weakness that of adverse impact, asset the impact (decision 8)."""
    asset, threat, weak = values["asset"], values["threat"], values["vulnerability"]
    likelihood = NIST_LIKELIHOOD[threat - 1][weak - 1]
    level = NIST_RISK[likelihood - 1][asset - 1]
    said = (
        f"overall likelihood, table G-5 ({threat}, {weak}) = {LEVELS['en'][likelihood - 1]}",
        f"impact = {LEVELS['en'][asset - 1]}",
        f"risk, table I-2 ({likelihood}, {asset}) = {LEVELS['en'][level - 1]}",
    )
    return Step(said, likelihood, likelihood, asset, asset, level, level)


METHOD = Method(
    "nist80030",
    {"zh": "NIST SP 800-30", "en": "NIST SP 800-30"},
    "NIST SP 800-30 r1",
    THREE,
    way,
    of_three,
    (Criterion("likelihood", NIST_LIKELIHOOD), Criterion("impact", NIST_RISK)),
)
