"""What every test may use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))


LONGEST = (
    "servers/",
    "flow/test_kill",
    "flow/test_demo_once",
    "reports/",
    "console/",
    "flow/",
    "detectors/",
    "content/",
)
"""Files that take longest begin first, so that at the end no process waits for another."""


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """What takes longest first."""

    def place(item: Any) -> int:
        name = item.nodeid.removeprefix("tests/")
        return next((at for at, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print at the end what tests recorded as `show`: figures that people should see even when all is well."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    shown = [text for report in reports for name, text in report.user_properties if name == "show"]
    if shown:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(shown))
