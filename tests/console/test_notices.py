"""Alerts page people through real receivers: a receiver that fails for an hour gets everything once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_city import SmallCity, form, small_city
from yunshao_receivers import Receiver, receiver

from console.roles.notices import Notices
from console.wiring import Workspace, wall_clock
from playbooks.oncall import outbox
from playbooks.oncall.link import token_of
from playbooks.scenes import demo_city, story
from yunshao.errors import WrongUse
from yunshao.model.alert import AlertQuery

HOUR = 3_600_000


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = wall_clock()

    def __call__(self) -> int:
        return self.now


def oncall_file(url: str, count: int = 1000) -> str:
    return f"""
link: http://127.0.0.1:8440
channels:
  hook: {{kind: webhook, url: "{url}", limit: {{count: {count}, within: 60}}}}
people:
  duty: {{account: oncall, language: en, reach: [{{channel: hook, to: duty}}]}}
rotas: {{main: {{people: [duty]}}}}
policies: {{ladder: {{rungs: [{{tell: ["rota:main"]}}], repeat: 0}}}}
routes: [{{levels: [low, medium, high, critical], policy: ladder}}]
posts: {{on_call: "rota:main"}}
post_policy: ladder
"""


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


@pytest.fixture
def paged(tmp_path: Path, hook: Receiver) -> SmallCity:
    (tmp_path / "oncall.yaml").write_text(oncall_file(hook.url), encoding="utf-8")
    return small_city(tmp_path)


def raised(city: SmallCity, *names: str) -> None:
    for number, name in enumerate(names):
        city.send(story(name, demo_city(), wall_clock(), f"page|{number}"))


def titles(hook: Receiver) -> Counter[str]:
    return Counter(json.loads(body)["id"] for _, _, body in hook.got)


def test_what_was_there_before_wakes_nobody_and_what_comes_pages_once(paged: SmallCity, hook: Receiver):
    notices = Notices(paged.place)
    notices.tick()
    assert notices.pages() == []
    raised(paged, "kms_key_deletion", "snapshot_shared")
    for _ in range(3):
        notices.tick()
        notices.sending.flush_all()
    assert len(notices.open_pages()) == len(hook.got) == len(titles(hook)) > 0


def test_a_receiver_that_fails_for_an_hour_gets_everything_once(paged: SmallCity, hook: Receiver):
    clock = Hands()
    notices = Notices(paged.place, clock)
    notices.tick()
    raised(paged, "kms_key_deletion", "ssh_brute_force", "port_scan", "console_brute_force")
    hook.status, began = 503, clock.now
    while clock.now < began + 2 * HOUR:
        notices.tick()
        notices.sending.flush_all()
        clock.now += 30_000
        if clock.now > began + HOUR:
            hook.status = 200
    wanted = {one["id"] for one in notices.deliveries()}
    assert len(wanted) == len(notices.pages()) >= 4
    assert titles(hook) == Counter(wanted)
    assert {one["state"] for one in notices.deliveries()} == {"sent"}


def test_a_process_that_dies_while_sending_loses_nothing(paged: SmallCity, hook: Receiver):
    clock = Hands()
    notices = Notices(paged.place, clock)
    notices.tick()
    raised(paged, "kms_key_deletion")
    notices.tick()
    kind = outbox.kind_of("hook")
    # Taken, and then the process is gone.
    paged.place.store.change_due(kind, clock.now, lambda one: outbox.taken(one, clock.now))
    assert Notices(paged.place, clock).sending.flush_all() == 0
    clock.now += outbox.LEASE_MS
    assert Notices(paged.place, clock).sending.flush_all() == len(titles(hook)) > 0


def test_a_crowded_channel_tells_together_and_loses_nothing(paged: SmallCity, hook: Receiver):
    (paged.place.folder / "oncall.yaml").write_text(oncall_file(hook.url, count=1), encoding="utf-8")
    notices = Notices(Workspace(paged.place.folder))
    notices.tick()
    raised(paged, "kms_key_deletion", "ssh_brute_force", "port_scan")
    notices.tick()
    left = notices.sending.flush_all()
    assert left == len(notices.deliveries()) >= 3
    ((_, _, body),) = hook.got
    said = json.loads(body)["body"]
    assert all(one["title"]["en"] in said for one in notices.deliveries())


def test_answering_a_page_takes_its_alert_and_taking_the_alert_answers_the_page(paged: SmallCity, hook: Receiver):
    notices = Notices(paged.place)
    notices.tick()
    raised(paged, "kms_key_deletion", "snapshot_shared")
    notices.tick()
    first, second = notices.open_pages()[:2]
    notices.acknowledge(first["id"], "oncall", "command")
    alert = paged.place.store.alert(first["about"]["id"])
    assert (alert.status, alert.assignee) == ("acknowledged", "oncall")
    assert all(one["state"] == "cancelled" for one in notices.deliveries() if one["page"] == first["id"])
    assert (
        form(paged.visitor("operator"), "/alerts/do", ids=second["about"]["id"], what="acknowledge", to="/alerts")
        == 303
    )
    notices.tick()
    found = next(one for one in notices.pages() if one["id"] == second["id"])
    assert (found["state"], found["by"]) == ("acknowledged", "operator")
    with pytest.raises(WrongUse):
        notices.acknowledge(second["id"], "oncall", "command")


def test_a_link_answers_by_its_button_alone_and_for_its_page_alone(paged: SmallCity):
    notices = Notices(paged.place)
    notices.tick()
    raised(paged, "kms_key_deletion")
    notices.tick()
    (one,) = notices.open_pages()
    token = token_of(paged.place.link_key, one["id"], "duty", wall_clock() + HOUR)
    stranger = paged.visitor()
    assert stranger.get(f"/take/{token}").status_code == 200
    assert notices.open_pages()
    assert stranger.post(f"/take/{token}", headers={"origin": "http://evil.example"}).status_code == 403
    assert notices.open_pages()
    assert stranger.post(f"/take/{token}").status_code == 200
    assert notices.open_pages() == []
    assert paged.place.store.alert(one["about"]["id"]).assignee == "duty"
    assert "duty" in stranger.post(f"/take/{token}").text
    old = token_of(paged.place.link_key, one["id"], "duty", wall_clock() - 1)
    assert [stranger.get(f"/take/{bad}").status_code for bad in (old, token[:-3], "x")] == [400, 400, 400]
    assert stranger.get("/oncall").status_code == 303


def test_the_page_of_a_phone_takes_hands_over_and_keeps_others_out(paged: SmallCity):
    notices = Notices(paged.place)
    notices.tick()
    raised(paged, "kms_key_deletion")
    notices.tick()
    (one,) = notices.open_pages()
    assert form(paged.visitor("auditor"), "/oncall/take", page=one["id"]) == 403
    assert paged.visitor("chief").get("/oncall").status_code == 403
    assert form(paged.visitor("oncall"), "/oncall/take", page=one["id"]) == 303
    assert form(paged.visitor("oncall"), "/oncall/handover", rota="main", to="duty", hours="4") == 303
    assert form(paged.visitor("oncall"), "/oncall/handover", rota="main", to="duty", hours="-1") == 400
    assert [shift.handed for shift in notices.shifts("main", wall_clock(), wall_clock() + HOUR)] == [True]


def test_a_drill_pages_with_its_mark_and_an_unattended_one_pages_nobody(paged: SmallCity, hook: Receiver):
    notices = paged.up.notices
    notices.tick()
    for unattended in (True, False):
        drill = paged.up.drills.start("leaked_cloud_key", "operator", 1000, unattended)
        for _ in range(3):
            paged.up.drills.advance(drill)
            paged.up.pipeline.drain()
            time.sleep(0.3)
        notices.tick()
        notices.sending.flush_all()
        said = [json.loads(body) for _, _, body in hook.got]
        assert bool(said) is not unattended
        assert all(one["drill"] and one["title"].startswith("【演练 DRILL】") for one in said)
        assert paged.place.store.alerts(AlertQuery(drill=drill, limit=10))
    assert {one["about"]["kind"] for one in notices.pages()} == {"alert", "task"}
    paged.up.drills.abort(drill, "operator")
    paged.up.drills.advance(drill)


def test_what_was_delivered_is_let_go_after_its_days_and_what_failed_stays(tmp_path: Path):
    (tmp_path / "yunshao.yaml").write_text("language: zh\n", encoding="utf-8")
    (tmp_path / "oncall.yaml").write_text(f"keep_days: 30\n{oncall_file('http://127.0.0.1:1')}", encoding="utf-8")
    clock = Hands()
    place = Workspace(tmp_path)
    sending, kind, old = Notices(place, clock).sending, outbox.kind_of("hook"), clock.now - 31 * 24 * HOUR
    for number, (state, sent) in enumerate(
        (("sent", old), ("cancelled", None), ("failed", None), ("waiting", None), ("sent", clock.now))
    ):
        key = f"d{number}"
        row = {"id": key, "channel": "hook", "state": state, "sent": sent, "created": old, "wakes": None}
        place.store.put(kind, key, row)
    assert sending.prune() == 2
    assert sending.prune() == 0
    assert sorted(one["id"] for one in place.store.find(kind, 10)) == ["d2", "d3", "d4"]
