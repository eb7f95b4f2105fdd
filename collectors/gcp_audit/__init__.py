"""Google Cloud audit logs."""

from collectors.gcp_audit.parse import GcpAudit, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    GcpAudit(),
    {"zh": "谷歌云审计日志", "en": "Google Cloud audit log"},
    __name__,
    recognises,
)
