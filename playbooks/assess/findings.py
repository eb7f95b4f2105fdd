"""Findings of scanners, in the shapes that they come in, as weaknesses: CVSS, EPSS and KEV.

Nothing in a finding is followed: no address is fetched, and every text is data.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from yunshao.errors import WrongUse
from yunshao.model.risk import clamp

MAX_BYTES = 64 << 20
MAX_FINDINGS = 100_000
MAX_TEXT = 2000
# How a base score becomes a severity of 1 to 5, and from which EPSS on a weakness counts as likely to be used.
SCORES = ((5, 9.0), (4, 7.0), (3, 4.0), (2, 0.1))
LIKELY = 0.5
LABELS = {"critical": 5, "high": 4, "medium": 3, "moderate": 3, "low": 2, "info": 1, "informational": 1, "none": 1}
SARIF_LEVELS = {"error": 4, "warning": 3, "note": 2, "none": 1}
OCSF_SEVERITY = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5}
EXPOSED, INSIDE = ("T1190",), ("T1210",)

Row = dict[str, Any]


def read_findings(data: bytes, system: str = "") -> tuple[list[Row], list[str]]:
    """Findings of OCSF 2002 to 2006, ASFF, SARIF 2.1.0 or plain JSON; and what could not be taken, each with its place.

    Raises WrongUse for a file that is no JSON or larger than may be. `system` is whose they are where they do not say.
    """
    if len(data) > MAX_BYTES:
        raise WrongUse(f"larger than {MAX_BYTES >> 20} MiB", "import it in parts")
    found: list[Row] = []
    refused: list[str] = []
    for place, row in enumerate(_rows(data), start=1):
        if len(found) >= MAX_FINDINGS:
            refused.append(f"{place}: more than {MAX_FINDINGS} findings in one file")
            break
        one = _finding(row, system)
        if isinstance(one, str):
            refused.append(f"{place}: {one}")
        else:
            found.append(one)
    return list({one["id"]: one for one in found}.values()), refused


def _rows(data: bytes) -> Iterable[Any]:
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError:
        rows = []
        for number, line in enumerate(filter(None, text.split(b"\n")), start=1):
            try:
                rows.append(orjson.loads(line))
            except orjson.JSONDecodeError:
                raise WrongUse(f"line {number} is not JSON", "JSON, NDJSON or SARIF") from None
        return rows
    if isinstance(tree, Mapping):
        if "runs" in tree:
            return _sarif(tree)
        if "finding_info" in tree or "ProductArn" in tree:
            return [tree]
        listed = next((tree[key] for key in ("Findings", "findings", "vulnerabilities") if key in tree), None)
        return listed if isinstance(listed, list) else [tree]
    return tree if isinstance(tree, list) else [tree]


def _sarif(tree: Mapping[str, Any]) -> list[Any]:
    rows = []
    for run in _list(tree.get("runs")):
        driver = _map(_map(_map(run).get("tool")).get("driver"))
        rules = {str(_map(rule).get("id")): _map(rule) for rule in _list(driver.get("rules"))}
        for result in _list(_map(run).get("results")):
            rule = rules.get(str(_map(result).get("ruleId")), {})
            rows.append({"__sarif": _map(result), "rule": rule, "tool": driver.get("name", "sarif")})
    return rows


def _finding(row: Any, system: str) -> Row | str:
    if not isinstance(row, Mapping):
        return "not an object"
    if "__sarif" in row:
        return _of_sarif(row, system)
    if "ProductArn" in row:
        return _of_asff(row, system)
    if "finding_info" in row:
        return _of_ocsf(row, system)
    return _of_plain(row, system)


def _of_sarif(row: Mapping[str, Any], system: str) -> Row:
    result, rule = row["__sarif"], row["rule"]
    score = _number(_map(rule.get("properties")).get("security-severity"))
    severity = severity_of(score) if score is not None else SARIF_LEVELS.get(str(result.get("level", "warning")), 3)
    place = _map(_map((_list(result.get("locations")) or [{}])[0]).get("physicalLocation"))
    resource = str(_map(place.get("artifactLocation")).get("uri", ""))
    closed = result.get("baselineState") == "absent" or bool(result.get("suppressions"))
    title = _text(_map(result.get("message")).get("text") or result.get("ruleId"))
    marks = _map(result.get("partialFingerprints"))
    key = "|".join(map(str, marks.values())) or f"{result.get('ruleId')}|{resource}|{title}"
    return _shaped(f"{row['tool']}|{key}", row["tool"], title, severity, system, resource, score, closed=closed)


def _of_asff(row: Mapping[str, Any], system: str) -> Row:
    label = str(_map(row.get("Severity")).get("Label", "")).lower()
    resource = str(_map((_list(row.get("Resources")) or [{}])[0]).get("Id", ""))
    vulnerability = _map((_list(row.get("Vulnerabilities")) or [{}])[0])
    score = (
        max((_number(_map(one).get("BaseScore")) or 0 for one in _list(vulnerability.get("Cvss"))), default=0) or None
    )
    closed = row.get("RecordState") == "ARCHIVED" or _map(row.get("Workflow")).get("Status") == "RESOLVED"
    passed = _map(row.get("Compliance")).get("Status") == "PASSED"
    severity = severity_of(score) if score else LABELS.get(label, 3)
    key = f"{row.get('ProductArn')}|{row.get('Id')}"
    title = _text(row.get("Title") or row.get("Id"))
    cve = str(vulnerability.get("Id", ""))
    return _shaped(key, "asff", title, severity, system, resource, score, cve=cve, closed=closed or passed)


def _of_ocsf(row: Mapping[str, Any], system: str) -> Row:
    info = _map(row.get("finding_info"))
    product = str(_map(_map(row.get("metadata")).get("product")).get("name", "ocsf"))
    resource = str(_map((_list(row.get("resources")) or [_map(row.get("resource"))])[0]).get("uid", ""))
    cve = _map(_map((_list(row.get("vulnerabilities")) or [{}])[0]).get("cve"))
    score = max((_number(_map(one).get("base_score")) or 0 for one in _list(cve.get("cvss"))), default=0) or None
    severity = severity_of(score) if score else OCSF_SEVERITY.get(_whole(row.get("severity_id")), 3)
    closed = _whole(row.get("status_id")) in {4, 5, 6}
    key = f"{product}|{info.get('uid')}"
    title = _text(info.get("title") or info.get("uid"))
    return _shaped(key, product, title, severity, system, resource, score, cve=str(cve.get("uid", "")), closed=closed)


def _of_plain(row: Mapping[str, Any], system: str) -> Row | str:
    cve = str(row.get("cve") or row.get("cveID") or "")
    title = _text(row.get("title") or row.get("name") or cve)
    vector = str(row.get("cvss_vector") or row.get("vector") or "")
    score = _number(row.get("cvss") if not isinstance(row.get("cvss"), str) else None)
    if vector:
        score = score_of(vector)
        if score is None:
            return f"no CVSS vector: {vector[:80]!r}"
    label = str(row.get("severity", "")).lower()
    if score is None and label not in LABELS and not title:
        return "neither a title, a severity nor a CVSS score"
    severity = severity_of(score) if score is not None else LABELS.get(label, 3)
    resource = str(row.get("resource", ""))
    key = str(row.get("id") or f"{cve}|{resource}|{title}")
    exposed = row.get("exposed") is True
    own = str(row.get("system") or system)
    closed = row.get("status") in {"closed", "resolved", "fixed"}
    return _shaped(
        f"plain|{key}", "plain", title, severity, own, resource, score, cve=cve, exposed=exposed, closed=closed
    )


def _shaped(
    key: str,
    product: str,
    title: str,
    severity: int,
    system: str,
    resource: str,
    score: float | None,
    *,
    cve: str = "",
    exposed: bool = False,
    closed: bool = False,
) -> Row:
    return {
        "id": f"f-{hashlib.sha256(f'{key}|{system}'.encode('utf-8', 'backslashreplace')).hexdigest()[:20]}",
        "product": product[:100],
        "title": title,
        "cve": cve[:40].upper(),
        "severity": severity,
        "cvss": score,
        "system": system[:200],
        "resource": resource[:500],
        "exposed": exposed,
        "open": not closed,
        "epss": None,
        "kev": False,
        "techniques": list(EXPOSED if exposed else INSIDE),
    }


def score_of(vector: str) -> float | None:
    """The base score of a CVSS 2, 3 or 4 vector; None for anything else."""
    try:
        if vector.startswith("CVSS:4"):
            return float(CVSS4(vector).base_score)
        if vector.startswith("CVSS:3"):
            return float(CVSS3(vector).base_score)
        return float(CVSS2(vector).base_score)
    except (CVSSError, ValueError, TypeError, KeyError):
        return None


def severity_of(score: float) -> int:
    """Severity 1 to 5 of a CVSS base score: 5 from 9, 4 from 7, 3 from 4, 2 above 0, else 1."""
    return next((level for level, least in SCORES if score >= least), 1)


def read_epss(text: str) -> dict[str, float]:
    """EPSS by CVE from the published CSV: `cve,epss,percentile`, comment lines before it. Raises WrongUse."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = csv.DictReader(io.StringIO("\n".join(lines)))
    if not {"cve", "epss"} <= set(rows.fieldnames or ()):
        raise WrongUse("not an EPSS file", "CSV with the columns cve and epss")
    try:
        return {row["cve"].upper(): float(row["epss"]) for row in rows}
    except (ValueError, TypeError, AttributeError):
        raise WrongUse("an EPSS row has no number", "CSV with the columns cve and epss") from None


