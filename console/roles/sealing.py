"""The chain over reports, alerts and audit entries at work; and the keys: made, handed over, checkpoints taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from console.wiring import Workspace, wall_clock
from reports.bundle import Problem
from reports.keys import checkpoint, fingerprint_of
from reports.seal import content_digest, files_of
from yunshao.errors import NotFound
from yunshao.model.alert import Alert, as_row
from yunshao.model.chain import Flaw, Item, Link, against, check, digest_of

PAGE = 5000
STRETCH = 5000
LINKED_FIELDS = (
    "id", "rule_id", "level", "time", "first", "last", "count", "status", "verdict", "assignee", "unit", "system",
    "entity", "techniques", "event_ids", "drill",
)  # fmt: skip


def extend(workspace: Workspace) -> Link | None:
    """Link every audit entry and alert that is new or changed since the last time; gives the chain's end."""
    store = workspace.store
    while rows := store.trail_after(store.linked("audit"), PAGE):
        store.link_up(Item("audit", str(number), number, digest_of(row)) for number, row in rows)
    while changed := store.alerts_after(store.linked("alert"), PAGE):
        store.link_up(_alert_item(sequence, alert) for sequence, alert in changed)
    return store.chain_end()


def _alert_item(sequence: int, alert: Alert) -> Item:
    return Item("alert", alert.id, sequence, alert_digest(alert))


def alert_digest(alert: Alert) -> str:
    """The hash of what an alert says; a field that a later version adds does not change it."""
    row = as_row(alert)
    return digest_of({name: row[name] for name in LINKED_FIELDS})


def link_report(workspace: Workspace, report: str, digest: str) -> list[Link]:
    """Link a report; gives the stretch of the chain that ends with it: from the report before, bounded."""
    store = workspace.store
    extend(workspace)
    made = store.link_up([Item("report", report, store.linked("report") + 1, digest)])
    end = made[-1].number
    stretch = store.links(max(0, end - STRETCH), STRETCH)
    before = max((place for place, one in enumerate(stretch[:-1]) if one.kind == "report"), default=0)
    return stretch[before:]


def take_checkpoint(workspace: Workspace) -> dict[str, Any]:
    """The end of the chain, signed. Raises NotFound where nothing was linked yet."""
    end = extend(workspace)
    if end is None:
        raise NotFound("nothing has been linked yet", "the first alert, report or audit entry begins the chain")
    return checkpoint(end, workspace.signer, wall_clock())


def all_links(workspace: Workspace) -> Iterator[Link]:
    """The whole chain, in order."""
    after = 0
    while page := workspace.store.links(after, PAGE):
        yield from page
        after = page[-1].number


def check_chain(workspace: Workspace, checkpoints: Sequence[Mapping[str, Any]] = ()) -> list[Flaw]:
    """What is wrong with the chain, and with what it was made over, as the store holds it now."""
    links = list(all_links(workspace))
    flaws = check(links, whole=True)
    for one in checkpoints:
        found = against(links, one)
        flaws += found or ([Flaw("chain_truncated", one["number"], "the chain is empty")] if not links else [])
    return [*flaws, *_trail_flaws(workspace, links), *_alert_flaws(workspace, links), *_report_flaws(workspace, links)]


def _trail_flaws(workspace: Workspace, links: Sequence[Link]) -> list[Flaw]:
    linked = {one.place: one for one in links if one.kind == "audit"}
    flaws, seen, after = [], set(), 0
    while rows := workspace.store.trail_after(after, PAGE):
        for number, row in rows:
            seen.add(number)
            one = linked.get(number)
            if one is not None and digest_of(row) != one.digest:
                flaws.append(Flaw("audit_changed", one.number, f"audit entry {number} is not what was linked"))
            elif one is None and linked and number < max(linked):
                flaws.append(Flaw("audit_added", 0, f"audit entry {number} was put in afterwards"))
        after = rows[-1][0]
    flaws += [
        Flaw("audit_removed", linked[n].number, f"audit entry {n} is missing") for n in sorted(linked.keys() - seen)
    ]
    return flaws


def _alert_flaws(workspace: Workspace, links: Sequence[Link]) -> list[Flaw]:
    newest = {one.subject: one for one in links if one.kind == "alert"}
    flaws, seen, after = [], set(), 0
    while rows := workspace.store.alerts_after(after, PAGE):
        for sequence, alert in rows:
            seen.add(alert.id)
            one = newest.get(alert.id)
            # A later sequence is a change that is not linked yet.
            if one is not None and sequence <= one.place and alert_digest(alert) != one.digest:
                flaws.append(Flaw("alert_changed", one.number, f"alert {alert.id} is not what was linked"))
        after = rows[-1][0]
    gone = sorted(newest.keys() - seen)
    return flaws + [Flaw("alert_removed", newest[key].number, f"alert {key} is missing") for key in gone]


def _report_flaws(workspace: Workspace, links: Sequence[Link]) -> list[Flaw]:
    newest = {one.subject: one for one in links if one.kind == "report"}
    flaws = []
    for key, one in newest.items():
        path = workspace.data / "reports" / f"{key}.zip"
        if not path.exists():
            flaws.append(Flaw("report_removed", one.number, f"report {key} is missing"))
            continue
        about, entries = files_of(path.read_bytes())
        if content_digest(about, entries) != one.digest:
            flaws.append(Flaw("report_changed", one.number, f"report {key} is not what was linked"))
    return flaws


def as_problems(flaws: Sequence[Flaw]) -> list[Problem]:
    """Flaws as `yunshao verify` prints problems."""
    return [Problem(flaw.code, f"link {flaw.number}" if flaw.number else "", flaw.text) for flaw in flaws]


def rotate(workspace: Workspace, by: str) -> list[tuple[str, str]]:
    """A new key takes over from each that seals, and says so signed by both; gives the fingerprints, (old, new).

    Raises BadConfiguration, Unreachable.
    """
    store, found = workspace.store, []
    for said in workspace.keys.rotate(wall_clock()):
        old, new = (fingerprint_of(bytes.fromhex(said[name])) for name in ("from", "to"))
        store.note(by, "key.rotate", new, old)
        store.link_up([Item("key", new, store.linked("key") + 1, digest_of(said))])
        found.append((old, new))
    return found
