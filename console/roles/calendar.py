"""The calendar at work: begins drills when their time has come, announces those that are announced."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from console.roles.drills import Drills
from console.roles.notices import Notices, whole_time
from console.wiring import Workspace, wall_clock
from playbooks import calendar
from playbooks.calendar import KIND, Plan
from playbooks.drill.proved import fired
from playbooks.oncall.say import plan_subject
from playbooks.oncall.settings import zone_of
from yunshao.errors import NotFound, WrongUse, YunshaoError
from yunshao.model.calendar import Blackout
from yunshao.ports import Clock

log = logging.getLogger("yunshao")
BY = "calendar"
MOST = 500


class DrillCalendar:
    """Every plan of a workspace."""

    def __init__(self, workspace: Workspace, drills: Drills, notices: Notices, clock: Clock = wall_clock) -> None:
        self._place = workspace
        self._store = workspace.store
        self._drills = drills
        self._notices = notices
        self._clock = clock

    @property
    def _zone(self) -> str:
        return self._place.settings.timezone

    def add(
        self,
        playbook: str,
        by: str,
        *,
        cron: str = "",
        every: str = "",
        first: int | None = None,
        off: str = "next",
        units: Sequence[str] = (),
        announced: bool = True,
        notice_days: int = 3,
        unattended: bool = False,
        beside: bool = False,
    ) -> str:
        """A plan by cron, or by `every` from a `first` moment (ms); gives its id. Raises NotFound, WrongUse."""
        self._drills.scenario(playbook)
        if bool(cron) == bool(every and first is not None):
            raise WrongUse("when?", "a cron, or how often and the first moment")
        if unknown := sorted(set(units) - set(self._place.estate.units)):
            raise WrongUse(f"no unit {unknown[0]!r}", "`yunshao org show` lists them")
        now = self._clock()
        key = f"plan-{secrets.token_hex(4)}"
        made = calendar.new_plan(
            key, playbook, cron or calendar.cron_of(every, first or now, self._zone), by, now, off=off, units=units,
            announced=announced, notice_days=notice_days, unattended=unattended, beside=beside,
        )  # fmt: skip
        if first is not None and first > now:
            made["since"] = first - 1
        self._store.put(KIND, key, self._planned(made))
        self._store.note(by, "drill.plan", key, playbook)
        return key

    def remove(self, plan: str, by: str) -> None:
        """A plan that recurs no more; what it began stays. Raises NotFound."""
        self._change(plan, lambda kept: {**kept, "removed": self._clock(), "wakes": None})
        self._store.note(by, "drill.unplan", plan)

    def plans(self) -> list[Plan]:
        """What stands in the calendar, the next to come first."""
        found = [one for one in self._store.find(KIND, MOST) if not one.get("removed")]
        return sorted(found, key=lambda one: (one["next"] or 0, one["id"]))

    def ahead(self, until: int) -> list[dict[str, Any]]:
        """Every planned moment up to a time, earliest first: `at`, `plan`."""
        days, blackouts = self._place.work_days, self._place.blackouts
        return sorted(
            ({"at": at, "plan": one["id"], "playbook": one["playbook"], "announced": one["announced"],
              "units": one["units"]}
             for one in self.plans() for at in calendar.ahead(one, until, self._zone, days, blackouts)),
            key=lambda row: (row["at"], row["plan"]),
        )  # fmt: skip

    def blackouts(self) -> tuple[Blackout, ...]:
        """The periods when no drill begins."""
        return self._place.blackouts

    def coverage(self) -> dict[str, list[dict[str, Any]]]:
        """Units, scenarios and techniques that have not been drilled for too long."""
        rules = self._place.rules
        techniques = sorted({one for rule in (*rules.rules, *rules.correlations) for one in rule.techniques})
        drills = self._store.find("drill", MOST)
        return calendar.coverage(
            self._place.playbooks.values(), self._place.estate.units, techniques, drills, self._clock()
        )

    def proved(self) -> dict[str, Any]:
        """Which rules have fired in a drill within a year, and when; which never."""
        rules = self._place.rules
        in_use = {rule.name: rule.techniques for rule in (*rules.rules, *rules.correlations)}
        return fired(in_use, self._store.find("drill", MOST), self._clock())

    def tick(self) -> int:
        """One turn of every plan that is awake; gives how many drills have begun."""
        now, count = self._clock(), 0
        awake = self._store.waking(KIND, now)
        if not awake:
            return 0
        for plan in awake:
            did = [""]
            # Asked anew for each: the one before may have begun a drill of the same unit.
            running = [one for one in self._store.find("drill", 50) if one["phase"] != "over"]

            def turn(kept: Plan, did: list[str] = did, running: list[Any] = running) -> Plan:
                changed, did[0] = calendar.step(kept, running, now)
                return changed if did[0] == "wait" else self._planned(changed)

            changed = self._change(plan["id"], turn)
            if did[0] == "tell":
                self._announce(changed)
            elif did[0] == "start":
                count += self._start(changed)
        return count

    def _start(self, plan: Plan) -> int:
        try:
            drill = self._drills.start(plan["playbook"], BY, 1.0, plan["unattended"], plan=plan)
        except YunshaoError as error:
            why = error.line()
            log.error("the calendar could not begin %s: %s", plan["playbook"], why)
            self._change(plan["id"], lambda kept: calendar.refused(kept, why, self._clock()))
            return 0
        self._change(plan["id"], lambda kept: calendar.begun(kept, drill, self._clock()))
        return 1

    def _announce(self, plan: Plan) -> None:
        playbook = self._place.playbooks.get(plan["playbook"])
        if playbook is None:
            return
        subject = plan_subject(plan, playbook.title, whole_time(plan["next"], zone_of(self._zone)))
        posts = {stage.post for stage in playbook.stages if stage.post} | {"on_call"}
        for post in sorted(posts):
            self._notices.tell_post(subject, post)

    def _planned(self, plan: Plan) -> Plan:
        if plan.get("removed"):
            return {**plan, "wakes": None}
        return calendar.planned(plan, self._zone, self._place.work_days, self._place.blackouts)

    def _change(self, plan: str, change: Callable[[Plan], Plan]) -> Plan:
        def there(kept: Plan | None) -> Plan:
            if kept is None:
                raise NotFound(f"no plan {plan[:60]!r}", "`yunshao drill calendar show`")
            return change(kept)

        return self._store.change(KIND, plan, there)
