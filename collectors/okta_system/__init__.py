"""Okta System Log."""

from collectors.okta_system.parse import OktaSystemLog, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    OktaSystemLog(),
    {"zh": "Okta 系统日志", "en": "Okta System Log"},
    __name__,
    recognises,
)
