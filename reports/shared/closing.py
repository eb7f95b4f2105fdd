"""The parts that end and begin every report: cover facts, limits, sign-off, the evidence appendix."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from reports.shared.draft import Draft
from reports.shared.ledger import MAX_ALERTS, MAX_EVENTS
from reports.shared.plain import day, local, mapping, mappings, moment, row_title, visible, whole
from reports.shared.words import Words
from reports.spec import Block, Cell, Items, Paragraph, Report, SignOff, Sub, Table

MAX_PLACE = 90


def report_number(prefix: str, document: dict[str, Any], at: object) -> str:
    """The document's own number, or one made from its date and id, the same every time."""
    given = document.get("number")
    if given:
        return visible(given)
    found = local(at)
    digest = hashlib.sha256(visible(document.get("id", "")).encode("utf-8", "replace")).hexdigest()[:8].upper()
    return f"{prefix}-{found:%Y%m%d}-{digest}" if found else f"{prefix}-{digest}"


def generator(document: dict[str, Any]) -> str:
    """The program that made the document, with its version."""
    made = mapping(document, "generator")
    return " ".join(visible(part) for part in (made.get("name") or "Yunshao", made.get("version")) if part)


def finish(
    draft: Draft,
    *,
    kind: str,
    title: str,
    subtitle: str,
    number: str,
    at: object,
    period: str,
    cover: Sequence[tuple[str, str]],
) -> Report:
    """The finished report of a draft."""
    words, document = draft.words, dict(draft.document)
    mark = words.say(document.get("mark")) or words("shared.mark")
    version = visible(document.get("version") or "1.0")
    facts = (
        (words("shared.cover.number"), number),
        (words("shared.cover.version"), version),
        *cover,
        (words("shared.cover.generator"), generator(document)),
    )
    return Report(
        kind=kind,
        language=words.language,
        lang=words("shared.lang"),
        title=title,
        subtitle=subtitle,
        number=number,
        version=version,
        mark=mark,
        issuer=words.say(document.get("issuer") or document.get("city")),
        date=day(at, ""),
        as_of=whole(at),
        as_of_text=moment(at),
        period=period,
        generator=generator(document),
        cover=facts,
        chapters=tuple(draft.chapters),
        words=words.table_of("shared.frame."),
        figures=tuple(figures_of(draft)),
        appendices=tuple(draft.appendices),
    )


def figures_of(draft: Draft) -> Iterator[dict[str, Any]]:
    """Every figure with its numbers and recipe, for whoever recomputes it."""
    for basis in draft.ledger.bases:
        yield {
            "label": basis.label,
            "name": basis.name,
            "value": basis.value,
            "numbers": list(basis.numbers),
            "recipe": dict(basis.recipe or {}),
            "evidence": draft.ledger.ids(basis.evidence),
        }


def sign_off(draft: Draft) -> SignOff:
    """Prepared, reviewed, approved: posts, never names; empty lines for ink."""
    words = draft.words
    posts = mapping(draft.document, "sign_off")
    said = mapping(draft.document, "approval")
    approved = (
        words("shared.sign.approved_by", by=visible(said.get("by") or "—"), at=moment(said.get("at"))) if said else ""
    )
    rows = tuple(
        (
            words(f"shared.sign.{role}"),
            " ".join(
                part
                for part in (
                    words.say(posts.get(role)) or words(f"shared.sign.{role}_post"),
                    approved if role == "approved" else "",
                )
                if part
            ),
        )
        for role in ("prepared", "reviewed", "approved")
    )
    return SignOff(rows, words("shared.sign.sign"), words("shared.sign.date"), words("shared.sign.seal"))


def limits(draft: Draft, found: Sequence[str]) -> Items:
    """The document's own limits and those that were found while the report was written."""
    words = draft.words
    given = draft.document.get("limits")
    said = [words.say(item) for item in given] if isinstance(given, list | tuple) else []
    alerts, events = draft.ledger.totals
    if alerts > MAX_ALERTS:
        said.append(words("shared.cut_alerts", shown=MAX_ALERTS, n=alerts))
    if events > MAX_EVENTS:
        said.append(words("shared.cut_events", shown=MAX_EVENTS, n=events))
    said.extend(found)
    return Items(tuple(Cell(text) for text in said if text) or (Cell(words("shared.none")),))


