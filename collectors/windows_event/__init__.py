"""Windows events."""

from collectors.spec import Collector
from collectors.windows_event.parse import WindowsEvent, recognises

COLLECTOR = Collector(
    WindowsEvent(),
    {"zh": "Windows 事件日志", "en": "Windows event log"},
    __name__,
    recognises,
)
