"""VPC flow logs."""

from collectors.spec import Collector
from collectors.vpc_flow.parse import FlowLog, recognises

COLLECTOR = Collector(
    FlowLog(),
    {"zh": "VPC 流日志", "en": "VPC flow log"},
    __name__,
    recognises,
)
