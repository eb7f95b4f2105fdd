"""GB/T 45577-2025, data-security risk: harm (five levels) x possibility (three levels)."""

from __future__ import annotations

from collections.abc import Mapping

from yunshao.model.risk.method import Criterion, Input, Method, Step
from yunshao.model.risk.scales import Table, geometric

# Rows possibility low, medium, high; columns harm very low to very high.
DATA_RISK: Table = (
    (1, 1, 2, 3, 4),
    (1, 2, 3, 4, 5),
    (1, 2, 3, 5, 5),
)
RISK_LEVELS = {
    "zh": ("轻微", "低", "中", "高", "重大"),
    "en": ("slight", "low", "medium", "high", "critical"),
}
HARM = {"zh": ("很低", "低", "中", "高", "很高"), "en": ("very low", "low", "medium", "high", "very high")}
POSSIBILITY = {"zh": ("低", "中", "高"), "en": ("low", "medium", "high")}
# What data of each level is worth, 1 to 5: general 1 to 4, important, core (GB/T 43697-2024).
DATA_VALUE = {"general1": 1, "general2": 2, "general3": 3, "general4": 3, "important": 4, "core": 5}
MANY_EPISODES = 3


def possibility_of(absent: int, partial: int, episodes: int) -> int:
    """Possibility 1 to 3 from mapped controls that are absent or partial and confirmed episodes in 90 days."""
    if absent or episodes >= MANY_EPISODES:
        return 3
    return 2 if partial or episodes else 1


def way(values: Mapping[str, int]) -> Step:
    """The level at (possibility, harm)."""
    harm, possibility = values["harm"], values["possibility"]
    level = DATA_RISK[possibility - 1][harm - 1]
    said = (
        f"harm = {HARM['en'][harm - 1]}",
        f"possibility = {POSSIBILITY['en'][possibility - 1]}",
        f"matrix({POSSIBILITY['en'][possibility - 1]}, {HARM['en'][harm - 1]}) = {RISK_LEVELS['en'][level - 1]}",
    )
    return Step(said, possibility, possibility, harm, harm, level, level)


def read(asset: int, threat: int, vulnerability: int) -> dict[str, int]:
    """Harm is the geometric mean of value and severity; possibility is high from frequency 4, medium at 3, else low."""
    return {"harm": geometric(asset, vulnerability), "possibility": 3 if threat >= 4 else 2 if threat == 3 else 1}


METHOD = Method(
    "gbt45577",
    {"zh": "GB/T 45577 数据安全风险评估", "en": "GB/T 45577, data-security risk"},
    "GB/T 45577-2025",
    (
        Input("harm", {"zh": "风险危害程度", "en": "harm"}),
        Input("possibility", {"zh": "风险发生可能性", "en": "possibility"}, most=3),
    ),
    way,
    read,
    (Criterion("data", DATA_RISK),),
    RISK_LEVELS,
)
