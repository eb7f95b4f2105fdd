"""The detectors that learn. Only this file brings in scikit-learn, which takes seconds: import it late."""

from __future__ import annotations

from detectors.first_seen import FirstSeen
from detectors.isolation import Isolation
from yunshao.ports import Detector


def learners(zone_hours: int = 8) -> list[Detector]:
    """Every detector that learns; `zone_hours` is how far local time is ahead of UTC."""
    return [FirstSeen(), Isolation(zone_hours)]
