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


def held_apart(start: int, end: int, pauses: Sequence[Sequence[int]]) -> int:
    """From start to end (ms) without the pauses between them: people are timed by it, the pipeline never rests."""
    held = sum(max(0, min(end, pause[1]) - max(start, pause[0])) for pause in pauses)
    return end - start - held


def drill_figures(
    expectations: Sequence[dict[str, Any]],
    steps: Sequence[dict[str, Any]] = (),
    pauses: Sequence[Sequence[int]] = (),
) -> dict[str, Any]:
    """MTTD, MTTA, time to triage, contain and recover, and the detection rate of a drill.

    Times count from the detection; for triage, containment and recovery from the latest one before their task was due,
    which is what the task answers. A task in a drill that noticed nothing counts from its own moment.
    """
    alerts = [one for one in expectations if one["type"] == "alert"]
    seen = [one for one in alerts if one["detected"] is not None]
    detections = sorted(one["detected"] for one in seen)
    found = {
        name: duration_figures(
            [_worked(_cause(step, detections), step["done"], pauses) for step in _doing(steps, does)]
        )
        for name, does in (("mttt", "triage"), ("mttc", "contain"), ("mttr", "recover"))
    }
    return {
        "mttd": duration_figures([(one["injected"], one["detected"]) for one in alerts if one["injected"] is not None]),
        "mtta": duration_figures([_worked(one["detected"], one["acknowledged"], pauses) for one in seen]),
        **found,
        "detection_rate": round_half_up(len(seen) / len(alerts), 4) if alerts else None,
        "expected": len(alerts),
        "detected": len(seen),
    }


def _doing(steps: Sequence[dict[str, Any]], does: str) -> list[dict[str, Any]]:
    return [step for step in steps if step.get("does") == does and step["state"] != "waiting"]


def _cause(step: dict[str, Any], detections: Sequence[int]) -> int:
    before = [at for at in detections if at <= step["planned"]]
    return before[-1] if before else int(step["planned"])


def _worked(start: int, end: int | None, pauses: Sequence[Sequence[int]]) -> tuple[int, int | None]:
    return start, None if end is None else start + held_apart(start, end, pauses)
