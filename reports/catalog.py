"""Every report that ships: a finished document in, files out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from reports.assessment import build as assessment
from reports.assessment.oscal import assessment_results
from reports.assessment.poam import plan_of_action
from reports.audit import build as audit
from reports.data_security import build as data_security
from reports.drill import build as drill
from reports.incident import build as incident
from reports.mlps import build as mlps
from reports.posture import build as posture
from reports.scorecard import build as scorecard
from reports.shared.anchors import drop_loose
from reports.shared.custom import SHIPPED, Custom
from reports.shared.ledger import clean
from reports.shared.paper import pdf
from reports.shared.web import page
from reports.shared.word import word
from reports.spec import Appendix, Report
from yunshao.errors import WrongUse
from yunshao.text import LANGUAGES

FORMAT_VERSION = "yunshao-report/1"
FORMATS = ("html", "pdf", "docx", "json", "oscal")
Build = Callable[[Mapping[str, Any], str, Mapping[str, str]], Report]
# What writes a kind, and its chapter that holds the limits. A new kind is one line here: `reports.shared.outline`.
BUILDERS: dict[str, tuple[Build, str]] = {
    "assessment": (assessment.build, assessment.LIMITS_CHAPTER),
    "drill": (drill.build, drill.LIMITS_CHAPTER),
    "incident": (incident.build, incident.LIMITS_CHAPTER),
    **{
        one.OUTLINE.kind: (one.OUTLINE.build, one.OUTLINE.limits)
        for one in (posture, scorecard, audit, mlps, data_security)
    },
}


def build(
    kind: str,
    document: Mapping[str, Any],
    languages: Sequence[str],
    formats: Sequence[str],
    custom: Custom = SHIPPED,
) -> dict[str, bytes]:
    """The files of a report, such as `assessment.zh.pdf` and `assessment.json`; the same input gives the same bytes.

    `custom` are the site's texts, logo and templates. Raises WrongUse for a kind, language or format that is not there,
    BadContent for a template that does not work.
    """
    _check(kind, languages, formats)
    write, limits_chapter = BUILDERS[kind]
    document = clean(document)
    files: dict[str, bytes] = {}
    twins: dict[str, Any] = {}
    for language in dict.fromkeys(languages):
        report = write(document, language, custom.texts(kind, language))
        files |= {f"{kind}.{language}.table-{one.number}.csv": as_csv(one) for one in report.appendices}
        report = replace(report, appendices=())
        shaped = orjson.loads(orjson.dumps(report))
        drop_loose(shaped)
        twins[language] = shaped
        if "html" in formats:
            files[f"{kind}.{language}.html"] = page(report, shaped, custom)
        if "pdf" in formats:
            files[f"{kind}.{language}.pdf"] = pdf(report, shaped, limits_chapter, custom)
        if "docx" in formats:
            files[f"{kind}.{language}.docx"] = word(report, shaped, custom.logo)
    # The twin is in every bundle: figures are recomputed from it.
    files[f"{kind}.json"] = _twin(kind, document, twins)
    if "oscal" in formats:
        files[f"{kind}.oscal.json"] = assessment_results(document)
        files[f"{kind}.poam.json"] = plan_of_action(document)
    return files


def _check(kind: str, languages: Sequence[str], formats: Sequence[str]) -> None:
    if kind not in BUILDERS:
        raise WrongUse(f"no report of kind {kind!r}", f"one of {', '.join(BUILDERS)}")
    for language in languages:
        if language not in LANGUAGES:
            raise WrongUse(f"no reports in language {language!r}", f"one of {', '.join(LANGUAGES)}")
    for wanted in formats:
        if wanted not in FORMATS:
            raise WrongUse(f"no report format {wanted!r}", f"one of {', '.join(FORMATS)}")
    if "oscal" in formats and kind != "assessment":
        raise WrongUse(f"a {kind} has no OSCAL form", "OSCAL is for assessments; take json")
    if not languages or not formats:
        raise WrongUse("a report needs a language and a format", "for example zh and pdf")


def as_csv(one: Appendix) -> bytes:
    """A table as CSV for spreadsheets: UTF-8 with its mark, and nothing that begins like a formula is one."""
    kept = io.StringIO(newline="")
    writer = csv.writer(kept)
    for row in (one.columns, *one.rows):
        writer.writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} and cell != "-" else cell for cell in row])
    return ("\ufeff" + kept.getvalue()).encode("utf-8", "replace")


def _twin(kind: str, document: Mapping[str, Any], reports: Mapping[str, Any]) -> bytes:
    """The JSON twin: the document as it was, and what was printed in each language, without the drawings."""
    bare = {language: _without_drawings(shaped) for language, shaped in reports.items()}
    whole = {"format": FORMAT_VERSION, "kind": kind, "document": document, "reports": bare}
    return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"


def _without_drawings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_drawings(item) for key, item in value.items() if key != "svg"}
    if isinstance(value, list):
        return [_without_drawings(item) for item in value]
    return value
