"""Conducts drills: injects through the intake's door, watches the alerts, keeps the document after every turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from collectors.catalog import PARSERS
from console.roles.notices import Notices
from console.roles.rectify import enter_drill
from console.wiring import Workspace
from playbooks.drill import run as drill
from playbooks.drill.grade import set_aside, techniques_played
from playbooks.drill.inject import Injected, prepare
from playbooks.oncall.page import page_id
from playbooks.oncall.say import task_subject
from playbooks.scenes import city_of, rehearsed
from playbooks.words import Playbook
from yunshao.errors import NotFound, WrongUse
from yunshao.model import alert as words
from yunshao.model.alert import Alert, AlertQuery, as_row
from yunshao.model.calendar import blackout_at
from yunshao.model.drill import HINT, UNATTENDED, Acknowledge, Action, AlertFact, CloseAlerts, Document, Send
from yunshao.model.event import native_digest
from yunshao.ports import Bus

KIND = "drill"
RECORDS = "drill_records"
MOST_FACTS = 2000
MOST_RUNNING = 500
OPEN = ("new", "acknowledged")


class Drills:
    """Every drill of a workspace. Any process may go on with what another began."""

    def __init__(self, workspace: Workspace, bus: Bus, notices: Notices | None = None) -> None:
        self._workspace = workspace
        self._clock = workspace.clock
        self._notices = notices or Notices(workspace, workspace.clock)
        self._store = workspace.store
        self._bus = bus

    def scenarios(self) -> list[dict[str, Any]]:
        """Drill playbooks, with when each was last run."""
        last: dict[str, int] = {}
        for one in self._store.find(KIND, limit=500):
            last[one["playbook"]["id"]] = max(last.get(one["playbook"]["id"], 0), one["started"])
        return [
            {"id": p.id, "title": p.title, "summary": p.summary, "every": p.every, "last": last.get(p.id)}
            for p in self._workspace.playbooks.values()
            if p.kind == "drill"
        ]

    def start(
        self,
        playbook: str,
        by: str,
        speed: float = 1.0,
        unattended: bool = False,
        plan: Mapping[str, Any] | None = None,
        anyway: bool = False,
    ) -> str:
        """Begin one: its records are made and entered in the register before anything is sent. Gives its id.

        Raises NotFound, and WrongUse in a blackout period unless it is to be `anyway`, or where the playbook expects a
        rule or sends a part that is not there.
        """
        chosen = self.scenario(playbook)
        self._check(chosen)
        drill.check_speed(speed)
        now = self._clock()
        held = blackout_at(now, self._workspace.blackouts)
        if held and not anyway:
            raise WrongUse(f"no drill begins now: {held.why or 'blackout period'}", "later, or --anyway")
        day = datetime.fromtimestamp(now / 1000, ZoneInfo(self._workspace.settings.timezone)).strftime("%Y%m%d")
        drill_id = f"drill-{day}-{secrets.token_hex(6)}"
        # The id is random and seeds the story: nobody outside can know its records before they are sent.
        planned = {stage.part: now + int(stage.at / speed) for stage in chosen.stages if stage.part}
        city = city_of(self._workspace.estate)
        lines = rehearsed(chosen.story, city, now, drill_id, speed, planned) if chosen.story else []
        injected = prepare([(*line,) for line in lines], PARSERS, native_digest, now)
        document = drill.start(chosen, drill_id, now, speed, unattended, by, injected)
        for step in document["steps"]:
            if step["type"] == "send" and not step["injected"]:
                what = f"run[{step['index']}] of drill {chosen.id} sends nothing"
                raise WrongUse(what, f"the story {chosen.story!r} has no such part for {step['source']}")
        if plan is not None:
            document |= {"plan": plan["id"], "units": list(plan["units"]), "announced": plan["announced"]}
        self._store.register(drill_id, [(one.source, one.uid, one.digest, now + one.offset) for one in injected])
        self._store.put(RECORDS, drill_id, {"records": [one.as_json() for one in injected]})
        self._store.put(KIND, drill_id, document)
        self._store.note(by, "drill.start", drill_id, playbook)
        return drill_id

    def _check(self, chosen: Playbook) -> None:
        rules = self._workspace.rules
        known = {rule.name for rule in (*rules.rules, *rules.correlations)}
        for number, one in enumerate(chosen.expect):
            if one.rule and one.rule not in known:
                what = f"drill {chosen.id}: expect[{number}] names the rule {one.rule!r}, which is not in use"
                raise WrongUse(what, "`yunshao rules list` shows the rules by name")

    def scenario(self, playbook: str) -> Playbook:
        """A drill playbook. Raises NotFound."""
        known = {key: one for key, one in self._workspace.playbooks.items() if one.kind == "drill"}
        if playbook not in known:
            raise NotFound(f"no drill {playbook!r}", f"known: {', '.join(sorted(known))}")
        return known[playbook]

    def answer(self, drill_id: str, index: int, by: str, note: str = "") -> None:
        """Somebody reports a task done."""
        self._change(drill_id, by, "drill.answer", lambda one: drill.answer(one, index, by, self._clock(), note))

    def pause(self, drill_id: str, by: str) -> None:
        """Hold."""
        self._change(drill_id, by, "drill.pause", lambda one: drill.pause(one, by, self._clock()))

    def resume(self, drill_id: str, by: str) -> None:
        """Go on."""
        self._change(drill_id, by, "drill.resume", lambda one: drill.resume(one, by, self._clock()))

    def abort(self, drill_id: str, by: str) -> None:
        """Stop, and leave no trace."""
        self._change(drill_id, by, "drill.abort", lambda one: drill.abort(one, by, self._clock()))

    def _change(self, drill_id: str, by: str, did: str, change: Callable[[Document], Document]) -> None:
        changed = self._store.change(KIND, drill_id, lambda kept: change(_there(kept, drill_id)))
        self._store.note(by, did, drill_id)
        if changed["phase"] == "over":
            self._enter(changed)

    def tick(self) -> int:
        """Advance every drill that is not over; gives how many there are."""
        # Finished ones are large and many: only what is awake is read.
        running = [one["id"] for one in self._store.waking(KIND, self._clock(), MOST_RUNNING)]
        for drill_id in running:
            self.advance(drill_id)
        return len(running)

    def advance(self, drill_id: str) -> Document:
        """One turn of one drill: what was seen, what is to be done, done."""
        alerts = self._alerts(drill_id)
        facts = [_fact(one) for one in alerts]
        actions: list[Action] = []

        def turn(kept: Document | None) -> Document:
            advanced, wanted = drill.advance(_there(kept, drill_id), self._clock(), facts)
            actions[:] = wanted
            if advanced["phase"] != "over" or advanced.get("alerts"):
                return advanced
            return {**_with_evidence(advanced, alerts), **self._compared(advanced)}

        document = self._store.change(KIND, drill_id, turn)
        for action in actions:
            self._act(drill_id, action)
        if not document["unattended"]:
            self._page_posts(document)
        if document["phase"] == "over":
            self._enter(document)
        return document

    def _enter(self, document: Document) -> None:
        """What it asks to be mended becomes items with owners and deadlines."""
        enter_drill(self._store, self._workspace.estate, document, self._clock())

    def _compared(self, document: Document) -> dict[str, Any]:
        """The last run of the same playbook, and what the techniques that were played came to."""
        known = self._store.find(KIND, limit=500)
        earlier = [one for one in known if one["id"] != document["id"] and one["state"] == "done"]
        same = [one for one in earlier if one["playbook"]["id"] == document["playbook"]["id"]]
        last = max(
            (one for one in same if one["started"] < document["started"]), key=lambda one: one["started"], default=None
        )
        previous = {"id": last["id"], "started": last["started"], "metrics": last["metrics"]} if last else None
        rules = self._workspace.rules
        techniques = {rule.name: rule.techniques for rule in (*rules.rules, *rules.correlations)}
        return {"previous": previous, "techniques": techniques_played(document, techniques)}

    def rate(self, drill_id: str, place: int, mark: str, by: str) -> None:
        """An evaluator judges an objective (from 0) as P, S, M or U."""
        self._change(drill_id, by, "drill.rate", lambda one: drill.rate(one, place, mark, by, self._clock()))

    def score(self, drill_id: str, item: str, points: int, by: str) -> None:
        """An evaluator scores one of the nine items."""
        self._change(drill_id, by, "drill.score", lambda one: drill.score(one, item, points, by, self._clock()))

    def set_aside(self, drill_id: str, by: str, reason: str) -> None:
        """A finished drill counts no more; without a reason it counts again."""
        self._change(drill_id, by, "drill.set_aside", lambda one: set_aside(one, by, self._clock(), reason))

    def reset(self, drill_id: str, by: str) -> str:
        """End a drill and begin the same one anew; gives the new one's id."""
        document = self._store.get(KIND, drill_id)
        if document["phase"] != "over":
            self.abort(drill_id, by)
        return self.start(document["playbook"]["id"], by, document["speed"], document["unattended"])

    def abort_all(self, by: str) -> list[str]:
        """Every drill ends, for everybody, at once; gives their ids."""
        known = self._store.find(KIND, limit=500)
        running = [one["id"] for one in known if one["phase"] == "run" and one["state"] != "aborted"]
        for drill_id in running:
            self.abort(drill_id, by)
        return running

    def _page_posts(self, document: Document) -> None:
        """A task that waits pages the holder of its post; one that waits no longer pages nobody."""
        for step in document["steps"]:
            subject = task_subject(document, step)
            if step["type"] == "tell" and step["state"] == "done":
                self._notices.tell_post(subject, step["post"])
            elif step["state"] == "asked" and document["phase"] == "run":
                self._notices.ask_post(subject, step["post"])
            elif step["type"] == "ask" and step["state"] != "waiting":
                self._notices.resolve(page_id(subject), "reported")

    def _act(self, drill_id: str, action: Action) -> None:
        now = self._clock()
        if isinstance(action, Send):
            self._send(drill_id, action.index)
        elif isinstance(action, Acknowledge):
            self._store.change_alert(action.alert, lambda found: words.acknowledge(found, UNATTENDED, now))
        elif isinstance(action, CloseAlerts):
            note = drill.closing_note(drill_id)
            for alert in action.alerts:
                self._store.change_alert(alert, lambda found: words.close(found, "benign", HINT, now, note))

    def _send(self, drill_id: str, index: int) -> None:
        document = self._store.get(KIND, drill_id)
        wanted = {(one["source"], one["uid"]) for one in document["steps"][index]["injected"]}
        kept = [Injected.from_json(one) for one in self._store.get(RECORDS, drill_id)["records"]]
        now = self._clock()
        for source in sorted({source for source, _ in wanted}):
            records = [one.raw for one in kept if one.source == source and (source, one.uid) in wanted]
            self._bus.append(source, records, now, HINT)
        self._store.change(KIND, drill_id, lambda one: drill.sent(_there(one, drill_id), index, now))

    def _alerts(self, drill_id: str) -> list[Alert]:
        """The newest, and of those that are not closed yet as many: a drill is not over while one is open."""
        found = self._store.alerts(AlertQuery(drill=drill_id, staged="any", limit=MOST_FACTS))
        if len(found) < MOST_FACTS:
            return found
        known = {one.id for one in found}
        waits = AlertQuery(drill=drill_id, staged="any", status=OPEN, limit=MOST_FACTS)
        return [*found, *(one for one in self._store.alerts(waits) if one.id not in known)]


