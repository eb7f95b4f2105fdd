"""What every test may use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print at the end what tests recorded as `show`: figures that people should see even when all is well."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    shown = [text for report in reports for name, text in report.user_properties if name == "show"]
    if shown:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(shown))
