"""Microsoft 365 unified audit log."""

from collectors.m365_audit.parse import Microsoft365Audit, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    Microsoft365Audit(),
    {"zh": "Microsoft 365 统一审计日志", "en": "Microsoft 365 unified audit log"},
    __name__,
    recognises,
)
