"""Linux audit."""

from collectors.auditd.parse import LinuxAudit, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    LinuxAudit(),
    {"zh": "Linux 审计日志", "en": "Linux audit log"},
    __name__,
    recognises,
    "lines",
)
