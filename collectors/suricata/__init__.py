"""Suricata EVE."""

from collectors.spec import Collector
from collectors.suricata.parse import Suricata, recognises

COLLECTOR = Collector(
    Suricata(),
    {"zh": "Suricata EVE 日志", "en": "Suricata EVE log"},
    __name__,
    recognises,
)
