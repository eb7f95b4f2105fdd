"""Runs assessments: gathers what the store knows, lets the playbook reckon, keeps the document."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from console.roles.rectify import enter_items
from console.roles.register import enter_assessment, said_in
from console.wiring import Workspace
from playbooks.assess.run import assess
from playbooks.drill.proved import fired, limit_of
from playbooks.words import Playbook
from yunshao.errors import NotFound
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.rectification import items_of_assessment

DAY_MS = 86_400_000
PAGE = 1000
MAX_ALERTS = 200_000


def run_assessment(workspace: Workspace, playbook_id: str, by: str) -> str:
    """Run one assessment playbook now and keep its document; gives the assessment's id."""
    playbook = assessment_playbook(workspace, playbook_id)
    store = workspace.store
    now = workspace.clock()
    window = playbook.window_days * DAY_MS
    previous = next((one for one in store.find("assessment") if one["playbook"]["id"] == playbook.id), None)
    document = assess(
        playbook,
        workspace.estate,
        list(real_alerts(workspace, now - window)),
        store.sources(),
        store.find("drill", limit=200),
        previous,
        now,
        frozenset(store.count_events("unit", now - window, now)),
        excepted_since(workspace, now - window),
        said_in(store),
        workspace.methods,
    )
    if playbook.losses:
        # numpy is loaded with this, and not before.
        losses = importlib.import_module("console.roles.losses")
        document["quantitative"] = [losses.scenario_row(one) for one in playbook.losses]
    rules = workspace.rules
    in_use = {rule.name: rule.techniques for rule in (*rules.rules, *rules.correlations)}
    proof = fired(in_use, store.find("drill", limit=200), now)
    document |= {"proved": proof, "limits": [*document["limits"], limit_of(proof)]}
    store.put("assessment", document["id"], document)
    enter_assessment(store, document)
    enter_items(store, items_of_assessment(document, now))
    store.note(by, "assess", document["id"], playbook.id)
    return str(document["id"])


def excepted_since(workspace: Workspace, since: int) -> dict[str, int]:
    """How many findings each exception hid since the (UTC) day of a moment."""
    first = datetime.fromtimestamp(since / 1000, UTC).date().isoformat()
    counts: Counter[str] = Counter()
    for row in workspace.store.excepted():
        if row["day"] >= first:
            counts[row["exception"]] += row["count"]
    return dict(counts)


def assessment_playbook(workspace: Workspace, playbook_id: str) -> Playbook:
    """The assessment playbook of this id. Raises NotFound with those that there are."""
    known = {key: one for key, one in workspace.playbooks.items() if one.kind == "assessment"}
    if playbook_id not in known:
        raise NotFound(f"no assessment playbook {playbook_id!r}", f"known: {', '.join(sorted(known))}")
    return known[playbook_id]


def real_alerts(workspace: Workspace, since: int) -> Iterator[Alert]:
    """Alerts of real events since a time, drills apart, newest first, bounded."""
    before = ""
    for _ in range(MAX_ALERTS // PAGE):
        page = workspace.store.alerts(AlertQuery(since=since, drill="no", limit=PAGE, before=before))
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].id


def brief(document: dict[str, Any]) -> dict[str, Any]:
    """An assessment as one row of a list."""
    counts = document["summary"]["counts"]
    return {
        "id": document["id"],
        "playbook": document["playbook"]["id"],
        "as_of": document["as_of"],
        "method": document["method"],
        "risks": len(document["risks"]),
        **{f"level_{level}": counts.get(str(level), 0) for level in (5, 4, 3, 2, 1)},
    }
