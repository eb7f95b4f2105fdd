"""What was seen becomes proposals; what people say of them is what counts, and the machine's figure stays."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from playbooks.assess.findings import (
    enriched,
    read_epss,
    read_findings,
    read_kev,
    score_of,
    severity_of,
    weaknesses_of,
)
from playbooks.assess.proposals import decide, propose, settled, subject
from yunshao.errors import WrongUse

NAME = {"zh": "凭据攻击", "en": "Attack on credentials"}
THREAT: dict[str, Any] = {
    "id": "t", "name": NAME, "episodes": 14, "window_days": 90, "precision": 0.5, "per_year": 28.39,
    "baseline": 3, "frequency": 4, "basis": "measured", "alerts": ["a1"],
}  # fmt: skip
WEAK = {"id": "w", "name": NAME, "severity": 4, "basis": "alert", "exposed": True, "alerts": ["a2"]}
MEASURE = {"id": "m@s", "shared": "m", "name": NAME, "effectiveness": 0.45, "deployed": 1.0, "health": 0.9,
           "efficacy": 0.5, "tested": True, "drills": ["d1"]}  # fmt: skip
ASSET = {"id": "s", "name": NAME, "value": 2, "mlps_level": 3}


def proposals() -> dict[str, dict[str, Any]]:
    return {subject(one): one for one in propose([ASSET], [THREAT], [WEAK], [MEASURE, {**MEASURE, "id": "m@x"}])}


def decided(name: str, verdict: str, value: float | None = None) -> dict[str, dict[str, Any]]:
    change = decide(proposals()[name], verdict, "analyst", value, "seen on site")
    return {change.key: dict(change.body or {})}


def test_each_kind_is_proposed_once_with_words_inputs_and_evidence() -> None:
    found = proposals()
    assert set(found) == {"threat/t/frequency", "weakness/w/severity", "measure/m/effectiveness", "asset/s/value"}
    threat = found["threat/t/frequency"]
    assert (threat["before"], threat["proposed"], threat["evidence"]) == (3, 4, ["a1"])
    assert "14 episodes in 90 days" in threat["why"]["en"]
    assert found["measure/m/effectiveness"]["evidence"] == ["d1"]


def test_the_same_figures_are_the_same_proposal_and_others_are_not() -> None:
    assert proposals() == proposals()
    again = propose([], [{**THREAT, "episodes": 15}], [], [])[0]
    assert again["id"] != proposals()["threat/t/frequency"]["id"]


def test_what_nobody_decided_counts_as_the_machine_says() -> None:
    rows, overrides = settled("threat", [THREAT], proposals(), {})
    assert (rows[0]["frequency"], rows[0]["decision"], overrides) == (4, "open", [])


def test_an_assets_value_waits_for_a_person() -> None:
    assert settled("asset", [ASSET], proposals(), {})[0][0]["value"] == 2
    assert settled("asset", [ASSET], proposals(), decided("asset/s/value", "accept"))[0][0]["value"] == 3


def test_an_adjusted_figure_counts_and_the_machines_stays_visible() -> None:
    rows, overrides = settled("threat", [THREAT], proposals(), decided("threat/t/frequency", "adjust", 2))
    assert (rows[0]["frequency"], rows[0]["proposed"], rows[0]["basis"]) == (2, 4, "judged")
    assert (overrides[0]["from"], overrides[0]["to"], overrides[0]["reason"]) == (4, 2, "seen on site")


def test_a_declined_frequency_goes_back_and_a_declined_weakness_is_none() -> None:
    assert settled("threat", [THREAT], proposals(), decided("threat/t/frequency", "decline"))[0][0]["frequency"] == 3
    assert settled("weakness", [WEAK], proposals(), decided("weakness/w/severity", "decline"))[0] == []


def test_a_decision_on_a_shared_measure_holds_for_all_that_share_it() -> None:
    rows, overrides = settled(
        "measure", [MEASURE, {**MEASURE, "id": "m@x"}], proposals(), decided("measure/m/effectiveness", "adjust", 0.2)
    )
    assert [row["effectiveness"] for row in rows] == [0.2, 0.2]
    assert len(overrides) == 1


@pytest.mark.parametrize(
    ("verdict", "value", "reason"),
    [("adjust", 2, ""), ("adjust", None, "why"), ("adjust", 6, "why"), ("adjust", 2.5, "why"), ("decline", None, " "),
     ("accept", 3, ""), ("ponder", None, "why")],
)  # fmt: skip
def test_a_word_that_makes_no_sense_is_refused(verdict: str, value: float | None, reason: str) -> None:
    with pytest.raises(WrongUse):
        decide(proposals()["threat/t/frequency"], verdict, "me", value, reason)


OCSF = {
    "finding_info": {"uid": "1", "title": "Open port"}, "severity_id": 4, "status_id": 1,
    "metadata": {"product": {"name": "scan"}}, "resources": [{"uid": "i-1"}],
    "vulnerabilities": [{"cve": {"uid": "CVE-2024-0001", "cvss": [{"base_score": 9.8}]}}],
}  # fmt: skip
ASFF = {"ProductArn": "arn", "Id": "x", "Title": "Public bucket", "Severity": {"Label": "CRITICAL"},
        "RecordState": "ACTIVE", "Resources": [{"Id": "bucket"}]}  # fmt: skip
SARIF = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "lint", "rules": [
    {"id": "R1", "properties": {"security-severity": "7.5"}}]}},
    "results": [{"ruleId": "R1", "message": {"text": "bad"}},
                {"ruleId": "R2", "level": "note", "message": {"text": "hm"}}]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("tree", "severities"),
    [(OCSF, [5]), ([OCSF, ASFF], [5, 5]), (SARIF, [4, 2]), ({"Findings": [ASFF]}, [5]),
     ([{"title": "t", "severity": "high"}], [4]),
     ([{"cve": "CVE-2024-0001", "cvss_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], [5])],
)  # fmt: skip
def test_each_shape_becomes_findings(tree: Any, severities: list[int]) -> None:
    found, refused = read_findings(orjson.dumps(tree), "portal")
    assert [one["severity"] for one in found] == severities
    assert refused == []
    assert {one["system"] for one in found} == {"portal"}
    assert read_findings(orjson.dumps(tree), "portal")[0] == found


def test_ndjson_is_read_and_what_is_no_finding_is_named() -> None:
    found, refused = read_findings(
        b'{"title":"a","severity":"low"}\n[]\n{"x":1}\n{"cvss_vector":"CVSS:9/X","title":"b"}'
    )
    assert len(found) == 1
    assert [one.split(":")[0] for one in refused] == ["2", "3", "4"]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(WrongUse):
        read_findings(b"\x00\xff")


@pytest.mark.parametrize(
    ("vector", "score"),
    [("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8), ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
     ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3), ("CVSS:3.1/AV:N", None), ("", None)],
)  # fmt: skip
def test_vectors_have_the_score_of_their_version(vector: str, score: float | None) -> None:
    assert score_of(vector) == score


def test_scores_have_the_usual_bands() -> None:
    assert [severity_of(score) for score in (0, 0.1, 3.9, 4, 6.9, 7, 8.9, 9, 10)] == [1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_known_or_likely_use_and_exposure_raise_a_weakness() -> None:
    found, _ = read_findings(
        b'[{"title":"a","cve":"cve-2024-1","severity":"medium"},{"title":"b","cve":"CVE-2024-2","severity":"medium","exposed":true},{"title":"c","severity":"low","status":"closed"}]'
    )
    epss = read_epss("#model_version:v2025\ncve,epss,percentile\nCVE-2024-2,0.91,0.99\n")
    kev = read_kev(b'{"vulnerabilities":[{"cveID":"CVE-2024-1"}]}')
    rows = weaknesses_of(enriched(found, epss, kev))
    assert [(row["severity"], row["kev"], row["epss"]) for row in rows] == [(4, True, None), (5, False, 0.91)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2", "cve,epss\nCVE-1,much"])
def test_an_epss_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WrongUse):
        read_epss(text)


def test_a_weakness_is_explained_in_the_readers_words() -> None:
    scored = {**WEAK, "basis": "finding", "exposed": False, "cvss": 9.8, "epss": 0.97, "kev": True}
    found, plain = propose([], [], [scored], []), propose([], [], [WEAK], [])
    assert [one["why"]["zh"] for one in (*found, *plain)] == [
        "由导入的发现证明，CVSS 9.8，EPSS 0.97，KEV。", "由告警证明，可从外部到达。"
    ]  # fmt: skip
    assert plain[0]["why"]["en"] == "Shown by alerts, reached from outside."
