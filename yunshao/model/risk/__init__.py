"""Risk by the published methods: each a plug-in with its own scale. Figures of different methods are never added.

FAIR (`yunshao.model.risk.fair`) is apart: it needs numpy, which most commands do without.
"""

from yunshao.model.risk.catalog import METHODS, calculate
from yunshao.model.risk.gbt20984 import (
    LOSS,
    LOSS_CUTS,
    POSSIBILITY,
    POSSIBILITY_CUTS,
    PRODUCT_CUTS,
    RISK,
    RISK_CUTS,
    asset_value,
    asset_value_cia,
    business_importance,
    business_value,
)
from yunshao.model.risk.iso27005 import ISO27005
from yunshao.model.risk.method import Calculation, Criterion, Input, Method
from yunshao.model.risk.nist80030 import NIST_LIKELIHOOD, NIST_RISK
from yunshao.model.risk.parse import parse_method
from yunshao.model.risk.scales import (
    CARRY,
    LEVELS,
    Table,
    clamp,
    eased,
    effectiveness,
    frequency_level,
    level_of,
    monotonic,
    per_year,
    round_half_up,
)

__all__ = [
    "CARRY",
    "ISO27005",
    "LEVELS",
    "LOSS",
    "LOSS_CUTS",
    "METHODS",
    "NIST_LIKELIHOOD",
    "NIST_RISK",
    "POSSIBILITY",
    "POSSIBILITY_CUTS",
    "PRODUCT_CUTS",
    "RISK",
    "RISK_CUTS",
    "Calculation",
    "Criterion",
    "Input",
    "Method",
    "Table",
    "asset_value",
    "asset_value_cia",
    "business_importance",
    "business_value",
    "calculate",
    "clamp",
    "eased",
    "effectiveness",
    "frequency_level",
    "level_of",
    "monotonic",
    "parse_method",
    "per_year",
    "round_half_up",
]
