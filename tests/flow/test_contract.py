"""The command-line contract: output, exit codes, one clear line for an error."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest
from flow.cli import yunshao

RULE = """
title: Audit logging was stopped
id: 0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11
status: test
level: high
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: StopLogging}
  condition: selection
"""
EVENT = {
    "eventVersion": "1.08",
    "eventTime": "2026-01-02T03:04:05Z",
    "eventSource": "cloudtrail.amazonaws.com",
    "eventName": "StopLogging",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "198.51.100.7",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ops7", "accountId": "111122223333"},
    "eventID": "6c0f3f1e-0d0c-4b0e-9a53-6f1f2d6f7b11",
    "recipientAccountId": "111122223333",
}
OTHER = {**EVENT, "eventName": "DescribeTrails", "eventID": "f3c1c6f4-7a2e-4b5c-8f0e-2d9f1f0c7e22"}


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    """A folder with one rule."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "stop.yml").write_text(RULE)
    return folder


SHAPES = {
    "ndjson": orjson.dumps(EVENT) + b"\n" + orjson.dumps(OTHER) + b"\n",
    "array": orjson.dumps([EVENT, OTHER]),
    "wrapper": orjson.dumps({"Records": [EVENT, OTHER]}),
    "run_together": orjson.dumps(EVENT) + orjson.dumps(OTHER),
    "pretty": orjson.dumps({"Records": [EVENT, OTHER]}, option=orjson.OPT_INDENT_2),
    "gzip": gzip.compress(orjson.dumps({"Records": [EVENT, OTHER]})),
    "bom_and_crlf": b"\xef\xbb\xbf" + orjson.dumps(EVENT) + b"\r\n" + orjson.dumps(OTHER) + b"\r\n",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("source", ["aws.cloudtrail", "auto"])
def test_detect_finds_the_event_in_every_container(shape: str, source: str, rule: Path, tmp_path: Path) -> None:
    file = tmp_path / "trail.json"
    file.write_bytes(SHAPES[shape])
    done = yunshao("detect", "--rules", rule, "--source", source, file)
    assert done.code == 0, done.err
    (alert,) = done.rows
    assert alert["rule_id"] == "0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11"
    assert alert["title"] == "Audit logging was stopped"
    assert alert["level"] == "high"
    assert alert["event_ids"] == [EVENT["eventID"]]
    assert alert["time"] == 1767323045000


def test_normalise_gives_ocsf_and_keeps_what_it_refused(tmp_path: Path) -> None:
    file = tmp_path / "trail.ndjson"
    file.write_bytes(SHAPES["ndjson"] + b"\xff\xfe broken\n{}\n")
    rejects = tmp_path / "rejects.ndjson"
    done = yunshao("normalise", "--source", "aws.cloudtrail", "--rejects", rejects, file)
    assert done.code == 0, done.err
    assert [row["api"]["operation"] for row in done.rows] == ["StopLogging", "DescribeTrails"]
    refused = [orjson.loads(line) for line in rejects.read_bytes().splitlines()]
    assert [row["position"] for row in refused] == [3, 4]
    assert all(row["reason"] and row["source"] == "aws.cloudtrail" for row in refused)


def test_rules_check_names_file_line_and_reason(rule: Path) -> None:
    (rule / "bad.yml").write_text(RULE.replace("condition: selection", "condition: nothing_of_this"))
    done = yunshao("rules", "check", rule)
    assert done.code == 1
    status = {Path(row["file"]).name: row for row in done.rows}
    assert status["stop.yml"]["status"] == "ok"
    assert status["bad.yml"]["status"] == "refused"
    assert status["bad.yml"]["reason"]
    assert isinstance(status["bad.yml"]["line"], int)


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("detect", "--source", "no.such", "x"),
        ("detect", "--source", "aws.cloudtrail", "/no/such/file"),
        ("assess", "calculate", "--method", "none", "--asset", "1", "--threat", "1", "--vulnerability", "1"),
        ("assess", "calculate", "--method", "iso27005", "--asset", "9", "--threat", "1", "--vulnerability", "1"),
        ("alerts", "list", "-w", "/no/such/workspace"),
        ("verify", "/no/such/bundle.zip"),
        ("verify",),
        ("detect", "--source", "auto"),
        ("detect", "--format", "xml", "--source", "auto", "x"),
        ("rules", "nonsense"),
        ("alerts", "list", "--limit", "-3"),
        ("up", "--port", "70000"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_wrong_use_is_one_line_and_exit_code_2(words: tuple[str, ...]) -> None:
    done = yunshao(*words)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("yunshao: ")


def test_detect_says_what_auto_took_the_records_for(tmp_path: Path) -> None:
    file = tmp_path / "trail.ndjson"
    file.write_bytes(orjson.dumps(EVENT) + b"\n" + orjson.dumps(OTHER))
    assert "guessed: aws.cloudtrail 2" in yunshao("detect", "--source", "auto", file).err


@pytest.mark.parametrize(
    ("method", "numbers", "level"),
    [
        ("gbt20984-matrix", (2, 2, 2), 1),
        ("gbt20984-matrix", (5, 2, 4), 4),
        ("gbt20984-multiply", (4, 1, 3), 2),
        ("gbt20984-multiply", (5, 2, 4), 3),
    ],
)
def test_one_risk_by_hand(method: str, numbers: tuple[int, int, int], level: int) -> None:
    asset, threat, vulnerability = numbers
    words = ("--asset", asset, "--threat", threat, "--vulnerability", vulnerability, "--format", "ndjson")
    (row,) = yunshao("assess", "calculate", "--method", method, *words).rows
    assert row["level"] == level
    assert row["way"]


def test_a_file_that_is_no_bundle_fails_the_check(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(b"not a zip")
    assert yunshao("verify", file).code == 1


def test_init_makes_a_workspace_that_the_doctor_accepts(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    assert yunshao("init", folder).code == 0
    assert yunshao("init", folder).code == 2
    done = yunshao("doctor", "-w", folder, "--format", "ndjson")
    assert done.code == 0, done.err
    assert yunshao("org", "check", "-w", folder).code == 0
