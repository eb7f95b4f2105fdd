"""Every page, in both languages, as its page and as its JSON twin."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from contract.samples import alert, event, finding
from small_city import HOSTILE, SmallCity, form

from console.roles.assessments import run_assessment
from console.wiring import wall_clock
from yunshao.model.alert import raise_flood
from yunshao.ports import Batch

PAGES = (
    "/", "/alerts", "/incidents", "/units", "/risks", "/risks/proposals", "/assessments", "/drills", "/calendar",
    "/playbooks", "/rectifications", "/reports", "/sources",
)  # fmt: skip
ADDRESS = re.compile(r"""(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?//""")


class Inline(HTMLParser):
    """Gathers what the strict policy would stop: scripts and styles in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = 0
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1
        names = {name for name, _ in attrs}
        inline = tag == "style" or (tag == "script" and "src" not in names)
        if inline or any(name == "style" or name.startswith("on") for name in names):
            self.wrong.append(f"{tag} {attrs}")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_is_whole_in_its_language(city: SmallCity, path: str, language: str) -> None:
    client = city.visitor("admin")
    client.cookies.set("yunshao_lang", language)
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text
    assert not ADDRESS.search(answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_a_page_needs_a_looser_policy(city: SmallCity, path: str) -> None:
    answer = city.visitor("admin").get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    found = Inline()
    found.feed(answer.text)
    assert found.tags
    assert not found.wrong


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/"])
def test_a_page_has_a_json_twin(city: SmallCity, path: str) -> None:
    assert city.visitor("admin").get(f"{path}.json").json()


def _hostile_id(city: SmallCity) -> str:
    rows = city.visitor("admin").get("/alerts.json", params={"entity": HOSTILE}).json()["alerts"]
    return str(rows[0]["id"])


def test_what_an_attacker_named_is_shown_as_text(city: SmallCity) -> None:
    for path in ("/alerts", f"/alerts/{_hostile_id(city)}", "/units/unowned"):
        page = city.visitor("admin").get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page.replace('<img src="/static/logo.svg"', "")
        assert "{{7*7}}" in page


def test_the_alert_page_says_whose_why_and_shows_the_record(city: SmallCity) -> None:
    client = city.visitor("operator")
    client.cookies.set("yunshao_lang", "en")
    row = client.get("/alerts.json", params={"unit": city.unit}).json()["alerts"][0]
    page = client.get(f"/alerts/{row['id']}").text
    assert city.place.estate.unit_name(city.unit, "en") in page
    assert row["event_ids"][0] in page
    assert "eventSource" in page


def test_an_alert_is_acknowledged_assigned_closed_and_reopened(city: SmallCity) -> None:
    client = city.visitor("operator")
    alert = client.get("/alerts.json", params={"unit": "unowned"}).json()["alerts"][0]["id"]
    for what, more, status in (
        ("acknowledge", {}, "acknowledged"),
        ("assign", {"assignee": "oncall"}, "acknowledged"),
        ("close", {"verdict": "false_positive", "note": "a planned test"}, "closed"),
        ("reopen", {"note": "it came again"}, "new"),
    ):
        assert form(client, "/alerts/do", what=what, ids=alert, **more) == 303
        shown = client.get(f"/alerts/{alert}.json").json()
        assert shown["alert"]["status"] in {status, "acknowledged"}
    assert [deed["did"] for deed in shown["deeds"]] == ["acknowledge", "assign", "close", "reopen"]
    assert {deed["by"] for deed in shown["deeds"]} == {"operator"}


def test_several_alerts_are_taken_at_once(city: SmallCity) -> None:
    client = city.visitor("oncall")
    rows = client.get("/alerts.json", params={"status": "new"}).json()["alerts"][:3]
    assert form(client, "/alerts/do", what="acknowledge", ids=",".join(row["id"] for row in rows)) == 303
    assert all(client.get(f"/alerts/{row['id']}.json").json()["alert"]["status"] == "acknowledged" for row in rows)


def _commit(city: SmallCity, name: str, **changes: Any) -> list[str]:
    """Three findings of one group, a minute apart, in the store; gives the ids of what is new."""
    now = wall_clock()
    begin = now // 3_600_000 * 3_600_000
    events = [event(f"{name}{n}", time=begin + n * 60_000) for n in range(3)]
    alerts = [alert(one, rule=name, entity=name, detected=now, **changes) for one in events]
    return [one.id for one in city.place.store.commit(Batch(alerts=alerts))]


def test_an_alert_shows_how_often_from_when_to_when_and_how_it_is_spread(city: SmallCity) -> None:
    (found,) = _commit(city, "folded")
    client = city.visitor("operator")
    client.cookies.set("yunshao_lang", "en")
    data = client.get(f"/alerts/{found}.json").json()
    assert (data["alert"]["count"], [slot["count"] for slot in data["spread"]][:1]) == (3, [3])
    page = client.get(f"/alerts/{found}").text
    assert "×3" in page
    assert "Findings over the time of this alert" in page
    row = next(row for row in client.get("/alerts.json").json()["alerts"] if row["id"] == found)
    assert row["last"] - row["first"] == 120_000
    assert "→" in row["shown_span"]


def test_a_snoozed_alert_leaves_the_queue_and_is_counted_there(city: SmallCity) -> None:
    (found,) = _commit(city, "resting")
    client = city.visitor("operator")
    client.cookies.set("yunshao_lang", "en")
    for wrong in ({"hours": "8"}, {"hours": "9", "note": "x"}, {"note": "x"}):
        assert form(client, "/alerts/do", what="snooze", ids=found, **wrong) == 400
    before = client.get("/alerts.json").json()["left_out"]["snoozed"]
    overview = client.get("/overview.json").json()
    assert form(client, "/alerts/do", what="snooze", ids=found, hours="8", note="the vendor works on it") == 303
    queue = client.get("/alerts.json").json()
    assert queue["left_out"]["snoozed"] == before + 1
    assert found not in {row["id"] for row in queue["alerts"]}
    assert f"{before + 1} snoozed" in client.get("/alerts").text
    after = client.get("/overview.json").json()
    assert (after["snoozed"], sum(after["open"].values())) == (before + 1, sum(overview["open"].values()) - 1)
    assert f"{before + 1} snoozed" in client.get("/").text
    assert found in {row["id"] for row in client.get("/alerts.json", params={"shown": "snoozed"}).json()["alerts"]}
    assert form(client, "/alerts/do", what="wake", ids=found) == 303
    assert found in {row["id"] for row in client.get("/alerts.json").json()["alerts"]}


def test_what_a_rule_on_trial_says_stands_apart_and_is_counted(city: SmallCity) -> None:
    (found,) = _commit(city, "trial", staged=True)
    client = city.visitor("operator")
    queue = client.get("/alerts.json").json()
    assert queue["left_out"]["staged"] >= 1
    assert found not in {row["id"] for row in queue["alerts"]}
    assert found in {row["id"] for row in client.get("/alerts.json", params={"shown": "staged"}).json()["alerts"]}


def test_a_flood_says_how_many_groups_it_holds(city: SmallCity) -> None:
    floods = [
        raise_flood(finding(event(f"f{n}", time=wall_clock()), rule="noisy", entity=f"e{n}"), 0) for n in range(7)
    ]
    city.place.store.commit(Batch(alerts=floods))
    client = city.visitor("operator")
    client.cookies.set("yunshao_lang", "en")
    assert "flood of 7 groups" in client.get("/alerts", params={"rule": "noisy"}).text
    admin = city.visitor("admin")
    (flood,) = admin.get("/sources.json").json()["floods"]
    assert (flood["groups"], flood["count"], flood["source"]) == (7, 7, "aws.cloudtrail")
    assert flood["id"] in admin.get("/sources").text


def test_the_sources_page_tells_what_exceptions_hid(city: SmallCity) -> None:
    today = wall_clock() // 86_400_000
    city.place.store.commit(Batch(excepted={("robot", today): 3, ("robot", today - 1): 4}))
    client = city.visitor("admin")
    rows = client.get("/sources.json").json()["excepted"]
    assert [row for row in rows if row["exception"] == "robot"] == [{"exception": "robot", "today": 3, "total": 7}]
    assert "robot" in client.get("/sources").text


def test_an_assessment_says_what_exceptions_hid(city: SmallCity) -> None:
    day = wall_clock() // 86_400_000
    city.place.store.commit(Batch(excepted={("old-case", day): 5, ("old-case", day - 4000): 100}))
    document = city.place.store.get("assessment", run_assessment(city.place, "city_risk_assessment", "admin"))
    assert any("old-case (5)" in limit["en"] and "old-case (5)" in limit["zh"] for limit in document["limits"])


def test_closing_needs_a_known_verdict(city: SmallCity) -> None:
    client = city.visitor("operator")
    alert = client.get("/alerts.json").json()["alerts"][0]["id"]
    assert form(client, "/alerts/do", what="close", ids=alert, verdict="whatever") == 400


@pytest.mark.parametrize("path", ["/alerts/ffffffff", "/units/atlantis", "/assessments/x", "/drills/x", "/nowhere"])
def test_what_is_not_there_is_said_so(city: SmallCity, path: str) -> None:
    assert city.visitor("admin").get(path).status_code == 404


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "没有这个页面或记录"), ("en", "There is no such page or record")]
)
def test_an_error_is_said_in_the_language_of_the_visitor(city: SmallCity, language: str, said: str) -> None:
    client = city.visitor("admin")
    client.cookies.set("yunshao_lang", language)
    assert said in client.get("/nowhere").text


def test_the_days_of_the_overview_have_no_gaps(city: SmallCity) -> None:
    days = [date.fromisoformat(row["day"]) for row in city.visitor("admin").get("/overview.json").json()["days"]]
    assert len(days) == 14
    assert {(later - day).days for day, later in pairwise(days)} == {1}


def test_a_day_of_the_overview_is_one_of_the_citys_time_zone(city: SmallCity) -> None:
    client = city.visitor("admin")
    zone = ZoneInfo(city.place.settings.timezone)
    today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=9)
    before = {row["day"]: row["total"] for row in client.get("/overview.json").json()["days"]}
    midnight = int(today.timestamp() * 1000)
    parts = [alert(event(f"at{at}", time=at), rule=f"at{at}", detected=at) for at in (midnight - 1, midnight)]
    city.place.store.commit(Batch(alerts=parts))
    after = {row["day"]: row["total"] for row in client.get("/overview.json").json()["days"]}
    grown = {day: count - before[day] for day, count in after.items() if count != before[day]}
    assert grown == {(today - timedelta(days=1)).date().isoformat(): 1, today.date().isoformat(): 1}


def test_why_an_alert_fired_calls_the_unit_by_its_name(city: SmallCity) -> None:
    client = city.visitor("admin")
    rows = client.get("/alerts.json", params={"status": "any"}).json()["alerts"]
    row = next(row for row in rows if row["rule_name"] == "snapshot_shared_outside")
    assert city.place.estate.unit_name(row["unit"], "zh") in row["why_zh"]


@pytest.mark.parametrize(
    "query", ["shown=all", "level=loud", "status=odd", "before=zzz", "unit=%00", "text=%27%22%3B--", "entity=%F0"]
)
def test_odd_filters_end_in_a_page_or_in_one_clear_refusal(city: SmallCity, query: str) -> None:
    assert city.visitor("admin").get(f"/alerts?{query}").status_code in {200, 400, 404}


def test_a_chief_sees_the_own_units_alone(city: SmallCity) -> None:
    client = city.visitor("chief")
    rows = client.get("/alerts.json", params={"status": "any"}).json()["alerts"]
    assert rows
    assert {row["unit"] for row in rows} == {city.unit}
    assert [row["unit"] for row in client.get("/units.json").json()["units"]] == [city.unit]
    everyone = city.visitor("admin").get("/alerts.json", params={"status": "any"}).json()["alerts"]
    other = next(row["id"] for row in everyone if row["unit"] != city.unit)
    estate = city.place.estate
    other_unit = next(unit for unit in estate.units if city.unit not in estate.below(unit))
    assert client.get(f"/alerts/{other}").status_code == 404
    assert client.get(f"/units/{other_unit}").status_code in {403, 404}
    assert client.get("/alerts.json", params={"unit": other_unit}).json()["alerts"] == []
    assert {client.get(path).status_code for path in ("/assessments", "/drills", "/reports", "/sources")} == {403}


def test_a_drill_is_started_paused_resumed_and_aborted_from_its_page(city: SmallCity) -> None:
    client = city.visitor("oncall")
    assert form(client, "/drills/start", scenario="leaked_cloud_key", speed="1", unattended="yes") == 303
    drill = client.get("/drills.json").json()["drills"][0]["id"]
    for verb, state in (("pause", "paused"), ("resume", "running"), ("abort", "aborted")):
        assert form(client, f"/drills/{drill}/{verb}") == 303
        assert client.get(f"/drills/{drill}.json").json()["state"] == state
    city.up.drills.tick()
    assert client.get(f"/drills/{drill}").status_code == 200


@pytest.mark.parametrize(
    ("scenario", "speed"), [("none", "1"), ("leaked_cloud_key", "fast"), ("leaked_cloud_key", "1e9")]
)
def test_a_drill_that_cannot_be_is_refused(city: SmallCity, scenario: str, speed: str) -> None:
    assert form(city.visitor("oncall"), "/drills/start", scenario=scenario, speed=speed) in {400, 404}


def test_an_assessment_is_run_reported_and_downloaded(city: SmallCity) -> None:
    client = city.visitor("admin")
    assert form(client, "/assessments/run", playbook="city_risk_assessment") == 303
    made = client.get("/assessments.json").json()["assessments"][0]["id"]
    assert client.get(f"/assessments/{made}").status_code == 200
    assert form(client, "/reports/build", document=made) == 303
    report = client.get("/reports.json").json()["reports"][0]
    assert client.get(f"/reports/{report['id']}/bundle.zip").content[:2] == b"PK"
    shown = client.get(f"/reports/{report['id']}/files/assessment.zh.html")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert client.get(f"/reports/{report['id']}/files/..%2f..%2fyunshao.yaml").status_code == 404


def test_metrics_speak_prometheus(city: SmallCity) -> None:
    client = city.visitor("admin")
    page = client.get("/metrics").text
    assert "yunshao_" in page
    assert "# TYPE" in page


def test_metrics_are_not_for_strangers_from_elsewhere(city: SmallCity) -> None:
    answer = city.visitor().get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"})
    assert answer.status_code == 303
