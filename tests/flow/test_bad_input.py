"""Whatever comes in ends as an event or as a counted rejection; the source beside it goes on."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import orjson
import pytest
from flow.cli import yunshao
from flow.test_contract import EVENT

GOOD = orjson.dumps(EVENT)
DNS = {
    "timestamp": "2026-01-02T03:04:05.000000+0000",
    "event_type": "dns",
    "src_ip": "10.0.0.1",
    "dest_ip": "10.0.0.2",
    "proto": "UDP",
    "dns": {"type": "query", "rrname": "a.example", "rrtype": "A"},
}


def _with(**fields: object) -> bytes:
    return orjson.dumps({**EVENT, **fields})


# name: (bytes, events that must be taken, rejections that must be counted)
BAD = {
    "random_bytes": (random.Random(5).randbytes(20_000) + b"\n" + GOOD, 1, 1),
    "truncated_gzip": (gzip.compress(b"\n".join([GOOD] * 3 + [random.Random(1).randbytes(50_000)]))[:-20_000], None, 1),
    "a_line_of_50_megabytes": (b'{"a": "' + b"x" * 50_000_000 + b'"}\n' + GOOD, 1, 1),
    "nested_10000_deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n" + GOOD, 1, 1),
    "wrong_charset": (GOOD.replace(b"ops7", "云哨".encode("gb18030")) + b"\n" + GOOD, 2, 0),
    "duplicate_keys": (GOOD.replace(b"{", b'{"eventName":"First",', 1), 1, 0),
    "the_year_1970": (_with(eventTime="1970-01-01T00:00:00Z"), 1, 0),
    "a_far_future": (_with(eventTime="2199-01-01T00:00:00Z"), 1, 0),
    "numbers_beyond_64_bits": (
        GOOD.replace(b'"eventVersion"', b'"big":123456789012345678901234567890,"eventVersion"'),
        1,
        0,
    ),
    "not_a_number": (GOOD.replace(b'"eventVersion"', b'"nan":NaN,"eventVersion"') + b"\n" + GOOD, 2, 0),
    "nul_bytes": (b"\x00\x00\x00" + GOOD + b"\n\x00" + GOOD, 1, None),
    "no_identity": (b'{"hello": "world"}\n' + GOOD, 1, 1),
    "empty": (b"", 0, 0),
    "a_number": (b"7\n" + GOOD, 1, 1),
}


@pytest.mark.parametrize("name", BAD)
def test_normalise_takes_what_it_can_and_counts_the_rest(name: str, tmp_path: Path) -> None:
    raw, taken, refused = BAD[name]
    file, rejects = tmp_path / ("trail.json.gz" if "gzip" in name else "trail.json"), tmp_path / "rejects.ndjson"
    file.write_bytes(raw)
    done = yunshao("normalise", "--source", "aws.cloudtrail", "--rejects", rejects, file)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert taken is None or len(done.rows) >= taken
    left = [orjson.loads(line) for line in rejects.read_bytes().splitlines()] if rejects.exists() else []
    assert refused is None or bool(left) == bool(refused)
    assert all(row["reason"] for row in left)


def test_a_bad_source_leaves_the_one_beside_it_alone(tmp_path: Path) -> None:
    place = tmp_path / "city"
    assert yunshao("init", place).code == 0
    for name, (raw, _, _) in BAD.items():
        (place / "logs" / "aws.cloudtrail" / f"{name}.json{'.gz' if 'gzip' in name else ''}").write_bytes(raw)
    lines = [orjson.dumps({**DNS, "src_ip": f"10.0.0.{number}"}) for number in (1, 3)]
    (place / "logs" / "suricata.eve" / "eve.json").write_bytes(b"\n".join(lines) + b"\n")
    done = yunshao("up", "--drain", "-w", place)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    (count,) = yunshao(
        "hunt", "SELECT count(*) AS n FROM events WHERE source = 'suricata.eve'", "-w", place, "--format", "ndjson"
    ).rows
    assert count["n"] == 2
    found = {row["what"]: row for row in yunshao("doctor", "-w", place, "--format", "ndjson").rows}
    assert "0 rejected" not in found["source aws.cloudtrail"]["found"]
    assert "0 rejected" in found["source suricata.eve"]["found"]


@pytest.mark.parametrize("what", ["absent", "a_folder_that_is_empty", "unreadable"])
def test_a_path_that_gives_nothing_is_one_clear_line(what: str, tmp_path: Path) -> None:
    path = tmp_path / what
    if what == "a_folder_that_is_empty":
        path.mkdir()
    elif what == "unreadable":
        path.symlink_to(path)
    done = yunshao("detect", "--source", "aws.cloudtrail", path)
    assert done.code in {0, 2, 3}
    assert len(done.err.strip().splitlines()) <= 2
    assert "Traceback" not in done.err
