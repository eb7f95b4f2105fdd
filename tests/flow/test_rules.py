"""Rules as code, as a user works: import, check, explain, look back, and see what is covered."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import orjson
import pytest
from flow.cli import yunshao
from flow.test_contract import EVENT, RULE
from shared_data import shared_data

ID = "0b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11"
DAY_TWO = "2026-01-03T03:04:05Z"


def trail(name: str, number: int, **more: object) -> dict[str, object]:
    return {**EVENT, "eventName": name, "eventID": f"6c0f3f1e-0d0c-4b0e-9a53-{number:012d}", **more}


LOG = [
    trail("StopLogging", 1),
    trail("StopLogging", 2, eventTime=DAY_TWO, errorCode="AccessDenied"),
    trail("DeleteTrail", 3, eventTime=DAY_TWO),
    trail("DescribeTrails", 4, eventTime=DAY_TWO),
]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with one rule."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "stop_logging_rule.yml").write_text(RULE + "description: It was.\n")
    return folder


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has read four events of two days."""
    folder = tmp_path_factory.mktemp("rules") / "city"
    assert yunshao("init", folder).code == 0
    logs = folder / "logs" / "aws.cloudtrail"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "trail.ndjson").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in LOG))
    done = yunshao("up", "--drain", "-w", folder)
    assert done.code == 0, done.err
    return folder


def test_a_good_rule_passes_the_strict_check(rules: Path) -> None:
    done = yunshao("rules", "check", rules, "--strict")
    (row,) = done.rows
    assert (done.code, row["status"], row["warnings"]) == (0, "ok", [])


def test_a_warning_has_its_line_and_fails_only_the_strict_check(rules: Path) -> None:
    (rules / "stop_logging_rule.yml").write_text(RULE.replace("eventName", "eventNmae") + "description: It was.\n")
    done = yunshao("rules", "check", rules)
    assert done.code == 0, done.err
    (row,) = done.rows
    warned = {each["code"]: each for each in row["warnings"]}
    assert warned["unknown_field"]["line"] == 8
    assert "eventName" in warned["unknown_field"]["text"]
    assert yunshao("rules", "check", rules, "--strict").code == 1


def test_a_tree_is_imported_with_reasons_and_copied_as_it_is(rules: Path, tmp_path: Path) -> None:
    deep = rules / "deep" / "er"
    deep.mkdir(parents=True)
    other = RULE.replace(ID, "1b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11")
    (deep / "macos_only.yml").write_text(other.replace("product: aws, service: cloudtrail", "product: macos"))
    (rules / "broken.yml").write_text(other.replace("condition: selection", "condition: nothing"))
    (rules / "LICENSE").write_text("keep me\n")
    target = tmp_path / "workspace" / "rules" / "foreign"
    done = yunshao("rules", "import", rules, "--to", target, "--format", "ndjson")
    assert done.code == 0, done.err
    fates = {Path(row["file"]).name: (row["fate"], row["why"], row["product"]) for row in done.rows}
    assert fates == {
        "stop_logging_rule.yml": ("loads", "", "aws"),
        "macos_only.yml": ("never_fires", "no_source", "macos"),
        "broken.yml": ("refused", "refused", "aws"),
    }
    copied = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert copied == {"stop_logging_rule.yml", "deep/er/macos_only.yml", "LICENSE"}
    assert (target / "stop_logging_rule.yml").read_bytes() == (rules / "stop_logging_rule.yml").read_bytes()


def test_an_edited_copy_is_kept_unless_it_may_be_overwritten(rules: Path, tmp_path: Path) -> None:
    target = tmp_path / "there"
    assert yunshao("rules", "import", rules, "--to", target).code == 0
    copy = target / "stop_logging_rule.yml"
    copy.write_text("mine\n")
    assert "kept" in yunshao("rules", "import", rules, "--to", target).err
    assert copy.read_text() == "mine\n"
    assert yunshao("rules", "import", rules, "--to", target, "--overwrite").code == 0
    assert copy.read_text() != "mine\n"


