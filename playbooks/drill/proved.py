"""Which rules and ATT&CK techniques a drill has fired end to end, and when; what never fired is a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.drill.readiness import YEAR_MS, counts_for
from playbooks.drill.say import both

Row = Mapping[str, Any]


def fired(rules: Mapping[str, Iterable[str]], drills: Iterable[Row], now: int) -> dict[str, Any]:
    """Rules by name with when (ms) and in which drill each last fired within a year, and the techniques so proved.

    `rules` are those in use with their techniques. An alert of a drill rests on its injected records alone, which came
    in by the intake and were judged as any other: that is what makes it a proof.
    """
    last: dict[str, tuple[int, str]] = {}
    for drill in drills:
        for alert in drill.get("alerts", ()) if counts_for(drill) else ():
            name, at = str(alert.get("rule_name", "")), int(alert.get("detected", 0))
            if name in rules and now - at <= YEAR_MS:
                last[name] = max(last.get(name, (0, "")), (at, str(drill["id"])))
    techniques = {one for names in rules.values() for one in names}
    proved = {one for name in last for one in rules[name]}
    return {
        "as_of": now,
        "rules": len(rules),
        "fired": [{"rule": name, "at": at, "drill": drill} for name, (at, drill) in sorted(last.items())],
        "techniques": len(techniques),
        "proved": sorted(proved),
        "gaps": sorted(techniques - proved),
        "never": sorted(set(rules) - set(last)),
    }


def limit_of(found: Row) -> dict[str, str]:
    """What an assessment says of it."""
    return both(
        "proved.limit", rules=found["rules"], fired=len(found["fired"]), techniques=found["techniques"],
        proved=len(found["proved"]),
    )  # fmt: skip
