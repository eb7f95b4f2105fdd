"""Tells people: follows alerts, opens pages, climbs their ladders, and sends what waits, channel by channel."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Any

from console.roles.sending import Sending
from console.wiring import Workspace, wall_clock
from playbooks.oncall import page
from playbooks.oncall.link import read_token
from playbooks.oncall.page import Page, Subject
from playbooks.oncall.rota import Shift, hand_over, on_call, shifts
from playbooks.oncall.say import alert_subject, handed_subject
from playbooks.oncall.settings import Route, zone_of
from yunshao import meters
from yunshao.errors import NotFound, WrongUse
from yunshao.model import alert as words
from yunshao.model.alert import Alert
from yunshao.model.snooze import KIND as SNOOZES
from yunshao.model.snooze import rests, snoozes_at
from yunshao.ports import Clock

CURSOR, KEY = "notice_cursor", "alerts"
HANDED = "handover"
SHIFT = "shift"
MOST_TAKEN = 100
DAY_MS = 86_400_000


class Notices:
    """Pages and deliveries of a workspace. Any process may answer a page; one process climbs and sends."""

    def __init__(self, workspace: Workspace, clock: Clock = wall_clock) -> None:
        self._place = workspace
        self._clock = clock
        self._store = workspace.store
        self.sending = Sending(workspace, clock)

    @cached_property
    def _zone(self) -> Any:
        return zone_of(self._place.settings.timezone)

    def _handed(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._store.get(HANDED, KEY)["handed"]
        except NotFound:
            return []
        return found

    # Who is on call

    def holders(self) -> dict[str, str]:
        """Who is on call now, by rota."""
        whole, at, handed = self._place.oncall, self._clock(), self._handed()
        return {rota: on_call(whole, rota, at, self._zone, handed) for rota in whole.rotas}

    def shifts(self, rota: str, since: int, until: int) -> list[Shift]:
        """The shifts of a rota."""
        return shifts(self._place.oncall, rota, since, until, self._zone, self._handed())

    def hand_over(self, rota: str, to: str, until: int, by: str, note: str = "") -> None:
        """Somebody takes a rota from now on until a time."""
        now = self._clock()
        self._store.change(
            HANDED, KEY, lambda kept: hand_over(self._place.oncall, kept, rota, to, now, until, by, note)
        )
        self._store.note(by, "oncall.handover", rota, to)

    def _greet(self) -> None:
        """Whoever comes on call is told so, with what waits for them."""
        for rota, person in self.holders().items():
            try:
                before = str(self._store.get(SHIFT, rota)["person"])
            except NotFound:
                before = person
            self._store.put(SHIFT, rota, {"rota": rota, "person": person})
            if person and person != before:
                self._welcome(rota, person)

    def _welcome(self, rota: str, person: str) -> None:
        now = self._clock()
        ahead = self.shifts(rota, now, now + 31 * DAY_MS)
        until = whole_time(ahead[0].end if ahead else now, self._zone)
        subject = handed_subject(rota, person, until, len(self.open_pages()))
        self._tell(subject, f"person:{person}")

    def tell_post(self, subject: Subject, post: str) -> None:
        """Tell the holder of a post something that wants no answer."""
        if target := self._place.oncall.posts.get(post, ""):
            self._tell(subject, target)

    def tell(self, subject: Subject, target: str) -> None:
        """Tell a target (`rota:…`, `person:…`, `channel:…`) something that wants no answer, once for ever."""
        self._tell(subject, target)

    def _tell(self, subject: Subject, target: str) -> None:
        now, whole = self._clock(), self._place.oncall
        person, ways = page.ways_of(whole, target, now, self._zone, self._handed())
        if ways:
            lone = page.open_page(subject, "", now)
            self.sending.keep(page.delivery_of(lone, whole, person, ways[0], now, self._zone))

    # What was sent

    def deliveries(self, limit: int = 200) -> list[dict[str, Any]]:
        """Deliveries of every channel, the newest first."""
        return self.sending.deliveries(limit)

    def channel_states(self) -> list[dict[str, Any]]:
        """Each channel: when it last sent, and how often it has failed since."""
        return self.sending.channel_states()

    def try_again(self, by: str) -> int:
        """Put every failed delivery back; gives how many."""
        return self.sending.try_again(by)

    # Pages

    def open_pages(self) -> list[Page]:
        """What nobody has answered yet, the newest first."""
        return [one for one in self._store.find(page.KIND, limit=500) if one["state"] in page.UNANSWERED]

    def pages(self, limit: int = 100) -> list[Page]:
        """Pages, newest first."""
        return self._store.find(page.KIND, limit=limit)

    def raise_page(self, subject: Subject, policy: str, turn: int = 0, first: str = "") -> str:
        """A page about something, once for ever; gives its id."""
        fresh = page.open_page(subject, policy, self._clock(), turn, first)
        with suppress(NotFound):
            return str(self._store.get(page.KIND, fresh["id"])["id"])
        self._store.change(page.KIND, fresh["id"], lambda kept: kept or fresh)
        meters.PAGES.labels(subject.level, "yes" if subject.drill else "no").inc()
        return str(fresh["id"])

    def ask_post(self, subject: Subject, post: str) -> str:
        """Page the holder of a post, then the ladder for posts; an empty string where nobody is known for it."""
        whole = self._place.oncall
        first = whole.posts.get(post, "")
        if not first and not whole.post_policy:
            return ""
        return self.raise_page(subject, whole.post_policy or "", first=first)

    def acknowledge(self, page_id: str, by: str, way: str) -> Page:
        """Somebody answers a page, and with it its alert. Raises NotFound, and WrongUse where somebody did already."""
        now = self._clock()
        changed = self._store.change(
            page.KIND, page_id, lambda kept: page.acknowledge(there(kept, page_id), by, way, now)
        )
        self._store.note(by, "page.acknowledge", page_id, way)
        self.sending.call_off(changed["told"])
        if changed["about"]["kind"] == "alert":
            # A closed alert needs nobody any more.
            with suppress(WrongUse, NotFound):
                self._store.change_alert(
                    changed["about"]["id"], lambda one: words.acknowledge(one, by, now, f"page, {way}")
                )
        return changed

    def resolve(self, page_id: str, note: str) -> None:
        """What a page was about is over."""
        with suppress(NotFound):
            if self._store.get(page.KIND, page_id)["state"] not in page.UNANSWERED:
                return
            changed = self._store.change(
                page.KIND, page_id, lambda kept: page.resolve(there(kept, page_id), self._clock(), note)
            )
            self.sending.call_off(changed["told"])

    def by_link(self, token: str) -> tuple[Page, str]:
        """The page and the person of a link. Raises WrongUse, NotFound."""
        found, person = read_token(self._place.link_key, token, self._clock())
        return self._store.get(page.KIND, found), person

    # Turns

    def tick(self) -> None:
        """Follow the alerts, climb the ladders, greet whoever comes on call."""
        if self._place.oncall.routes:
            self._follow()
        self._climb()
        self._greet()

    def _follow(self) -> None:
        store = self._store
        try:
            after = int(store.get(CURSOR, KEY)["sequence"])
        except NotFound:
            # What was there before anybody was on call wakes nobody.
            store.put(CURSOR, KEY, {"sequence": store.last_sequence()})
            return
        found = store.alerts_after(after)
        for sequence, alert in found:
            self._heed(alert)
            after = max(after, sequence)
        if found:
            store.put(CURSOR, KEY, {"sequence": after})

    def _heed(self, alert: Alert) -> None:
        turn = sum(deed.did == "reopen" for deed in alert.deeds)
        subject = alert_subject(alert, self._unit(alert.finding.owner.unit))
        if alert.status != "new":
            self._answered(page.page_id(subject, turn), alert)
            return
        route = self._route(alert)
        if route and not alert.finding.staged and not self._rests(alert) and not self._unattended(alert.drill):
            self.raise_page(subject, route.policy, turn)

    def _answered(self, page_id: str, alert: Alert) -> None:
        """The alert was taken elsewhere: its page is answered by the same person."""
        taken = next((deed for deed in reversed(alert.deeds) if deed.did in {"acknowledge", "close"}), None)
        with suppress(NotFound, WrongUse):
            kept = self._store.get(page.KIND, page_id)
            if kept["state"] in page.UNANSWERED:
                self.acknowledge(page_id, taken.by if taken else words.SYSTEM, "alert")

    def _unit(self, unit: str) -> dict[str, str]:
        return {key: self._place.estate.unit_name(unit, key) for key in ("zh", "en")}

    def _route(self, alert: Alert) -> Route | None:
        return next((one for one in self._place.oncall.routes if fits(one, alert)), None)

    def _rests(self, alert: Alert) -> bool:
        held = self._store.find(SNOOZES, limit=1)
        return rests(alert, snoozes_at(held[0] if held else None, self._clock()), self._clock())

    def _unattended(self, drill: str) -> bool:
        if not drill:
            return False
        try:
            return bool(self._store.get("drill", drill)["unattended"])
        except NotFound:
            return False

    def _climb(self) -> None:
        now, whole, handed = self._clock(), self._place.oncall, self._handed()
        for one in self._store.waking(page.KIND, now, MOST_TAKEN):
            # Deliveries first: if this process dies here, the same turn gives the same ones again.
            planned, found = page.turn(one, whole, now, self._zone, handed)
            for delivery in found:
                self.sending.keep(delivery)
            changed = self._store.change(
                page.KIND, one["id"], lambda kept: page.turn(there(kept, ""), whole, now, self._zone, handed)[0]
            )
            if changed["state"] not in page.UNANSWERED:
                self.sending.call_off(planned["told"])


def fits(route: Route, alert: Alert) -> bool:
    """Whether a route is this alert's."""
    rule = alert.finding.rule_name
    named = any(rule == one or (one.endswith("*") and rule.startswith(one[:-1])) for one in route.rules)
    return (
        alert.level in route.levels
        and (not route.units or alert.finding.owner.unit in route.units)
        and (not route.rules or named)
    )


def there(kept: Mapping[str, Any] | None, page_id: str) -> dict[str, Any]:
    """What was kept. Raises NotFound for nothing."""
    if kept is None:
        raise NotFound(f"no page {page_id!r}", "`yunshao oncall pages`")
    return dict(kept)


def whole_time(at: int, zone: Any) -> str:
    """A time as people say it in a message."""
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")
