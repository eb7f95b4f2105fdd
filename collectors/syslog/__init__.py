"""Syslog."""

from collectors.spec import Collector
from collectors.syslog.parse import Syslog, recognises

COLLECTOR = Collector(
    Syslog(),
    {"zh": "Syslog 系统日志", "en": "Syslog"},
    __name__,
    recognises,
    framing="lines",
)
