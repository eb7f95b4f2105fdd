"""How often each threat was seen: alerts to episodes, episodes to a frequency of 1 to 5."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from playbooks.words import Threat
from yunshao.model.alert import Alert
from yunshao.model.risk import frequency_level, per_year, round_half_up

EPISODE_GAP_MS = 24 * 3_600_000
ENOUGH_TRIAGED = 10
MAX_REFERENCES = 50


def covers(technique: str, other: str) -> bool:
    """Whether a technique is another, or its parent: T1110 covers T1110.003."""
    return other == technique or other.startswith(f"{technique}.")


def meet(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two sets of techniques have one in common, a parent standing for its children on either side."""
    return _meet(tuple(some), tuple(others))


@lru_cache(maxsize=65536)
def _meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return any(covers(one, other) or covers(other, one) for one in some for other in others)


def episodes(alerts: Iterable[Alert]) -> int:
    """Alerts about one entity with gaps of at most 24 h between them are one episode."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for alert in alerts:
        spans[alert.finding.entity].append((alert.first, alert.last))
    return sum(map(_apart, spans.values()))


def _apart(spans: Sequence[tuple[int, int]]) -> int:
    """How many stretches remain of spans (first, last) when those are joined that lie at most the gap apart."""
    found, end = 0, 0
    for first, last in sorted(spans):
        if not found or first - end > EPISODE_GAP_MS:
            found, end = found + 1, last
        end = max(end, last)
    return found


def precision(alerts: Sequence[Alert]) -> float:
    """Share of triaged alerts that were true; with fewer than 10 triaged, pulled towards a half (Beta(1,1) prior)."""
    triaged = [alert for alert in alerts if alert.verdict in {"true_positive", "false_positive", "benign"}]
    true = sum(alert.verdict == "true_positive" for alert in triaged)
    if len(triaged) < ENOUGH_TRIAGED:
        return (true + 1) / (len(triaged) + 2)
    return true / len(triaged)


def measure(threat: Threat, alerts: Sequence[Alert], window_days: int) -> dict[str, Any]:
    """One threat with its measured frequency, or the judged baseline where nothing was seen."""
    seen = [alert for alert in alerts if meet(threat.techniques, alert.finding.techniques)]
    count = episodes(alert for alert in seen if alert.verdict != "duplicate")
    share = precision(seen)
    yearly = per_year(count, share, window_days)
    return {
        "id": threat.id,
        "name": threat.name,
        "source": threat.source,
        "kind": threat.kind,
        "techniques": list(threat.techniques),
        "episodes": count,
        "window_days": window_days,
        "precision": round_half_up(share, 4),
        "per_year": round_half_up(yearly, 2),
        "baseline": threat.baseline,
        "frequency": frequency_level(yearly) if count else threat.baseline,
        "basis": "measured" if count else "judged",
        "alerts": [alert.id for alert in seen[:MAX_REFERENCES]],
        "alerts_total": len(seen),
    }
