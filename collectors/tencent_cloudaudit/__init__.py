"""Tencent CloudAudit."""

from collectors.spec import Collector
from collectors.tencent_cloudaudit.parse import CloudAudit, recognises

COLLECTOR = Collector(
    CloudAudit(),
    {"zh": "腾讯云操作审计", "en": "Tencent CloudAudit"},
    __name__,
    recognises,
)
