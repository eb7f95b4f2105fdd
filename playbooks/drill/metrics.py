"""How fast it was noticed and taken: means, medians and 90th percentiles, unfinished ones counted apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from yunshao.model.risk import round_half_up


def duration_figures(pairs: Sequence[tuple[int | None, int | None]]) -> dict[str, Any]:
    """Figures of (start, end) moments in ms, as seconds.

    A pair without an end is unfinished and in no mean; a negative difference is an error of data and counted so.
    """
    whole = [(end - start) / 1000 for start, end in pairs if start is not None and end is not None]
    good = sorted(seconds for seconds in whole if seconds >= 0)
    return {
        "mean": round_half_up(sum(good) / len(good), 3) if good else None,
        "median": round_half_up(_median(good), 3) if good else None,
        "p90": round_half_up(good[math.ceil(0.9 * len(good)) - 1], 3) if good else None,
        "n": len(good),
        "unfinished": sum(start is not None and end is None for start, end in pairs),
        "errors": len(whole) - len(good),
    }


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def drill_figures(expectations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """MTTD, MTTA and the detection rate of a drill's expectations."""
    alerts = [one for one in expectations if one["type"] == "alert"]
    seen = [one for one in alerts if one["detected"] is not None]
    return {
        "mttd": duration_figures([(one["injected"], one["detected"]) for one in alerts if one["injected"] is not None]),
        "mtta": duration_figures([(one["detected"], one["acknowledged"]) for one in seen]),
        "detection_rate": round_half_up(len(seen) / len(alerts), 4) if alerts else None,
        "expected": len(alerts),
        "detected": len(seen),
    }
