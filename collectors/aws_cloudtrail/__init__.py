"""AWS CloudTrail."""

from collectors.aws_cloudtrail.parse import CloudTrail, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    CloudTrail(),
    {"zh": "AWS CloudTrail 审计日志", "en": "AWS CloudTrail audit log"},
    __name__,
    recognises,
)
