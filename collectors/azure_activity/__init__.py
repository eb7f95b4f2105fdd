"""Azure activity log and Entra audit log."""

from collectors.azure_activity.parse import AzureActivity, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    AzureActivity(),
    {"zh": "Azure 活动日志与 Entra 审核日志", "en": "Azure activity log and Entra audit log"},
    __name__,
    recognises,
)
