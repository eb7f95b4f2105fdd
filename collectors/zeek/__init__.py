"""Zeek."""

from collectors.spec import Collector
from collectors.zeek.parse import Zeek, recognises

COLLECTOR = Collector(Zeek(), {"zh": "Zeek 网络日志", "en": "Zeek network logs"}, __name__, recognises)