def _there(kept: Document | None, drill_id: str) -> Document:
    if kept is None:
        raise NotFound(f"no drill {drill_id!r}", "`yunshao drill list`")
    return kept


def _fact(alert: Alert) -> AlertFact:
    taken = next((deed for deed in alert.deeds if deed.did in {"acknowledge", "close"}), None)
    return AlertFact(
        id=alert.id,
        rule=alert.finding.rule_name,
        detected=alert.detected,
        acknowledged=taken.at if taken else None,
        by=taken.by if taken else "",
        closed=alert.status == "closed",
        # The time to detect is that of the first finding; what was folded in later was sent later too.
        uids=frozenset(event.uid for event in alert.finding.events),
        title=alert.finding.title,
    )


def _with_evidence(document: Document, alerts: list[Alert]) -> Document:
    refs = {event for one in alerts for event in one.events}
    rows = [{"source": ref.source, "uid": ref.uid, "time": ref.time} for ref in sorted(refs, key=lambda ref: ref.time)]
    return {**document, "alerts": [as_row(one) for one in alerts], "evidence_refs": rows}


def brief(document: dict[str, Any]) -> dict[str, Any]:
    """A drill as one row of a list."""
    metrics = document["metrics"] or {}
    return {
        "id": document["id"],
        "playbook": document["playbook"]["id"],
        "state": document["state"],
        "started": document["started"],
        "ended": document["ended"],
        "by": document["by"],
        "unattended": document["unattended"],
        "detection_rate": metrics.get("detection_rate"),
        "mttd_seconds": metrics.get("mttd", {}).get("mean"),
        "mtta_seconds": metrics.get("mtta", {}).get("mean"),
        "rating": (document["rating"] or {}).get("grade"),
    }
