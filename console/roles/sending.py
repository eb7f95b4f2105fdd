"""Sends what waits, channel by channel: leased, throttled, tried again, every delivery kept with what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from console.wiring import Workspace, wall_clock
from playbooks.drill.say import both
from playbooks.oncall import outbox, page
from playbooks.oncall.link import VALID_MS, token_of
from playbooks.oncall.page import Delivery
from yunshao import meters
from yunshao.errors import NotFound
from yunshao.model.drill import Document
from yunshao.model.notice import Link, Message, Outcome
from yunshao.ports import Clock, Forgetting

CHANNEL = "channel"
MOST_TAKEN = 100
MOST_KEPT = 200_000


class Sending:
    """The outbox of a workspace. The lease makes it safe for two processes to send from it."""

    def __init__(self, workspace: Workspace, clock: Clock = wall_clock) -> None:
        self._place = workspace
        self._clock = clock
        self._store = workspace.store

    def keep(self, delivery: Delivery) -> None:
        """Put it in the outbox; what is there already stays as it is."""
        self._store.change(outbox.kind_of(delivery["channel"]), delivery["id"], lambda kept: kept or delivery)

    def call_off(self, told: list[Any]) -> None:
        """What has not left yet of these (channel, id) stays here."""
        for name, delivery in told:
            kind = outbox.kind_of(name)
            with suppress(NotFound):
                if self._store.get(kind, delivery)["state"] == "waiting":
                    self._store.change(kind, delivery, lambda kept: outbox.cancelled(kept or {}, "answered"))

    def flush_all(self) -> int:
        """One turn of every channel; gives how many deliveries have left."""
        return sum(self.flush(name) for name in self._place.oncall.channels)

    def deliveries(self, limit: int = 200) -> list[Delivery]:
        """Deliveries of every channel, the newest first."""
        found = [one for name in self._place.oncall.channels for one in self._store.find(outbox.kind_of(name), limit)]
        return sorted(found, key=lambda one: (-one["created"], one["id"]))[:limit]

    def channel_states(self) -> list[dict[str, Any]]:
        """Each channel: when it last sent, and how often it has failed since."""
        return [self._state(name) or {"name": name, "failures": 0, "last_sent": None, "reason": "", "rests_until": 0}
                for name in self._place.oncall.channels]  # fmt: skip

    def try_again(self, by: str) -> int:
        """Put every failed delivery back; gives how many."""
        failed = [one for one in self.deliveries(limit=10_000) if one["state"] == "failed"]
        for one in failed:
            self._store.change(
                outbox.kind_of(one["channel"]), one["id"], lambda kept: outbox.again(kept or {}, self._clock())
            )
        self._store.note(by, "delivery.again", str(len(failed)))
        return len(failed)

    def prune(self) -> int:
        """Let go of deliveries that have been kept for long enough; gives how many.

        Where the store cannot forget they stay.
        """
        store, keep, now = self._store, self._place.oncall.keep_days, self._clock()
        if not isinstance(store, Forgetting) or not keep:
            return 0
        gone = 0
        for name in self._place.oncall.channels:
            kind = outbox.kind_of(name)
            old = [str(one["id"]) for one in store.find(kind, MOST_KEPT) if outbox.outlived(one, keep, now)]
            gone += store.forget(kind, old) if old else 0
        return gone

    def test(self, channel: str, to: str, by: str) -> Outcome:
        """Send one test message now. Raises NotFound for an unknown channel."""
        if channel not in self._place.oncall.channels:
            raise NotFound(f"no channel {channel!r}", f"known: {', '.join(sorted(self._place.oncall.channels))}")
        language, now = self._place.oncall.channels[channel].language, self._clock()
        title, body = (outbox.spoken(both(f"page.{key}"), language) for key in ("test", "test_body"))
        outcome = self._place.channels[channel].send(
            Message(f"test-{now}", to, title, body, "informational", False, now)
        )
        self._store.note(by, "channel.test", channel, "sent" if outcome.sent else outcome.reason)
        return outcome

    def flush(self, name: str) -> int:
        """Send what is due on a channel, as much as it takes now; gives how many deliveries have left."""
        limit, kind, now = self._place.oncall.channels[name].limit, outbox.kind_of(name), self._clock()
        state = self._state(name)
        free = outbox.free_slots(state, limit, now)
        if not free:
            return 0
        taken = self._store.change_due(kind, now, lambda one: outbox.taken(one, now), MOST_TAKEN)
        left = 0
        outcomes: list[Outcome] = []
        for bundle in outbox.bundles(taken, free):
            if len(outcomes) == free or any(not one.sent and not one.permanent for one in outcomes):
                self._settle_all(bundle, lambda one: outbox.put_back(one, now))
                continue
            outcome = self._send(name, bundle)
            outcomes.append(outcome)
            left += len(bundle) if outcome.sent else 0
            self._after(bundle, outcome)
        if outcomes:
            changed = outbox.channel_after(state, limit, name, outcomes, self._clock())
            self._store.put(CHANNEL, name, changed)
        return left

    def _state(self, name: str) -> Document | None:
        try:
            return self._store.get(CHANNEL, name)
        except NotFound:
            return None

    def _send(self, name: str, bundle: list[Delivery]) -> Outcome:
        message = outbox.message_of(bundle, self._links(bundle), self._clock())
        outcome = self._place.channels[name].send(message)
        state = "sent" if outcome.sent else "failed" if outcome.permanent else "again"
        meters.DELIVERIES.labels(name, state).inc(len(bundle))
        return outcome

    def _after(self, bundle: list[Delivery], outcome: Outcome) -> None:
        now = self._clock()
        for one in self._settle_all(bundle, lambda kept: outbox.settled(kept, outcome, now)):
            other = page.fall_back(one, self._place.oncall, now) if one["state"] == "failed" else None
            if other:
                self.keep(other)
                self._add_told(one["page"], other)

    def _settle_all(self, bundle: list[Delivery], change: Callable[[Delivery], Delivery]) -> list[Delivery]:
        return [self._store.change(outbox.kind_of(one["channel"]), one["id"], lambda kept: change(kept or {}))
                for one in bundle]  # fmt: skip

    def _add_told(self, page_id: str, delivery: Delivery) -> None:
        def add(kept: Document | None) -> Document:
            return {**(kept or {}), "told": [*(kept or {})["told"], [delivery["channel"], delivery["id"]]]}

        # A greeting to whoever comes on call belongs to no page.
        with suppress(NotFound):
            self._store.get(page.KIND, page_id)
            self._store.change(page.KIND, page_id, add)

    def _links(self, bundle: list[Delivery]) -> dict[str, tuple[Link, ...]]:
        base = self._place.oncall.link.rstrip("/")
        if not base:
            return {}
        found = {one["id"]: self._links_of(one, base) for one in bundle}
        look = outbox.spoken(both("page.look"), bundle[0]["language"])
        return {**found, "": (Link(look, f"{base}/oncall"),)}

    def _links_of(self, delivery: Delivery, base: str) -> tuple[Link, ...]:
        try:
            kept = self._store.get(page.KIND, delivery["page"])
        except NotFound:
            return ()
        token = token_of(self._place.link_key, kept["id"], delivery["person"], self._clock() + VALID_MS)
        take, look = (outbox.spoken(both(f"page.{key}"), delivery["language"]) for key in ("acknowledge", "look"))
        return (Link(take, f"{base}/take/{token}"), Link(look, f"{base}{kept['about']['path'] or '/oncall'}"))
