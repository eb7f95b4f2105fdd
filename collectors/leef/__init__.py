"""LEEF."""

from collectors.leef.parse import LEEF_PARSER, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    LEEF_PARSER,
    {"zh": "LEEF 安全设备日志", "en": "LEEF of security devices"},
    __name__,
    recognises,
    "lines",
)