def test_a_link_out_of_the_tree_is_not_copied(rules: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text(RULE.replace(ID, "2b2f7a35-3f6c-4d6d-9d3c-5a8f3b1f0a11"))
    (rules / "linked.yml").symlink_to(outside)
    assert yunshao("rules", "import", rules, "--to", tmp_path / "there").code == 0
    assert not (tmp_path / "there" / "linked.yml").exists()


@pytest.mark.slow
def test_of_the_public_tree_99_percent_compile_and_the_rest_say_why(tmp_path: Path) -> None:
    with tarfile.open(shared_data("sigma/sigma-rules.tar.gz")) as archive:
        members = [member for member in archive if member.name.removeprefix("./").startswith("rules")]
        archive.extractall(tmp_path, members, filter="data")
    done = yunshao("rules", "import", tmp_path, "--format", "ndjson")
    assert done.code == 0, done.err
    refused = [row for row in done.rows if row["fate"] == "refused"]
    assert len(done.rows) >= 3780
    assert len(refused) <= 0.01 * len(done.rows)
    assert all(row["file"] and row["line"] > 0 and row["reason"] for row in refused)


PIPELINE = "transformations:\n  - {type: field_name_mapping, mapping: {what_happened: eventName}}\n"


def test_a_pipeline_renames_what_a_rule_asks_for(rules: Path, tmp_path: Path) -> None:
    (rules / "stop_logging_rule.yml").write_text(RULE.replace("eventName", "what_happened"))
    pipeline, log = tmp_path / "pipeline.yml", tmp_path / "trail.json"
    pipeline.write_text(PIPELINE)
    log.write_bytes(orjson.dumps(EVENT))
    words = ("detect", "--source", "aws.cloudtrail", "--rules", rules, log)
    assert yunshao(*words).rows == []
    assert [row["rule_id"] for row in yunshao(*words, "--pipeline", pipeline).rows] == [ID]
    (row,) = yunshao("rules", "check", rules, "--pipeline", pipeline).rows
    assert "unknown_field" not in {each["code"] for each in row["warnings"]}


def test_a_file_that_is_no_pipeline_is_wrong_use(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("transformations: [{type: no_such_thing}]\n")
    done = yunshao("rules", "check", rules, "--pipeline", tmp_path / "p.yml")
    assert done.code == 2
    assert "Traceback" not in done.err


def test_the_pipelines_of_a_workspace_are_for_its_own_rules(rules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city"
    assert yunshao("init", folder).code == 0
    (folder / "pipeline.yml").write_text(PIPELINE)
    settings = folder / "yunshao.yaml"
    settings.write_text(
        settings.read_text().replace("  rules: [rules]", "  rules: [rules]\n  pipelines: [pipeline.yml]")
    )
    (folder / "rules" / "mine.yml").write_text(RULE.replace("eventName", "what_happened"))
    (tmp_path / "trail.json").write_bytes(orjson.dumps(EVENT))
    (row,) = yunshao("rules", "explain", ID, tmp_path / "trail.json", "-w", folder, "--format", "ndjson").rows
    assert row["fires"]
    assert row["readings"][0]["tree"]["field"] == "eventName"


def test_detecting_without_a_pipeline_does_not_load_pysigma(tmp_path: Path) -> None:
    code = "import sys, console.cli.detect, console.cli.rules; sys.exit('sigma' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path).returncode == 0


def test_a_rule_is_explained_on_an_event_from_a_file_and_from_stdin(rules: Path, tmp_path: Path) -> None:
    rule = rules / "stop_logging_rule.yml"
    (tmp_path / "trail.json").write_bytes(orjson.dumps(trail("StartLogging", 9)))
    done = yunshao("rules", "explain", rule, tmp_path / "trail.json")
    assert done.code == 0, done.err
    assert "does not fire" in done.out.decode()
    assert "eventName is 'StartLogging'; wanted: equal to 'StopLogging'" in done.out.decode()
    chinese = yunshao("rules", "explain", rule, "-", "--lang", "zh", stdin=orjson.dumps(EVENT)).out.decode()
    assert "命中" in chinese
    (row,) = yunshao("rules", "explain", rule, "-", "--format", "ndjson", stdin=b'{"eventName": "StopLogging"}').rows
    assert (row["fires"], row["routed"], row["rule_id"]) == (True, True, ID)


def test_a_stored_event_is_explained_by_its_id(city: Path) -> None:
    words = ("rules", "explain", "audit_log_switched_off", LOG[1]["eventID"], "-w", city, "--format", "json")
    done = yunshao(*words)
    assert done.code == 0, done.err
    row = orjson.loads(done.out)
    assert (row["fires"], row["event"]["uid"]) == (False, LOG[1]["eventID"])
    selection, failed = row["readings"][0]["tree"]["pieces"]
    assert (selection["held"], failed["held"], failed["pieces"][0]["value"]) == (True, False, "AccessDenied")


@pytest.mark.parametrize(
    "words",
    [
        ("rules", "explain", "no_such_rule", "-"),
        ("rules", "explain", "audit_log_switched_off", "no-such-event"),
        ("rules", "explain", "audit_log_switched_off", "-", "--lang", "fr"),
        ("rules", "import", "/no/such/folder"),
        ("rules", "backtest", "-w", "/no/such/workspace"),
        ("rules", "blind", "-w", "/no/such/workspace"),
        ("rules", "coverage", "--out", "/no/such/folder/file"),
        ("detect", "--source", "zeek", "--pipeline", "/no/such/file", "/dev/null"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_wrong_use_is_one_line(words: tuple[str, ...]) -> None:
    done = yunshao(*words, stdin=b"{}")
    assert done.code == 2
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "junk", [b"", b"\xff\xfe\x00", b"[" * 5000, b"{" * 5000, b'{"a": ' * 400, b"null", b"\0" * 100]
)
def test_no_input_makes_explaining_fail(junk: bytes) -> None:
    done = yunshao("rules", "explain", "audit_log_switched_off", "-", "--source", "aws.cloudtrail", stdin=junk)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_looking_back_finds_what_was_found_live(city: Path) -> None:
    live = yunshao("alerts", "list", "-w", city, "--format", "ndjson").rows
    done = yunshao("rules", "backtest", "-w", city, "--days", "30", "--format", "ndjson")
    assert done.code == 0, done.err
    found = {row["name"]: row for row in done.rows if row["alerts"]}
    assert {row["rule_name"] for row in live if row["kind"] != "behaviour"} == set(found)
    assert found["audit_log_switched_off"]["days"] == {"2026-01-02": 1, "2026-01-03": 1}
    assert found["audit_log_switched_off"]["entities"] == [{"entity": "user/ops7", "alerts": 2}]


def test_an_edit_shows_what_it_adds_and_removes(city: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text(RULE)
    new.write_text(RULE.replace("eventName: StopLogging", "eventName: DescribeTrails"))
    words = ("rules", "backtest", new, "--against", old, "-w", city, "--days", "30")
    (row,) = yunshao(*words, "--format", "ndjson").rows
    assert (row["before"], row["alerts"], row["added"]["alerts"], row["removed"]["alerts"]) == (2, 1, 1, 2)
    assert row["added"]["examples"][0]["event_ids"] == [LOG[3]["eventID"]]
    told = yunshao(*words)
    assert "2 removed" in told.err
    assert "removed: 2026-01-02" in told.err


def test_a_rule_that_is_refused_is_not_looked_back_with(city: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text(RULE.replace("condition: selection", "condition: nothing"))
    done = yunshao("rules", "backtest", tmp_path / "bad.yml", "-w", city)
    assert done.code == 2
    assert "bad.yml:9" in done.err


def test_coverage_is_a_layer_that_says_what_was_seen(city: Path, tmp_path: Path) -> None:
    out = tmp_path / "layer.json"
    assert yunshao("rules", "coverage", "-w", city, "--format", "navigator", "--out", out).code == 0
    layer = orjson.loads(out.read_bytes())
    (seen,) = [each for each in layer["techniques"] if each["techniqueID"] == "T1685.002"]
    assert seen["score"] == 3
    rows = {row["technique"]: row for row in yunshao("rules", "coverage", "-w", city, "--format", "ndjson").rows}
    assert (rows["T1685.002"]["state"], rows["T1685.002"]["alerts"]) == ("seen for real", 2)


def test_rules_without_records_are_blind(city: Path) -> None:
    done = yunshao("rules", "blind", "-w", city, "--format", "ndjson")
    reasons = {row["name"]: row["why"] for row in done.rows}
    assert reasons["ssh_login_failed"] == "no_records"
    assert "audit_log_switched_off" not in reasons
    more = {
        row["name"]: row["why"] for row in yunshao("rules", "blind", "--all", "-w", city, "--format", "ndjson").rows
    }
    assert more["root_key_call"] == "never_fired"
