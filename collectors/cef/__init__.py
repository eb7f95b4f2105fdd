"""CEF."""

from collectors.cef.parse import CEF_PARSER, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    CEF_PARSER,
    {"zh": "CEF 安全设备日志", "en": "CEF of security devices"},
    __name__,
    recognises,
    "lines",
)