def overrides(draft: Draft) -> Table:
    """Values that a person set by hand in place of computed ones."""
    words = draft.words
    rows = [
        (
            words.say(item.get("on") or item.get("field") or item.get("id")),
            words.say(item.get("from") if "from" in item else item.get("computed")),
            words.say(item.get("to") if "to" in item else item.get("value")),
            words.say(item.get("by") or item.get("post")),
            moment(item.get("at")),
            words.say(item.get("reason")),
        )
        for item in mappings(draft.document, "overrides")
    ]
    columns = draft.columns("shared.", ("on", 2), ("from", 1), ("to", 1), ("by", 1.5), ("when", 2), ("reason", 3))
    return draft.table("shared.overrides", columns, rows)


def evidence(draft: Draft) -> tuple[Block, ...]:
    """The appendix that every reference leads to: bases of figures, alerts, events, and the hashes of both."""
    words = draft.words
    alerts_hash, events_hash = draft.ledger.digest()
    total_alerts, total_events = draft.ledger.totals
    return (
        Sub(words("shared.bases_title")),
        Paragraph(words("shared.bases_lead")),
        basis_table(draft),
        Sub(words("shared.alerts_title", n=total_alerts)),
        alert_index(draft),
        Sub(words("shared.events_title", n=total_events)),
        event_index(draft),
        Sub(words("shared.hash_title")),
        Paragraph(words("shared.hash_lead")),
        draft.table(
            "shared.hashes",
            draft.columns("shared.", ("file", 1.6), ("n", 0.7, "center"), ("#sha256", 6)),
            (
                ("alerts", len(draft.ledger.alerts), alerts_hash),
                ("evidence_refs", len(draft.ledger.references), events_hash),
            ),
        ),
    )


def basis_table(draft: Draft) -> Table:
    """Every computed figure of the report: value, n, method, inputs, evidence."""
    rows = [
        (
            Cell(basis.label, anchor=basis.label),
            basis.name,
            basis.value,
            basis.n,
            basis.method,
            Cell(basis.inputs, refs=basis.evidence),
        )
        for basis in draft.ledger.bases
    ]
    columns = draft.columns(
        "shared.", ("ref", 0.7), ("name", 2), ("value", 1.6), ("n", 0.6, "center"), ("method", 3.3), ("inputs", 2.7)
    )
    ruleset = visible(draft.document.get("ruleset_version") or "—")
    note = draft.words(
        "shared.bases_note", as_of=moment(draft.document.get("as_of") or draft.document.get("ended")), ruleset=ruleset
    )
    return draft.table("shared.bases", columns, rows, note=note, dense=True)


def alert_index(draft: Draft) -> Table:
    """The alerts of the report, numbered."""
    words = draft.words
    rows = []
    for label, key, row in draft.ledger.printed_alerts():
        events, total = draft.ledger.event_labels(row.get("event_ids"))
        more = words("shared.in_all", n=total) if total > len(events) else ""
        title = row_title(row, words.language) or words("shared.not_included")
        rows.append(
            (
                Cell(label, anchor=label),
                moment(row.get("time")),
                Cell(f"{title}"),
                words.term("shared.alert_level", row.get("level")) or "—",
                _place(draft.words, row),
                Cell(key),
                Cell(more, refs=events),
            )
        )
    columns = draft.columns(
        "shared.",
        ("ref", 0.85),
        ("when", 1.55),
        ("alert", 2.1),
        ("level", 0.85),
        ("place", 2.55),
        ("#id", 2.2),
        ("events", 1.1),
    )
    return draft.table("shared.alerts", columns, rows, dense=True)


def _place(words: Words, row: dict[str, Any]) -> str:
    unit, entity = row.get("unit"), visible(row.get("entity") or "")
    text = " · ".join(part for part in (words.unit(unit) if unit else "", entity) if part)
    return (text if len(text) <= MAX_PLACE else f"{text[:MAX_PLACE]}…") or "—"


def event_index(draft: Draft) -> Table:
    """The events of the report, numbered: source, unique id and time find the native record again."""
    rows = [
        (Cell(label, anchor=label), moment(time), source, uid)
        for label, source, uid, time in draft.ledger.printed_events()
    ]
    columns = draft.columns("shared.", ("ref", 0.8), ("when", 2), ("source", 1.6), ("#uid", 4))
    return draft.table("shared.events", columns, rows, dense=True)
