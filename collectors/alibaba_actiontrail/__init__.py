"""Alibaba Cloud ActionTrail."""

from collectors.alibaba_actiontrail.parse import ActionTrail, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    ActionTrail(),
    {"zh": "阿里云操作审计", "en": "Alibaba Cloud ActionTrail"},
    __name__,
    recognises,
)