def read_kev(data: bytes) -> frozenset[str]:
    """The CVEs of the published catalogue of known exploited vulnerabilities (JSON). Raises WrongUse."""
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise WrongUse("the catalogue of exploited vulnerabilities is not JSON", "") from None
    return frozenset(str(_map(one).get("cveID", "")).upper() for one in _list(_map(tree).get("vulnerabilities")))


def enriched(findings: Iterable[Row], epss: Mapping[str, float], kev: frozenset[str]) -> list[Row]:
    """The findings with what is known of their CVEs; what was known before and is in neither list stays."""
    return [
        {**one, "epss": epss.get(one["cve"], one["epss"]), "kev": one["cve"] in kev or one["kev"]} for one in findings
    ]


def weaknesses_of(findings: Iterable[Row]) -> list[Row]:
    """Open findings as weaknesses: one more where exposed, one more where known or likely to be used."""
    return [
        {
            "id": one["id"],
            "system": one["system"],
            "name": one["title"],
            "kind": "technical",
            "severity": clamp(one["severity"] + one["exposed"] + (one["kev"] or (one["epss"] or 0) >= LIKELY)),
            "exposed": one["exposed"],
            "techniques": one["techniques"],
            "basis": "finding",
            "cvss": one["cvss"],
            "epss": one["epss"],
            "kev": one["kev"],
            "cve": one["cve"],
            "alerts": [],
            "findings": [one["id"]],
        }
        for one in findings
        if one["open"]
    ]


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value or "")[:MAX_TEXT].encode("utf-8", "backslashreplace").decode()


def _number(value: Any) -> float | None:
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        return None
    return found if found is not None and 0 <= found <= 10 else None


def _whole(value: Any) -> int:
    return value if type(value) is int else 0
