"""Real logs of others, read where they lie: every record that is taken gives a valid event."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from shared_data import shared_data

from collectors.catalog import PARSERS, framing_of, guess
from collectors.files.content import gunzipped, packing_of, unpacked
from collectors.files.reading import Splitter
from collectors.spec import dated_hint
from yunshao.errors import Rejection

Problems = Callable[[dict[str, Any]], list[str]]
MOST = 1500
RECEIVED = 1_767_323_045_000


def entries(pack: str, part: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files of a pack whose name holds `part`, unpacked."""
    with tarfile.open(shared_data(pack)) as archive:
        for member in archive:
            if member.isfile() and part in member.name:
                held = archive.extractfile(member)
                assert held is not None
                content = held.read()
                if content[:2] == b"\x1f\x8b":
                    content = b"".join(text for text in gunzipped([content]) if isinstance(text, bytes))
                yield member.name, content


def take(source: str, name: str, content: bytes, problems: Problems) -> Counter[str]:
    """What became of the first records of a file."""
    parser, tally = PARSERS[source], Counter[str]()
    splitter = Splitter(framing_of(source))
    hint = dated_hint(name, RECEIVED) if framing_of(source) == "lines" else name
    for raw in [*splitter.feed(content), *splitter.close()][:MOST]:
        assert isinstance(raw, bytes)
        try:
            native = parser.decode(raw, hint)
            identity = parser.identify(native)
        except Rejection as refusal:
            tally[refusal.reason] += 1
            continue
        event = parser.normalise(native, identity)
        assert problems(event) == [], orjson.dumps(event)
        assert guess(raw, hint) == source
        tally["taken"] += 1
    return tally


def all_of(source: str, pack: str, part: str, problems: Problems) -> Counter[str]:
    """What became of the first records of every such file of a pack."""
    total = Counter[str]()
    for name, content in entries(pack, part):
        total += take(source, name, content, problems)
    return total


def test_cloudtrail_of_attack_detonations(problems: Problems) -> None:
    assert all_of("aws.cloudtrail", "cloud/aws-stratus-detonations.tar.gz", "detonation-logs", problems) == {
        "taken": 310
    }


def test_cloudtrail_log_files_as_aws_writes_them(problems: Problems) -> None:
    assert all_of("aws.cloudtrail", "cloud/aws-invictus-simulation.tar.gz", "CloudTrail/", problems) == {"taken": 2900}


def test_cloudtrail_of_every_format_version(problems: Problems) -> None:
    tally = all_of("aws.cloudtrail", "cloud/aws-cloudtrail-format-versions.tar.gz", "test_input", problems)
    assert tally["taken"] >= 200
    assert sum(tally.values()) - tally["taken"] <= 1


def test_kubernetes_audit(problems: Problems) -> None:
    assert all_of("k8s.audit", "cloud/kubernetes-audit.tar.gz", "demo.log", problems) == {"taken": 37}


def test_google_audit_logs_of_others(problems: Problems) -> None:
    tally = all_of("gcp.audit", "cloud/gcp-audit-events.tar.gz", ".json", problems)
    assert tally["taken"] == 61
    assert set(tally) == {"taken", "not_this_source"}


@pytest.mark.parametrize(
    ("source", "part", "many"), [("alibaba.actiontrail", "alibaba", 2), ("huawei.cts", "huawei", 2)]
)
def test_audit_logs_of_chinese_clouds(source: str, part: str, many: int, problems: Problems) -> None:
    assert all_of(source, "cloud/china-clouds-audit.tar.gz", f"{part}-", problems) == {"taken": many}


def test_the_example_of_tencent_whose_record_is_no_json(problems: Problems) -> None:
    (found,) = entries("cloud/china-clouds-audit.tar.gz", "tencent-")
    answer = orjson.loads(found[1])[0]["output"]
    assert take("tencent.cloudaudit", "answer", answer.encode(), problems) == {"taken": 1}


def test_azure_records_of_others(problems: Problems) -> None:
    tally = Counter[str]()
    for _name, content in entries("cloud/panther-rule-tests-dev-slice.tar.gz", "tests.jsonl"):
        for line in content.splitlines():
            test = orjson.loads(line)
            event = test["event"]
            if test["log_types"] == ["Azure.MonitorActivity"]:
                tally += take("azure.activity", test["name"], orjson.dumps(event), problems)
            elif test["log_types"] == ["Azure.Audit"]:
                source = "azure.signin" if event["category"] == "SignInLogs" else "azure.activity"
                tally += take(source, test["name"], orjson.dumps(event), problems)
    assert tally == {"taken": 62}


def test_zeek_of_a_competition(problems: Problems) -> None:
    tally = all_of("zeek", "network/zeek-wrccdc-json.tar", ".json.gz", problems)
    assert set(tally) == {"taken"}


