"""Huawei Cloud CTS."""

from collectors.huawei_cts.parse import CloudTrace, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    CloudTrace(),
    {"zh": "华为云云审计服务", "en": "Huawei Cloud Trace Service"},
    __name__,
    recognises,
)
