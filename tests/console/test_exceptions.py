"""What an exception must not hide: tests of the rule, alerts closed as true, what drills expect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.exceptions import drill_events, held_exceptions
from console.wiring import Held, Workspace, wall_clock
from detectors.replay import replay
from detectors.sigma.detector import SigmaDetector
from playbooks.scenes import demo_estate
from yunshao.model.alert import AlertQuery, close, raise_alert, reopen
from yunshao.model.event import Event
from yunshao.model.finding import Finding
from yunshao.ports import Batch

DRILL, EXPECTED = "leaked_cloud_key", "audit_log_switched_off"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "yunshao.yaml").write_text("detect: {anomalies: false}\n", encoding="utf-8")
    (tmp_path / "org.yaml").write_text(demo_estate(), encoding="utf-8")
    (tmp_path / "rules").mkdir()
    return Workspace(tmp_path)


def text(match: str, rule: str = EXPECTED, created: str = "", expires: str = "") -> str:
    today = datetime.now(UTC).date()
    said = {"id": "known", "rule": rule, "match": match, "owner": "Operations", "reason": "a test"}
    said |= {"created": created or today.isoformat(), "expires": expires or (today + timedelta(days=30)).isoformat()}
    return "exceptions:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in said.items()) + "\n"


def held(place: Workspace, *texts: str) -> list[Held]:
    return list(held_exceptions(place, [(f"exceptions{n}.yml", one) for n, one in enumerate(texts)]))


def _fired(place: Workspace) -> tuple[Finding, Event]:
    """What the expected rule finds in the drill, and the event of it."""
    rule = place.rules.by_name()[EXPECTED]
    events = drill_events(place, place.playbooks[DRILL])
    found = next(each for each in replay(SigmaDetector(place.rules), events) if each.rule_id == rule.id)
    return found, next(each for each in events if each.uid == found.events[0].uid)


def test_a_case_that_nobody_knows_as_true_is_applied_under_the_rules_id(place: Workspace) -> None:
    (one,) = held(place, text("{userIdentity.userName: terraform-robot}"))
    assert (one.state, one.why) == ("applied", ())
    assert one.exception is not None
    assert one.exception.rule == place.rules.by_name()[EXPECTED].id


def test_what_hides_a_test_of_the_rule_is_refused(place: Workspace) -> None:
    (one,) = held(place, text("{eventName: StopLogging}"))
    assert one.state == "refused"
    assert any("test 1 of audit_log_switched_off" in why for why in one.why)


def test_what_hides_an_alert_that_a_drill_expects_is_refused(place: Workspace) -> None:
    _, sent = _fired(place)
    region = sent.native["awsRegion"]
    (one,) = held(place, text(f"{{awsRegion: {region}, eventName: {sent.native['eventName']}}}"))
    assert one.state == "refused"
    assert f"it would hide an alert that the drill {DRILL} expects" in one.why


def test_what_hides_an_alert_closed_as_true_is_refused_and_one_closed_as_false_is_not(place: Workspace) -> None:
    rule = place.rules.by_name()[EXPECTED]
    _, sent = _fired(place)
    record = {**sent.native, "eventID": "real-1", "sourceIPAddress": "203.0.113.77"}
    real = Event(sent.source, "real-1", sent.time, record, lambda *_: sent.ocsf)
    (found,) = [each for each in replay(SigmaDetector(place.rules), [real]) if each.rule_id == rule.id]
    place.store.commit(Batch(events=[real], alerts=[raise_alert(found, wall_clock())]))
    (alert,) = place.store.alerts(AlertQuery(rule=rule.id))
    address = text("{sourceIPAddress: 203.0.113.77}")
    place.store.change_alert(alert.id, lambda found: close(found, "false_positive", "wang", 1, "known"))
    assert [one.why for one in held(place, address)] == [()]
    place.store.change_alert(
        alert.id, lambda found: close(reopen(found, "wang", 2), "true_positive", "wang", 3, "an attack after all")
    )
    (one,) = held(place, address)
    assert one.why == (f"it would hide alert {alert.id[:12]}, which was closed as true positive",)


@pytest.mark.parametrize(
    ("changes", "state", "why"),
    [
        ({"rule": "no_such_rule"}, "refused", "no rule has the id or name"),
        ({"rule": "object_deleted"}, "refused", "alerts nobody by itself"),
        ({"created": "2025-01-01", "expires": "2025-06-01"}, "expired", "since 2025-06-01"),
        ({"rule": "objects_deleted_in_mass", "match": "{eventName: DeleteObject}"}, "refused", "no field"),
    ],
)
def test_an_exception_that_cannot_be_applied_says_why(
    place: Workspace, changes: dict[str, str], state: str, why: str
) -> None:
    (one,) = held(place, text(**{"match": "{userIdentity.userName: robot}", **changes}))
    assert one.state == state
    assert why in one.why[0]


def test_an_id_stands_once_and_a_file_that_cannot_be_read_is_refused(place: Workspace) -> None:
    good = text("{userIdentity.userName: robot}")
    first, second, third = held(place, good, good, "exceptions: [")
    assert (first.state, second.state, third.state) == ("applied", "refused", "refused")
    assert "taken" in second.why[0]
    assert third.exception is None


def test_the_workspace_applies_what_is_good_and_knows_its_overlay(place: Workspace) -> None:
    rules = place.folder / "rules"
    (rules / "exceptions.yml").write_text(text("{userIdentity.userName: robot}"), encoding="utf-8")
    (rules / "overlay.yml").write_text(f"{EXPECTED}: {{level: low}}\nroot_console_login: {{stage: draft}}\n", "utf-8")
    again = Workspace(place.folder)
    assert [one.state for one in again.exceptions] == ["applied"]
    assert again.rules.by_name()[EXPECTED].level == "low"
    assert again.rules.by_name()["root_console_login"].stage == "draft"
