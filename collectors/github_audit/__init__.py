"""GitHub audit log."""

from collectors.github_audit.parse import GitHubAudit, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    GitHubAudit(),
    {"zh": "GitHub 审计日志", "en": "GitHub audit log"},
    __name__,
    recognises,
)
