"""What the tests of collectors share: the judge of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ocsf_judge import problems_of

Problems = Callable[[dict[str, Any]], list[str]]


@pytest.fixture(scope="session")
def problems() -> Problems:
    """What the published schema and our own check find wrong with an event."""
    return problems_of
