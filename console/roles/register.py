"""The risk register at work: what assessments enter, what people decide, what scanners found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from console.wiring import Workspace
from playbooks.assess.findings import enriched, read_epss, read_findings, read_kev
from playbooks.assess.proposals import decide
from playbooks.assess.run import Said
from yunshao.errors import NotFound
from yunshao.model.register import Change, acceptance, treatment
from yunshao.ports import RiskRegister

BY = "assess"
# What an assessment enters, by the list of its document that holds it.
LISTS = {"asset": "assets", "threat": "threats", "weakness": "weaknesses", "measure": "measures", "risk": "risks"}
SHOWN = {
    "business": ("level", "value", "set_by"),
    "asset": ("value", "importance", "unit"),
    "threat": ("frequency", "proposed", "decision", "basis"),
    "weakness": ("severity", "proposed", "decision", "basis", "system"),
    "measure": ("effectiveness", "proposed", "decision", "system"),
    "risk": ("level", "inherent", "treatment", "post", "due"),
    "treatment": ("action", "post", "due", "expected"),
    "acceptance": ("level", "approver", "until", "reason"),
    "finding": ("severity", "cvss", "epss", "kev", "system", "open"),
    "proposal": ("field", "before", "proposed", "state", "value"),
    "decision": ("verdict", "proposed", "value", "by", "reason"),
    "answer": ("control", "system", "state", "by", "until", "reason"),
}


def said_in(store: RiskRegister, as_of: int | None = None) -> Said:
    """What people said in the register by now, or by a past moment (ms)."""

    def by_key(kind: str) -> dict[str, dict[str, Any]]:
        return {one.key: {"at": one.at, **(one.body or {})} for one in store.entries(kind, as_of)}

    findings = [dict(one.body or {}) for one in store.entries("finding", as_of)]
    return Said(by_key("decision"), by_key("acceptance"), by_key("treatment"), findings)


def enter_assessment(store: RiskRegister, document: Mapping[str, Any]) -> None:
    """Enter what an assessment found; what it no longer finds is taken out, and stays in the history."""
    reason = str(document["id"])
    changes: list[Change] = []
    lists = {kind: {row["id"]: row for row in document[name]} for kind, name in LISTS.items()}
    lists["business"] = {row["name"]["en"]: row for row in document["business"]}
    lists["proposal"] = {row["id"]: row for row in document["proposals"]}
    for kind, rows in lists.items():
        gone = [one.key for one in store.entries(kind) if one.key not in rows]
        changes += [Change(kind, key, None, BY, reason) for key in gone]
        changes += [Change(kind, key, row, BY, reason) for key, row in rows.items()]
    store.enter(changes)


def rows_of(store: RiskRegister, kind: str, as_of: int | None = None) -> list[dict[str, Any]]:
    """The entries of a kind as rows; proposals with what was decided on them."""
    decided = {one.key: one.body or {} for one in store.entries("decision", as_of)} if kind == "proposal" else {}
    found = []
    for one in store.entries(kind, as_of):
        row = one.as_row()
        body = dict(row["body"] or {})
        if kind == "proposal":
            said = decided.get(f"{body['kind']}/{body['key']}/{body['field']}", {})
            body |= {"state": said.get("verdict", "open"), "value": said.get("value"), "reason": said.get("reason", "")}
        found.append({**row, "body": body})
    if kind == "risk":
        found.sort(key=lambda row: (-row["body"]["current"]["R"], row["key"]))
    return found


def decide_on(workspace: Workspace, proposal: str, verdict: str, by: str, value: float | None, reason: str) -> None:
    """A person's word on a proposal; the next assessment goes by it. Raises NotFound, WrongUse."""
    store = workspace.store
    found = entry(store, "proposal", proposal)
    if store.enter([decide(found, verdict, by, value, reason)]):
        store.note(by, f"risk.{verdict}", f"{found['kind']}/{found['key']}/{found['field']}", reason)


def accept_risk(workspace: Workspace, risk: str, approver: str, until: int, reason: str, by: str) -> None:
    """Bear a risk until a day (ms). Raises NotFound, WrongUse."""
    store = workspace.store
    change = acceptance(entry(store, "risk", risk), approver, until, reason, by, workspace.clock())
    if store.enter([change]):
        store.note(by, "risk.bear", risk, f"{approver}, {reason}")


def plan_risk(
    workspace: Workspace, risk: str, action: str, post: str, due: int, expected: int, note: str, by: str
) -> None:
    """Plan what is done about a risk. Raises NotFound, WrongUse."""
    store = workspace.store
    entry(store, "risk", risk)
    if store.enter([treatment(risk, action, post, due, by, expected=expected, note=note)]):
        store.note(by, "risk.treat", risk, f"{action}, {post}")


class Risks:
    """What people say in the register, for the console."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def decide(self, proposal: str, verdict: str, by: str, value: float | None, reason: str) -> None:
        """A word on a proposal. Raises NotFound, WrongUse."""
        decide_on(self._workspace, proposal, verdict, by, value, reason)

    def accept(self, risk: str, approver: str, until: int, reason: str, by: str) -> None:
        """Bear a risk until a moment (ms). Raises NotFound, WrongUse."""
        accept_risk(self._workspace, risk, approver, until, reason, by)

    def treat(self, risk: str, action: str, post: str, due: int, expected: int, note: str, by: str) -> None:
        """Plan what is done about a risk until a moment (ms). Raises NotFound, WrongUse."""
        plan_risk(self._workspace, risk, action, post, due, expected, note, by)


def entry(store: RiskRegister, kind: str, key: str) -> dict[str, Any]:
    """The entry of this key, or the one whose key begins so. Raises NotFound."""
    rows = store.entries(kind)
    found = [one for one in rows if one.key == key] or [one for one in rows if one.key.startswith(key)]
    if len(found) != 1:
        raise NotFound(
            f"no {kind} {key!r}" if not found else f"{len(found)} begin with {key!r}", f"`yunshao risk list {kind}`"
        )
    return dict(found[0].body or {})


def import_findings(
    workspace: Workspace, files: Iterable[bytes], system: str, epss: str | None, kev: bytes | None, by: str
) -> tuple[int, int, list[str]]:
    """Enter scanner findings, and what EPSS and KEV know of all that are there; gives (read, changed, refused)."""
    store = workspace.store
    known = {one.key: dict(one.body or {}) for one in store.entries("finding")}
    count, refused = 0, []
    for data in files:
        found, wrong = read_findings(data, system)
        count += len(found)
        refused += wrong
        known |= {one["id"]: {**one, **_kept(known.get(one["id"], {}))} for one in found}
    rows = enriched(known.values(), read_epss(epss) if epss else {}, read_kev(kev) if kev else frozenset())
    changed = store.enter(Change("finding", row["id"], row, by, "import") for row in rows)
    if changed:
        store.note(by, "risk.import", system, f"{len(changed)} findings")
    return count, len(changed), refused


def _kept(before: Mapping[str, Any]) -> dict[str, Any]:
    """What an earlier import knew of a CVE is not forgotten because the scanner does not say it."""
    return {key: before[key] for key in ("epss", "kev") if key in before}
