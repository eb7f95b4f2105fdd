"""Real incidents at work: opened from alerts, kept as documents, their evidence by its hash, their clocks watched."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from console.roles.evidence import EvidenceFiles
from console.roles.notices import Notices, whole_time
from console.wiring import Workspace, wall_clock
from playbooks.incident import book, work
from playbooks.incident.book import KIND, Incident
from playbooks.incident.rows import unit_figures
from playbooks.oncall.page import Subject, page_id
from playbooks.oncall.say import duty_name, duty_subject
from playbooks.oncall.settings import zone_of
from yunshao.errors import CheckFailed, NotFound, WrongUse
from yunshao.model.alert import Alert, AlertQuery, as_row
from yunshao.model.estate import Estate
from yunshao.model.event import UNOWNED
from yunshao.model.incident_duty import REMIND
from yunshao.model.skew import skews
from yunshao.ports import Clock
from yunshao.text import texts_of

OF_ALERT = "incident_of"
MOST = 1000
MOST_TIMED = 2000
DAY_MS = 86_400_000
CLAIM_MS = 60_000


class Incidents:
    """Every incident of a workspace; the command line and the console call the same verbs."""

    def __init__(self, workspace: Workspace, notices: Notices | None = None, clock: Clock = wall_clock) -> None:
        self._place = workspace
        self._store = workspace.store
        self._clock = clock
        self._notices = notices or Notices(workspace, clock)
        self._files = EvidenceFiles(workspace.data)

    # Looking

    def get(self, incident: str) -> Incident:
        """One, by its id. Raises NotFound."""
        return self._store.get(KIND, incident)

    def find(self, limit: int = MOST) -> list[Incident]:
        """The latest that were changed, by when they were opened, newest first."""
        return sorted(self._store.find(KIND, limit), key=lambda one: (-one["created"], one["id"]))

    def of_alert(self, alert: str) -> str:
        """The incident that an alert belongs to, or an empty string."""
        try:
            found = self.get(str(self._store.get(OF_ALERT, alert)["incident"]))
        except NotFound:
            return ""
        return str(found["merged_into"] or found["id"])

    def alerts(self, incident: Mapping[str, Any]) -> list[Alert]:
        """Its alerts as they stand; one that is no longer kept is left out."""
        found = []
        for key in incident["alerts"]:
            with suppress(NotFound):
                found.append(self._store.alert(key))
        return found

    # Opening and changing

    def open(
        self,
        alerts: Sequence[str],
        by: str,
        *,
        title: str = "",
        category: str = "",
        operator: str = "",
        known: int | None = None,
    ) -> str:
        """A new incident; gives its id. Raises NotFound, WrongUse for an alert of a drill or of another incident."""
        now = self._clock()
        found = [self._store.alert(one) for one in dict.fromkeys(alerts)]
        day = datetime.fromtimestamp(now / 1000, zone_of(self._place.settings.timezone)).strftime("%Y%m%d")
        key = f"inc-{day}-{secrets.token_hex(4)}"
        made = book.open_incident(
            key,
            {"zh": title.strip(), "en": title.strip()},
            found,
            operator or self._place.settings.incidents.operator,
            by,
            now,
            category=category,
            known=known,
            importance=importance(self._place.estate, [one.finding.owner.system for one in found]),
        )
        # Claimed before it is kept: of two who open one for the same alert, the second is told.
        self._claim(found, key)
        self._store.put(KIND, key, made)
        self._store.note(by, "incident.open", key, ",".join(one.id for one in found)[:2000])
        return key

    def add_alerts(self, incident: str, alerts: Sequence[str], by: str) -> None:
        """More alerts of the same matter. Raises NotFound, WrongUse."""
        found = [self._store.alert(one) for one in dict.fromkeys(alerts)]
        self.get(incident)
        self._claim([one for one in found if not one.drill], incident)
        self._change(incident, by, "alerts", lambda one: book.add_alerts(one, found, by, self._clock()))

    def _claim(self, alerts: Sequence[Alert], incident: str, away: str = "") -> None:
        """Each alert belongs to one incident. Raises WrongUse for one that another has, or is about to have."""
        now = self._clock()
        for one in alerts:
            held = self.of_alert(one.id)

            def claimed(kept: dict[str, Any] | None, alert: str = one.id, held: str = held) -> dict[str, Any]:
                # A claim whose incident is not there yet is a moment old, or its maker died.
                fresh = kept and now - int(kept["at"]) < CLAIM_MS and not held
                other = held or (str(kept["incident"]) if kept and fresh else "")
                if other and other not in {incident, away}:
                    raise WrongUse(f"alert {alert} belongs to incident {other}", "`yunshao incident merge` joins two")
                return {"alert": alert, "incident": incident, "at": now}

            self._store.change(OF_ALERT, one.id, claimed)

    def move(self, incident: str, to: str, by: str, note: str = "") -> None:
        """Forward to a state. Raises NotFound, WrongUse."""
        self._change(incident, by, to, lambda one: book.move(one, to, by, self._clock(), note), note)
        if to in book.OVER:
            self._forget_pages(self.get(incident))

    def reopen(self, incident: str, by: str, note: str) -> None:
        """Back to triage. Raises NotFound, WrongUse."""
        self._change(incident, by, "reopen", lambda one: book.reopen(one, by, self._clock(), note), note)

    def classify(self, incident: str, category: str, by: str, note: str = "") -> None:
        """Say what kind it is. Raises NotFound, WrongUse."""
        self._change(
            incident, by, "classify", lambda one: book.classify(one, category, by, self._clock(), note), category
        )

    def grade(self, incident: str, affected: str, loss: str, harm: str, by: str) -> None:
        """The grade for classification. Raises NotFound, WrongUse."""
        said = f"{affected}, {loss}, {harm}"
        self._change(incident, by, "grade", lambda one: book.grade(one, affected, loss, harm, by, self._clock()), said)

    def grade_reporting(self, incident: str, facts: Mapping[str, float], by: str) -> None:
        """The grade that decides about reports. Raises NotFound, WrongUse."""
        said = ", ".join(f"{key} {value:.12g}" for key, value in facts.items())
        self._change(
            incident, by, "grade_reporting", lambda one: book.grade_reporting(one, facts, by, self._clock()), said
        )

    def set_clock(
        self, incident: str, by: str, *, operator: str = "", known: int | None = None, crime: bool | None = None
    ) -> None:
        """What the clocks start from. Raises NotFound, WrongUse."""
        self._change(
            incident, by, "clock",
            lambda one: book.set_clock(one, by, self._clock(), operator=operator, known=known, crime=crime),
        )  # fmt: skip

    def sent(self, incident: str, duty: str, by: str, at: int | None = None, note: str = "") -> None:
        """A report has gone. Raises NotFound, WrongUse."""
        now = self._clock()
        self._change(
            incident,
            by,
            "sent",
            lambda one: book.report_sent(one, duty, now if at is None else at, by, now, note),
            duty,
        )
        self._forget_pages(self.get(incident), duty)

    def lead(self, incident: str, who: str, by: str) -> None:
        """Who leads the response. Raises NotFound, WrongUse."""
        self._change(incident, by, "lead", lambda one: work.lead(one, who, by, self._clock()), who)

    def task(self, incident: str, title: str, by: str, post: str = "", due: int | None = None, key: str = "") -> str:
        """A task; gives its id. Raises NotFound, WrongUse."""
        made = [""]

        def change(kept: Incident) -> Incident:
            changed, made[0] = work.add_task(kept, title, post, due, by, self._clock(), key)
            return changed

        self._change(incident, by, "task", change, title)
        return made[0]

    def end_task(self, incident: str, task: str, how: str, by: str, note: str = "") -> None:
        """A task is done or dropped. Raises NotFound, WrongUse."""
        self._change(
            incident, by, f"task_{how}", lambda one: work.end_task(one, task, how, by, self._clock(), note), task
        )

    def comment(self, incident: str, text: str, by: str, key: str = "") -> None:
        """Somebody says something. Raises NotFound, WrongUse."""
        self._change(incident, by, "comment", lambda one: work.comment(one, text, by, self._clock(), key))

    def merge(self, keep: str, other: str, by: str) -> None:
        """Everything of `other` goes into `keep`. Done again after a crash, it comes to the same. Raises WrongUse."""
        away = self.get(other)
        alerts = self.alerts(away)
        if away["merged_into"] != keep:
            self._change(keep, by, "merge", lambda one: book.merge(one, away, alerts, by, self._clock()), other)
            self._change(other, by, "merged", lambda one: book.merged_away(one, keep, by, self._clock()), keep)
        self._claim(alerts, keep, other)
        self._forget_pages(away)

    def _change(
        self, incident: str, by: str, did: str, change: Callable[[Incident], Incident], detail: str = ""
    ) -> None:
        def there(kept: Incident | None) -> Incident:
            if kept is None:
                raise NotFound(f"no incident {incident[:60]!r}", "`yunshao incident list`")
            return change(kept)

        self._store.change(KIND, incident, there)
        self._store.note(by, f"incident.{did}", incident, detail[:2000])

    def attach(self, incident: str, run: str, playbook: str, by: str) -> None:
        """A run of a response playbook belongs to it. Raises NotFound, WrongUse."""
        self._change(incident, by, "playbook", lambda one: work.attach_run(one, run, playbook, by, self._clock()), run)

    # Evidence

    def keep_file(self, incident: str, name: str, data: bytes, by: str, note: str = "", kind: str = "file") -> str:
        """A piece of evidence: its bytes are kept under their hash, the hash in the incident and in the trail.

        Gives the hash. Raises NotFound, WrongUse for one that is too large.
        """
        digest = self._files.keep(name, data)
        self._change(
            incident, by, "evidence",
            lambda one: work.add_evidence(one, name, len(data), digest, kind, by, self._clock(), note), digest,
        )  # fmt: skip
        return digest

    def keep_events(self, incident: str, by: str, note: str = "") -> str:
        """The events of its alerts as they are stored now, as one piece of evidence; gives its hash."""
        rows = []
        for alert in self.alerts(self.get(incident)):
            rows += [
                {"alert": alert.id, "source": one.source, "uid": one.uid, "time": one.time, "native": one.native}
                for one in self._store.evidence(alert.id)
            ]
        data = b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=str) + b"\n" for row in rows)
        return self.keep_file(incident, "events.ndjson", data, by, note, "events")

    def evidence(self, incident: str, piece: str) -> tuple[dict[str, Any], bytes]:
        """A piece by its id, and its bytes. Raises NotFound, and CheckFailed where they are not what was entered."""
        found = next((one for one in self.get(incident)["evidence"] if one["id"] == piece), None)
        if found is None:
            raise NotFound(f"incident {incident} has no evidence {piece[:20]!r}", "`yunshao incident show`")
        return found, self._read(found)

    def check_evidence(self, incident: str) -> list[tuple[str, str]]:
        """(id, what is wrong) of each piece that is not what was entered."""
        wrong = []
        for one in self.get(incident)["evidence"]:
            try:
                self._read(one)
            except CheckFailed as error:
                wrong.append((str(one["id"]), error.what))
        return wrong

    def _read(self, piece: Mapping[str, Any]) -> bytes:
        return self._files.read(piece["sha256"], f"{piece['id']} {piece['name']}")

    # Clocks

    def tick(self) -> int:
        """Page whoever must report when the time for it runs out; gives how many were paged."""
        now, count = self._clock(), 0
        for kept in self._store.waking(KIND, now):
            # Pages first: they have fixed ids, so that a crash in between pages nobody twice.
            due = {one["duty"]: one for one in book.clocks(kept, now)}
            for duty, share in book.reminded(kept, now)[1]:
                self._notices.ask_post(self._subject(kept, due[duty], share), self._place.settings.incidents.post)
                count += 1
            self._store.change(KIND, kept["id"], lambda one: book.reminded(one or {}, now)[0])
        return count

    def _subject(self, incident: Incident, duty: Mapping[str, Any], share: float) -> Subject:
        zone = zone_of(self._place.settings.timezone)
        return duty_subject(incident, duty, share, whole_time(duty["due"], zone))

    def _forget_pages(self, incident: Incident, duty: str = "") -> None:
        names = [duty] if duty else ["first", "summary", "police"]
        for name in names:
            for share in REMIND:
                subject = Subject("duty", duty_name(incident["id"], name, share), "", {}, {})
                self._notices.resolve(page_id(subject), "reported")

    # The report

    def document(self, incident: str) -> Incident:
        """The incident as its report takes it: with its alerts as rows, its clocks, and its playbooks' timelines."""
        kept = self.get(incident)
        now = self._clock()
        alerts, known = self.alerts(kept), self._place.estate.systems
        refs = sorted(
            {event for one in alerts for event in one.events}, key=lambda one: (one.time, one.source, one.uid)
        )
        return {
            **kept,
            "as_of": now,
            "alerts": [as_row(one) for one in alerts],
            "evidence_refs": [{"source": one.source, "uid": one.uid, "time": one.time} for one in refs],
            "clocks": book.clocks(kept, now),
            "unit_names": {unit: dict(self._unit(unit)) for unit in kept["units"]},
            "system_names": {one: known[one].name for one in kept["systems"] if one in known},
            "skews": {
                source: skew
                for source, skew in skews(self._store.sources()).items()
                if source in {one.finding.source for one in alerts}
            },
            "playbooks": [self._run(one) for one in kept["runs"]],
            "playbook": {"id": kept["id"], "title": kept["title"]},
        }

    def figures(self, units: Iterable[str], days: int = 90) -> dict[str, dict[str, Any]]:
        """Mean, median and 90th percentile of each time, in seconds, of some units over the last days."""
        since = self._clock() - days * DAY_MS
        wanted = tuple(units)
        query = AlertQuery(unit=wanted, since=since, staged="no", limit=MOST_TIMED)
        recent = [one for one in self.find() if one["created"] >= since]
        return unit_figures(recent, self._store.alerts(query), wanted, skews(self._store.sources()))

    def _unit(self, unit: str) -> dict[str, str]:
        if unit == UNOWNED:
            return {language: texts_of("console")(language, UNOWNED) for language in ("zh", "en")}
        return {language: self._place.estate.unit_name(unit, language) for language in ("zh", "en")}

    def _run(self, run: str) -> dict[str, Any]:
        try:
            kept = self._store.get("run", run)
        except NotFound:
            return {"id": run, "title": {"zh": run, "en": run}, "state": "", "timeline": []}
        return {
            "id": run, "title": kept["program"]["title"], "state": kept["state"], "started": kept["started"],
            "ended": kept["ended"], "timeline": kept["timeline"],
        }  # fmt: skip


def importance(estate: Estate, systems: Sequence[str]) -> str:
    """How important the affected object is, as its protection level (等保) proposes it."""
    levels = [estate.systems[one].mlps_level or 0 for one in systems if one in estate.systems]
    highest = max(levels, default=0)
    return "especially_important" if highest >= 4 else "important" if highest == 3 else "general"