def test_zeek_with_underscored_names(problems: Problems) -> None:
    tally = all_of("zeek", "network/zeek-apt29-day1.tar.gz", "individual_zeek_logs", problems)
    assert set(tally) == {"taken"}


@pytest.mark.parametrize("part", ["conn.log", "ssh.log", "http.log.labeled", "dns.log.labeled", "ssl.log.labeled"])
def test_zeek_tables(part: str, problems: Problems) -> None:
    tally = all_of("zeek", "network/zeek-labelled-dev.tar.xz", part, problems)
    assert set(tally) == {"taken"}


def test_suricata_alerts(problems: Problems) -> None:
    assert all_of("suricata.eve", "network/suricata-alerts-dev.tar.gz", "alerts-only.json", problems) == {"taken": 251}


@pytest.mark.parametrize("part", ["syslog3164/raw", "syslog5424/raw", "asa/raw"])
def test_syslog_of_devices(part: str, problems: Problems) -> None:
    assert set(all_of("syslog", "network/device-logs-raw-and-parsed.tar.gz", part, problems)) == {"taken"}


def test_syslog_of_a_host_under_attack(problems: Problems) -> None:
    assert set(all_of("syslog", "host/linux-and-flow-samples.tar.gz", "auth.log", problems)) == {"taken"}


def test_gzip_of_the_packs_is_what_python_reads() -> None:
    packed = gzip.compress(b"a" * 1_000_000) + gzip.compress(b"b")
    assert b"".join(text for text in gunzipped([packed]) if isinstance(text, bytes)) == b"a" * 1_000_000 + b"b"


def zipped(pack: str, part: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files inside the zips of a pack whose path holds `part`."""
    for _name, content in entries(pack, part):
        with zipfile.ZipFile(io.BytesIO(content)) as held:
            for inner in held.namelist():
                if not inner.startswith("__MACOSX"):
                    yield inner, held.read(inner)


def test_windows_recordings_of_attacks(problems: Problems) -> None:
    total = Counter[str]()
    for name, content in zipped("host/otrf-windows-attacks.tar", "atomic/windows/"):
        total += take("windows.event", name, content[: 1 << 20], problems)
    assert total["taken"] > 20_000
    assert sum(total.values()) - total["taken"] <= 62, total


def test_event_log_files_of_attacks(problems: Problems) -> None:
    total = Counter[str]()
    for name, content in entries("host/evtx-attack-samples.tar.xz", ".evtx"):
        pieces = list(unpacked(packing_of(content), [content]))
        assert not [piece for piece in pieces if not isinstance(piece, bytes)], name
        total += take("windows.event", name, b"".join(piece for piece in pieces if isinstance(piece, bytes)), problems)
    assert set(total) == {"taken"}
    assert total["taken"] > 7_000


def test_linux_audit_of_attacks_and_of_a_server(problems: Problems) -> None:
    total = all_of("auditd", "host/linux-and-flow-samples.tar.gz", "auditd_log.txt", problems)
    for name, content in zipped("host/otrf-windows-attacks.tar", "atomic/linux/"):
        total += take("auditd", name, content, problems)
    assert set(total) == {"taken"}
    assert total["taken"] > MOST


def test_github_audit_of_the_published_pairs(problems: Problems) -> None:
    tally = Counter[str]()
    for name, content in entries("normalisation/ocsf-pairs-dev.tar.gz", "Github Audit Logs/"):
        if name.endswith(".raw"):
            tally += take("github.audit", name, content, problems)
    assert tally == {"taken": 5}


def test_leef_of_devices(problems: Problems) -> None:
    assert all_of("leef", "network/device-logs-raw-and-parsed.tar.gz", "leef/raw", problems) == {"taken": 4}


@pytest.mark.parametrize(
    ("source", "log", "taken", "why"),
    [
        ("okta.system", "Okta.SystemLog", 8, {"not_this_source": 2}),
        ("vpc.flow", "AWS.VPCFlow", 0, {"bad_time": 6}),
    ],
)
def test_examples_of_other_rules(source: str, log: str, taken: int, why: dict[str, int], problems: Problems) -> None:
    tally = Counter[str]()
    for _name, content in entries("cloud/panther-rule-tests-dev-slice.tar.gz", "tests.jsonl"):
        for line in content.splitlines():
            told = orjson.loads(line)
            if log in told["log_types"]:
                parser = PARSERS[source]
                try:
                    native = parser.decode(orjson.dumps(told["event"]), "")
                    identity = parser.identify(native)
                except Rejection as refusal:
                    tally[refusal.reason] += 1
                    continue
                assert problems(parser.normalise(native, identity)) == []
                tally["taken"] += 1
    assert tally == {**({"taken": taken} if taken else {}), **why}
