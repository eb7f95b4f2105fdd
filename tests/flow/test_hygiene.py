"""Folding, snoozing, stages and exceptions by the command line, from raw log to queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from flow.cli import yunshao

RULE = """
title: Audit logging was stopped
id: 0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11
name: logging_stopped
level: high
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: StopLogging}
  condition: selection
yunshao:
  tests:
    - {fires: true, event: {eventName: StopLogging, userIdentity: {userName: eve}}}
    - {fires: false, event: {eventName: StartLogging}}
"""
UNTESTED = RULE.split("yunshao:", maxsplit=1)[0].replace("0a11", "0a12").replace("logging_stopped", "untested")
SETTINGS = """
detect: {library: false, anomalies: false}
sources:
  - {name: trail, source: aws.cloudtrail, kind: file, path: logs}
"""


def stopped(number: int, user: str, minute: int = 0) -> bytes:
    return orjson.dumps(
        {
            "eventVersion": "1.08", "eventTime": f"2026-01-02T03:{minute:02}:05Z", "eventName": "StopLogging",
            "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7",
            "userIdentity": {"type": "IAMUser", "userName": user, "accountId": "111122223333"},
            "eventID": f"6c0f3f1e-0d0c-4b0e-9a53-{number:012}", "recipientAccountId": "111122223333",
        }
    ) + b"\n"  # fmt: skip


class City:
    """A workspace with one rule of its own, and a log that grows."""

    def __init__(self, folder: Path) -> None:
        assert yunshao("init", folder).code == 0
        self.folder = folder
        (folder / "yunshao.yaml").write_text(SETTINGS, encoding="utf-8")
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "logging_stopped.yml").write_text(RULE, encoding="utf-8")
        (folder / "logs").mkdir(exist_ok=True)

    def write(self, *lines: bytes) -> None:
        with (self.folder / "logs" / "trail.json").open("ab") as log:
            log.writelines(lines)

    def drain(self) -> None:
        done = yunshao("up", "--drain", "-w", self.folder)
        assert done.code == 0, done.err

    def run(self, *words: object) -> Any:
        return yunshao(*words, "-w", self.folder)

    def alerts(self, *words: object) -> list[dict[str, Any]]:
        return self.run("alerts", "list", "--format", "ndjson", *words).rows


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path / "city")


def test_repeats_are_one_alert_live_and_one_line_each_off_line(city: City) -> None:
    city.write(*(stopped(n, "eve", n % 60) for n in range(30)), stopped(99, "mallory"))
    city.drain()
    (mallory, eve) = sorted(city.alerts(), key=lambda row: row["count"])
    assert (eve["count"], eve["entity"], mallory["count"]) == (30, "eve", 1)
    assert eve["last"] - eve["first"] == 29 * 60_000
    log, rules = city.folder / "logs" / "trail.json", city.folder / "rules"
    single = yunshao("detect", "--rules", rules, "--source", "aws.cloudtrail", log).rows
    grouped = yunshao("detect", "--group", "--rules", rules, "--source", "aws.cloudtrail", log).rows
    assert [len(row["event_ids"]) for row in single] == [1] * 31
    assert sorted((row["entity"], row["count"]) for row in grouped) == [("eve", 30), ("mallory", 1)]


def test_a_snoozed_alert_is_out_of_the_queue_and_counted(city: City) -> None:
    city.write(stopped(1, "eve"), stopped(2, "mallory"))
    city.drain()
    found = next(row["id"] for row in city.alerts() if row["entity"] == "eve")
    assert city.run("alerts", "snooze", found[:12], "--until", "31d", "--reason", "x").code == 2
    assert city.run("alerts", "snooze", found[:12], "--until", "8h", "--reason", " ").code == 2
    assert city.run("alerts", "snooze", found[:12], "--until", "8h", "--reason", "the vendor works on it").code == 0
    listed = city.run("alerts", "list", "--format", "ndjson")
    assert [row["entity"] for row in listed.rows] == ["mallory"]
    assert "1 snoozed" in listed.err
    assert [row["id"] for row in city.alerts("--snoozed")] == [found]
    assert city.run("alerts", "wake", found[:12]).code == 0
    assert len(city.alerts()) == 2


def test_a_rules_snooze_covers_what_comes_later(city: City) -> None:
    words = ("alerts", "snooze", "--rule", "logging_stopped", "--entity", "eve", "--until", "2d", "--reason", "known")
    assert city.run(*words).code == 0
    city.write(stopped(1, "eve"), stopped(2, "mallory"))
    city.drain()
    assert [row["entity"] for row in city.alerts()] == ["mallory"]
    (row,) = city.run("alerts", "snoozes", "--format", "ndjson").rows
    assert (row["rule"], row["entity"], row["reason"]) == ("logging_stopped", "eve", "known")
    assert city.run("alerts", "wake", "--rule", "logging_stopped").code == 2
    assert city.run("alerts", "wake", "--rule", "logging_stopped", "--entity", "eve").code == 0
    assert len(city.alerts()) == 2


def test_a_staged_rule_alerts_on_trial_and_a_draft_not_at_all(city: City) -> None:
    assert city.run("rules", "stage", "logging_stopped", "staged", "--reason", "on trial").code == 0
    city.write(stopped(1, "eve"))
    city.drain()
    listed = city.run("alerts", "list", "--format", "ndjson")
    assert listed.rows == []
    assert "1 staged" in listed.err
    assert [row["staged"] for row in city.alerts("--staged")] == [True]
    assert city.run("rules", "stage", "logging_stopped", "draft", "--reason", "rewritten").code == 0
    city.write(stopped(2, "mallory"))
    city.drain()
    assert city.alerts() == []
    assert len(city.alerts("--staged")) == 1


def test_a_rule_without_tests_or_with_one_that_fails_does_not_go_live(city: City) -> None:
    rules = city.folder / "rules"
    (rules / "untested.yml").write_text(UNTESTED, encoding="utf-8")
    (rules / "logging_stopped.yml").write_text(RULE.replace("fires: false", "fires: true"), encoding="utf-8")
    for rule in ("untested", "logging_stopped"):
        refused = city.run("rules", "stage", rule, "production", "--reason", "now")
        assert refused.code == 1
        assert "test" in refused.err
    assert city.run("rules", "stage", "untested", "draft", "--reason", "later").code == 0
    assert city.run("rules", "stage", "no_such", "draft", "--reason", "x").code == 2
    assert city.run("rules", "stage", "untested", "live", "--reason", "x").code == 2


def _soon() -> str:
    return (datetime.now(UTC).date() + timedelta(days=90)).isoformat()


def exception(city: City, user: str, **changes: str) -> Any:
    words = {"id": f"known-{user}", "rule": "logging_stopped", "match": f"userIdentity.userName={user}"}
    words |= {"owner": "Operations", "reason": "a test", "expires": _soon(), **changes}
    return city.run(
        "rules", "exceptions", "add", *(word for key, value in words.items() for word in (f"--{key}", value))
    )


def test_an_exception_hides_counts_and_is_refused_where_it_hides_the_truth(city: City) -> None:
    assert exception(city, "eve", expires="2999-01-01").code == 2
    hiding = exception(city, "eve")
    assert hiding.code == 1
    assert "test 1 of logging_stopped" in hiding.err
    assert exception(city, "robot").code == 0
    assert exception(city, "robot").code == 2
    city.write(stopped(1, "robot"), stopped(2, "robot", 1), stopped(3, "mallory"))
    city.drain()
    (mallory,) = city.alerts()
    (row,) = city.run("rules", "exceptions", "list", "--format", "ndjson").rows
    assert (row["state"], row["hidden"], row["days"]) == ("applied", 2, {"2026-01-02": 2})
    closed = city.run("alerts", "close", mallory["id"], "--verdict", "true_positive", "--note", "an attack")
    assert closed.code == 0
    hiding = exception(city, "mallory")
    assert hiding.code == 1
    assert mallory["id"][:12] in hiding.err
    assert city.run("rules", "exceptions", "check").code == 0


def test_an_exception_that_hides_the_truth_is_not_applied_at_start_and_the_doctor_says_so(city: City) -> None:
    assert exception(city, "robot").code == 0
    path = city.folder / "rules" / "exceptions.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('"robot"', '"eve"'), encoding="utf-8")
    assert city.run("rules", "exceptions", "check").code == 1
    city.write(stopped(1, "eve"))
    city.drain()
    assert [row["entity"] for row in city.alerts()] == ["eve"]
    found = [row for row in city.run("doctor", "--format", "ndjson").rows if row["what"] == "exceptions"]
    assert any("known-robot is not applied, refused" in row["found"] for row in found)
